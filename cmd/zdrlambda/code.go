package main

import (
	"context"
	"errors"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/trigger"
)

// codes are the words for errors that have none of their own.
var codes = []struct {
	class error
	code  string
}{
	{trigger.ErrPoison, "message_refused"},
	{trigger.ErrNoIdentifier, "message_without_id"},
	{context.DeadlineExceeded, "timeout"},
	{context.Canceled, "timeout"},
	{config.ErrNoFile, "config_not_found"},
	{bucket.ErrNotFound, "object_not_found"},
	{bucket.ErrNoBucket, "bucket_not_found"},
	{bucket.ErrDenied, "access_denied"},
	{bucket.ErrCredentials, "credentials_missing"},
	{bucket.ErrThrottled, "store_unavailable"},
	{bucket.ErrUnavailable, "store_unavailable"},
}

// codeOf is what may be said of an error: never its text.
func codeOf(err error) string {
	if f, ok := errors.AsType[*worker.Fault](err); ok && f.Code != worker.CodeInternal {
		return string(f.Code)
	}
	for _, c := range codes {
		if errors.Is(err, c.class) {
			return c.code
		}
	}
	if c, ok := errors.AsType[interface {
		error
		Code() string
	}](err); ok {
		return c.Code()
	}
	return "internal"
}

// whereOf is the place of a mistake in the configuration, or what differs from
// a route's revision, which say no document's name; "" for other errors.
func whereOf(err error) string {
	if all, ok := errors.AsType[config.Errors](err); ok {
		return all.Error()
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*config.SchemaError](err); ok {
		return e.Where
	}
	if e, ok := errors.AsType[*config.Missing](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*worker.Fault](err); ok {
		return e.Hint
	}
	return ""
}
