package config

import "fmt"

// Source is a kind of place that a value can come from.
type Source string

const (
	FromDefault  Source = "default"
	FromFile     Source = "file"
	FromVariable Source = "variable"
	FromFlag     Source = "flag"
)

// Origin is where a value came from.
type Origin struct {
	Source Source
	Name   string // the variable, the flag or the file
	Line   int    // of a file
	Column int
}

// String gives what `config show --origin` prints.
func (o Origin) String() string {
	if where := o.where(); where != "" {
		return where
	}
	return string(FromDefault)
}

// where is the place in an error, "" for a default.
func (o Origin) where() string {
	switch o.Source {
	case FromFile:
		return fmt.Sprintf("%s:%d:%d", o.Name, o.Line, o.Column)
	case FromVariable:
		return "variable " + o.Name
	case FromFlag:
		return "flag --" + o.Name
	}
	return ""
}

// Origin says where the value of a key came from.
func (c *Config) Origin(path string) Origin {
	if o, ok := c.origins[path]; ok {
		return o
	}
	return Origin{Source: FromDefault}
}
