package presign

import (
	"fmt"
	"io"
	"log/slog"
)

// What holds credentials, a bucket's name or an endpoint prints as a constant
// as well. Unlike a URL, a Config that sits in somebody's unexported field is
// printed by fmt as it is: hand it to New and do not keep it.

const (
	redactedIdentity = "[presign.Identity redacted]"
	redactedConfig   = "[presign.Config redacted]"
	redactedSigner   = "[presign.Signer redacted]"
)

// Format writes a constant for every verb.
func (Identity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedIdentity) }

// LogValue gives the constant to slog.
func (Identity) LogValue() slog.Value { return slog.StringValue(redactedIdentity) }

// MarshalText gives the constant to encoding/json.
func (Identity) MarshalText() ([]byte, error) { return []byte(redactedIdentity), nil }

// Format writes a constant for every verb.
func (Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedConfig) }

// LogValue gives slog what names nothing.
func (c Config) LogValue() slog.Value {
	c = c.withDefaults()
	limits := c.Lifetime.withDefaults()
	return slog.GroupValue(
		slog.String("region", c.Region),
		slog.Bool("path_style", c.PathStyle),
		slog.Duration("asked", limits.Asked),
		slog.Duration("policy", limits.Policy),
	)
}

// MarshalText gives the constant to encoding/json.
func (Config) MarshalText() ([]byte, error) { return []byte(redactedConfig), nil }

// Format writes a constant for every verb.
func (*Signer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedSigner) }

// LogValue gives slog what names nothing.
func (s *Signer) LogValue() slog.Value { return s.config.LogValue() }
