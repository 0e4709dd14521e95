package main

import (
	"bytes"
	"context"
	"io"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// storeOf opens the store bucket that a script works with.
func storeOf(ts *testscript.TestScript) *s3store.Store {
	var environ []string
	for _, name := range []string{
		"ZDRWORKER_STORE", "ZDRWORKER_EXCHANGE", "ZDRWORKER_S3_PATH_STYLE", "AWS_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	} {
		environ = append(environ, name+"="+ts.Getenv(name))
	}
	store, err := openStore(context.Background(), environ)
	ts.Check(err)
	return store
}

// unparse is the script command `unparse`: it removes all parse results, as a
// lifecycle rule would.
func unparse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: unparse")
	}
	store, n := storeOf(ts), 0
	for o, err := range store.List(context.Background(), bucket.Page{Prefix: "zdr/parsed/"}) {
		ts.Check(err)
		ts.Check(store.Remove(context.Background(), o.Key))
		n++
	}
	if n == 0 {
		ts.Fatalf("there is no parse result")
	}
}

// isNowhere is the script command `nowhere TEXT`: no object of the store bucket
// has it.
func isNowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nowhere TEXT")
	}
	store, n := storeOf(ts), 0
	for o, err := range store.List(context.Background(), bucket.Page{}) {
		ts.Check(err)
		obj, err := store.Get(context.Background(), o.Key, bucket.GetOptions{})
		ts.Check(err)
		body, err := io.ReadAll(obj.Body)
		ts.Check(err)
		ts.Check(obj.Body.Close())
		if bytes.Contains(body, []byte(args[0])) {
			ts.Fatalf("it is in an object of %d bytes", len(body))
		}
		n++
	}
	if n == 0 {
		ts.Fatalf("the bucket is empty")
	}
}
