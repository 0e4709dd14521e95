// Package config reads zdrworker's configuration: one YAML file, in which
// every key is also a variable and a flag. A flag goes before a variable of
// ours, that before the file, the file before a variable of AWS's or the
// provider's that means the same, and that before the default. Where a value
// came from is kept.
//
// The table in keys.go is the only list of keys: reading, checking, showing,
// the JSON Schema for editors and the flags all follow it. A key that is not in
// it is an error with line, column and the nearest known key. Errors never
// quote a value.
//
// What a configuration means for the other packages is in build.go.
package config
