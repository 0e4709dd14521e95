package config

import "strings"

// Key is one line of the table: a setting with all its names.
type Key struct {
	Path    string   // "signing.reader.credentials"
	Doc     string   // one sentence, for help, schema and show
	Default string   // as it would be written
	Values  []string // the closed set, when there is one
	// Others are variables of AWS or the provider that mean the same. The file
	// goes before them.
	Others   []string
	FileOnly bool // neither variable nor flag
	Required bool // of a route

	field func(any) any       // pointer to the value in *Config or *Route
	check func(string) string // what is wrong with a value, "" when nothing is
}

// Variable is the key's own variable: ZDRWORKER_ and the path.
func (k Key) Variable() string {
	return "ZDRWORKER_" + strings.ToUpper(strings.ReplaceAll(k.Path, ".", "_"))
}

// Flag is the key's flag, without the dashes.
func (k Key) Flag() string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(k.Path)
}

// Bool says whether the flag may stand without a value.
func (k Key) Bool() bool {
	_, ok := k.field(k.owner()).(*bool)
	return ok
}

// List says whether the value is a list: "a,b" as variable or flag.
func (k Key) List() bool {
	_, ok := k.field(k.owner()).(*[]string)
	return ok
}

// owner makes an empty value that the key's field lies in.
func (k Key) owner() any {
	if k.route() {
		return &Route{}
	}
	if k.entry() {
		return &Feed{}
	}
	return &Config{}
}

// entry says whether k is a key of an entry of a list: of routes or sources.
func (k Key) entry() bool { return strings.Contains(k.Path, "[].") }

// route says whether k is a key of one route.
func (k Key) route() bool { return strings.HasPrefix(k.Path, "routes[].") }

// Keys lists every key that is also a variable and a flag, in file order.
func Keys() []Key {
	var keys []Key
	for _, k := range fileKeys {
		if !k.FileOnly {
			keys = append(keys, k)
		}
	}
	return keys
}

func ofConfig(f func(*Config) any) func(any) any { return func(v any) any { return f(v.(*Config)) } }
func ofRoute(f func(*Route) any) func(any) any   { return func(v any) any { return f(v.(*Route)) } }
