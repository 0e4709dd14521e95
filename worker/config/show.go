package config

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Entry is one key with its value in force. No value is a secret: secrets are
// no keys.
type Entry struct {
	Key    string   `json:"key"`
	Value  []string `json:"value"`
	Origin string   `json:"origin"`
}

// Entries lists every key outside routes with its value in force.
func (c *Config) Entries() []Entry {
	var all []Entry
	for _, k := range fileKeys {
		all = append(all, Entry{Key: k.Path, Value: k.text(c), Origin: c.Origin(k.Path).String()})
	}
	return all
}

// Write writes the configuration in force as a file that Load reads back. With
// origin each line says where its value came from.
func (c *Config) Write(w io.Writer, origin bool) error {
	out := &writer{w: w}
	for _, k := range fileKeys {
		comment := ""
		if origin {
			comment = c.Origin(k.Path).String()
		}
		out.key(k, c, strings.Split(k.Path, "."), comment)
	}
	if len(c.Routes) > 0 {
		out.line("routes:", "")
	}
	for i := range c.Routes {
		out.section, out.item = nil, true
		for _, k := range routeKeys {
			path := strings.Split(strings.TrimPrefix(k.Path, "routes[]."), ".")
			out.key(k, &c.Routes[i], path, "")
		}
	}
	if len(c.Sources) > 0 {
		out.line("sources:", "")
	}
	for i := range c.Sources {
		out.section, out.item = nil, true
		for _, k := range feedKeys {
			if text := strings.Join(k.text(&c.Sources[i]), ""); text != "0s" && text != "false" {
				out.key(k, &c.Sources[i], strings.Split(strings.TrimPrefix(k.Path, "sources[]."), "."), "")
			}
		}
	}
	return out.err
}

// writer writes keys as nested YAML.
type writer struct {
	w       io.Writer
	section []string // of the last line
	item    bool     // the next line begins an entry of a list
	err     error
}

// key writes one key, and its section before it where that is a new one. Keys
// without a value are left out: an empty one would be read as a value.
func (o *writer) key(k Key, target any, path []string, comment string) {
	values := k.text(target)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return
	}
	sections := path[:len(path)-1]
	for i, s := range sections {
		if i >= len(o.section) || o.section[i] != s {
			o.line(o.indent(k, i)+s+":", "")
			o.section = append(append([]string{}, sections[:i]...), s)
		}
	}
	o.section = o.section[:len(sections)]
	text := quote(values[0])
	if k.List() {
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = quote(v)
		}
		text = "[" + strings.Join(quoted, ", ") + "]"
	}
	o.line(o.indent(k, len(sections))+path[len(path)-1]+": "+text, comment)
}

// indent gives what stands before a line.
func (o *writer) indent(k Key, depth int) string {
	s := strings.Repeat("  ", depth)
	switch {
	case !k.entry():
		return s
	case o.item:
		o.item = false
		return "  - " + s
	}
	return "    " + s
}

func (o *writer) line(s, comment string) {
	if comment != "" {
		s = fmt.Sprintf("%-50s # %s", s, comment)
	}
	if o.err == nil {
		_, o.err = fmt.Fprintln(o.w, s)
	}
}

// bare is what YAML reads as the same text without quotes; the table knows
// whether a number is meant.
var bare = regexp.MustCompile(`^[A-Za-z0-9/][A-Za-z0-9_./:@-]*$`)

// quote writes a value so that reading gives the same text, with no variable
// put in.
func quote(s string) string {
	if bare.MatchString(s) && !strings.EqualFold(s, "null") && !strings.HasSuffix(s, ":") {
		return s
	}
	return strconv.Quote(strings.ReplaceAll(s, "${", "$${"))
}
