package config

import _ "embed"

// Example is a commented file that uses every key; `zdrworker init` writes it.
//
//go:embed example.yaml
var Example []byte
