package config

import (
	"context"
	"errors"
	"strings"
)

// InlineName is what errors call a configuration that is a variable's value.
const InlineName = "ZDRWORKER_CONFIG"

// Find is Load for places without a disk of their own: o.File may also be
// s3://bucket/key, or the configuration itself, which has more than one line or
// begins with a brace. The bucket is reached as the variables say, since the
// file is not read yet. Schemas of a configuration in a bucket are looked for
// beside it there.
func Find(ctx context.Context, o Options) (*Config, error) {
	switch {
	case strings.HasPrefix(o.File, "s3://"):
		return fetched(ctx, o)
	case strings.ContainsAny(o.File, "\n{"):
		o.Data, o.File = []byte(o.File), InlineName
	}
	return Load(o)
}

// fetched reads the configuration from its bucket. What the variables say of
// provider and policy is not asked: they may be in the file.
func fetched(ctx context.Context, o Options) (*Config, error) {
	alone, err := Load(Options{NoFile: true, Lookup: o.Lookup, Flags: o.Flags})
	if err != nil {
		return nil, err
	}
	alone.Policy.Residency = "any"
	data, err := alone.Fetch(ctx, o.File)
	if err != nil {
		return nil, errors.Join(&Error{
			Where: InlineName, Text: "the configuration cannot be read from its bucket",
			Hint: "s3:GetObject on it is needed, and the region, where the bucket is elsewhere",
		}, err)
	}
	o.Data = data
	return Load(o)
}
