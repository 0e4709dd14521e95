package s3store

import (
	"context"
	"net/http/httptrace"
)

// untraced is a context without the caller's httptrace: instrumentation writes
// down the headers that it sees, a session's token and the name of a copy's
// source among them. All other values stay, so that spans find their parents.
type untraced struct{ context.Context }

func (u untraced) Value(key any) any {
	if key == traceKey {
		return nil
	}
	return u.Context.Value(key)
}

// traceKey is under what httptrace keeps its trace.
var traceKey = func() (key any) {
	httptrace.ContextClientTrace(asked{context.Background(), &key})
	return key
}()

// asked notes the key that it is asked for.
type asked struct {
	context.Context
	key *any
}

func (a asked) Value(key any) any {
	*a.key = key
	return nil
}
