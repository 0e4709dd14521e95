package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// maxSchema is the largest schema file that is read, in bytes.
const maxSchema = 1 << 20

// Fetch reads a schema from s3://bucket/key.
type Fetch func(ctx context.Context, location string) ([]byte, error)

// errNoFetch stands for a bucket that the command does not ask.
var errNoFetch = errors.New("a schema in a bucket, and this command asks no bucket")

// SchemaFile is a schema as it was read: what would be sent, and what the
// provider makes of it.
type SchemaFile struct {
	Schema   zdr.Schema // without what the provider drops
	Findings []ade.Finding
}

// SchemaError is a schema that cannot be read or used. It names the file only
// where a configuration or a person named it.
type SchemaError struct {
	Where string // "schema", or the route's place in the configuration
	Read  bool   // the file was read; what it says is the mistake
	cause error
}

// Error gives one line, without the names of the packages that found it.
func (e *SchemaError) Error() string {
	text := e.cause.Error()
	for _, prefix := range []string{"ade: ", "check schema: ", "zdr: ", "schema: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return e.Where + ": " + text
}

// Unwrap gives the cause.
func (e *SchemaError) Unwrap() error { return e.cause }

// Code is the stable code of this class of error.
func (e *SchemaError) Code() string {
	if !e.Read {
		return "file_unusable"
	}
	return "schema_invalid"
}

// byteOrderMark is what editors of Windows put before UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// ReadSchema reads and checks a schema from a file or from s3://bucket/key.
func ReadSchema(ctx context.Context, location string, fetch Fetch) (SchemaFile, error) {
	raw, err := readSchema(ctx, location, fetch)
	if err != nil {
		return SchemaFile{}, &SchemaError{"schema", false, err}
	}
	s, findings, err := ade.CheckSchema(bytes.TrimPrefix(raw, byteOrderMark))
	if err != nil {
		return SchemaFile{}, &SchemaError{"schema", true, err}
	}
	return SchemaFile{s, findings}, nil
}

func readSchema(ctx context.Context, location string, fetch Fetch) ([]byte, error) {
	if strings.HasPrefix(location, "s3://") {
		if fetch == nil {
			return nil, errNoFetch
		}
		return fetch(ctx, location)
	}
	f, err := os.Open(location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case err != nil:
		return nil, errors.New("the file cannot be opened")
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxSchema+1))
	switch {
	case err != nil:
		return nil, errors.New("the file cannot be read")
	case len(raw) > maxSchema:
		return nil, fmt.Errorf("the file is larger than %d bytes", maxSchema)
	}
	return raw, nil
}

// BuildRoutes reads every route's schema and gives the routes of a worker. With
// a nil fetch a schema in a bucket is an error.
func (c *Config) BuildRoutes(ctx context.Context, fetch Fetch) (worker.Routes, error) {
	var routes worker.Routes
	for _, r := range c.Routes {
		schema, err := ReadSchema(ctx, c.schemaPath(r), fetch)
		if e, ok := errors.AsType[*SchemaError](err); ok {
			return nil, &SchemaError{c.where(r), e.Read, e.cause}
		}
		route := r.With(schema.Schema)
		if route.Parse, err = c.parseOptions(r); err != nil {
			return nil, err
		}
		routes = append(routes, route)
		// With those before it, so that the line is that of the route that is wrong.
		if err := routes.Validate(); err != nil {
			return nil, &Error{Where: c.where(r), Text: err.Error()}
		}
	}
	return routes, nil
}

// schemaPath is where a route's schema lies.
func (c *Config) schemaPath(r Route) string {
	if strings.HasPrefix(r.Schema, "s3://") {
		return r.Schema
	}
	return c.Beside(r.Schema)
}

// where names a route's place in the file.
func (c *Config) where(r Route) string {
	return fmt.Sprintf("%s:%d:%d: route", c.File, r.line, r.column)
}

// With gives the worker's route for a schema that was read.
func (r Route) With(schema zdr.Schema) worker.Route {
	return worker.Route{
		Name:     r.Name,
		Prefix:   r.Prefix,
		Suffixes: r.Suffix,
		Schema:   schema,
		Revision: r.Revision,
		Model:    r.Model,
		Strict:   r.Strict,
		OnChange: worker.OnChange(r.OnChange),
		Partial:  worker.Partial(r.Partial),
	}
}

// Unapproved gives the names of the routes whose schema may not be sent, with
// the location of each.
func (c *Config) Unapproved(routes worker.Routes) (names, locations []string) {
	for i, r := range routes {
		if !slices.Contains(c.Policy.Schemas, r.Schema.Digest()) {
			names = append(names, r.Name)
			locations = append(locations, c.schemaPath(c.Routes[i]))
		}
	}
	return names, locations
}
