package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
)

// DefaultFile is read when no file is named and it exists.
const DefaultFile = "zdrworker.yaml"

// Options says where a configuration comes from.
type Options struct {
	// File is the file's path. Default: DefaultFile if it exists, else none.
	File string
	// Data is what File holds, where it is no file of this machine. Default: File
	// is read.
	Data []byte
	// NoFile reads none, whatever lies in the folder.
	NoFile bool
	// Lookup reads a variable. Default: os.LookupEnv.
	Lookup func(string) (string, bool)
	// Flags holds the flags that were given, by Key.Path. Default: none.
	Flags map[string]string
}

// Load reads, fills in and checks a configuration. Its errors are ErrNoFile, an
// error of the file system, or Errors. With Errors the Config is there too, as
// far as it could be read.
func Load(o Options) (*Config, error) {
	if o.Lookup == nil {
		o.Lookup = os.LookupEnv
	}
	c := &Config{origins: map[string]Origin{}, lookup: o.Lookup}
	for _, k := range fileKeys {
		if k.Default != "" {
			k.set(c, k.split(k.Default)...)
		}
	}
	c.Version = 1
	c.others(o.Lookup)
	errs, err := c.readFile(o)
	if err != nil {
		return nil, err
	}
	errs = append(errs, c.overlay(o)...)
	c.fillRoutes()
	if len(errs) == 0 {
		errs = c.validate()
	}
	if len(errs) > 0 {
		return c, Errors(errs)
	}
	return c, nil
}

// others takes the variables that mean the same to AWS or the provider.
func (c *Config) others(lookup func(string) (string, bool)) {
	for _, k := range fileKeys {
		for _, name := range k.Others {
			if v, ok := lookup(name); ok && v != "" && k.set(c, v) == "" {
				c.origins[k.Path] = Origin{Source: FromVariable, Name: name}
				break
			}
		}
	}
}

// readFile reads the file that was named, or the default one if it is there.
func (c *Config) readFile(o Options) ([]*Error, error) {
	if o.NoFile {
		return nil, nil
	}
	path := o.File
	if path == "" {
		path = DefaultFile
	}
	data, err := o.Data, error(nil)
	if data == nil {
		data, err = os.ReadFile(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.File == "":
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNoFile
	case err != nil:
		return nil, err
	}
	c.File = path
	r := &reader{file: path, lookup: o.Lookup, config: c}
	r.read(bytes.TrimPrefix(data, byteOrderMark))
	return r.errs, nil
}

// overlay puts our own variables over the file, and flags over those. An empty
// variable counts as not set.
func (c *Config) overlay(o Options) []*Error {
	var errs []*Error
	put := func(k Key, value string, from Origin) {
		if text := k.set(c, k.split(value)...); text != "" {
			errs = append(errs, &Error{Where: from.where(), Text: text})
			return
		}
		c.origins[k.Path] = from
	}
	for _, k := range Keys() {
		if v, ok := o.Lookup(k.Variable()); ok && v != "" {
			put(k, v, Origin{Source: FromVariable, Name: k.Variable()})
		}
		if v, ok := o.Flags[k.Path]; ok {
			put(k, v, Origin{Source: FromFlag, Name: k.Flag()})
		}
	}
	return errs
}

// fillRoutes gives routes what they leave to the defaults.
func (c *Config) fillRoutes() {
	for i := range c.Routes {
		r := &c.Routes[i]
		r.Model = either(r.Model, c.Defaults.Model)
		r.OnChange = either(r.OnChange, c.Defaults.OnChange)
		r.Partial = either(r.Partial, c.Defaults.Partial)
		if r.Revision == 0 {
			r.Revision = 1
		}
		if len(r.Suffix) == 0 {
			r.Suffix = []string{".md"}
		}
	}
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
