package config

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// Fetch reads s3://bucket/key: a schema, or a configuration. Of something
// larger than either may be it reads a byte too much, which the reader refuses.
func (c *Config) Fetch(ctx context.Context, location string) ([]byte, error) {
	cfg, err := c.AWS(ctx)
	if err != nil {
		return nil, err
	}
	name, key, ok := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	if !ok || key == "" {
		return nil, errors.New("s3://bucket/key is wanted")
	}
	store, err := s3store.OpenWith(ctx, cfg, "s3://"+name, c.StoreOptions())
	if err != nil {
		return nil, err
	}
	obj, err := store.Get(ctx, key, bucket.GetOptions{})
	if err != nil {
		return nil, err
	}
	defer obj.Body.Close()
	return io.ReadAll(io.LimitReader(obj.Body, max(maxSchema, maxFile)+1))
}
