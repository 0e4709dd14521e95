package worker

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"
)

// wording is what most records have in common, for those that are kept packed.
var wording = []byte(`{"format":1,"seq":2,"nonce":"","ref":"","gen":1,"state":"submitted","step":"extract",` +
	`"source":{"bucket":"","key":"","version":"","etag":"","size":,"modified":"` +
	`"},"route":{"name":"","revision":1,"schema":"sha256:","model":"","strict":true,"result":"results/","failure":"failures/` +
	`"},"attempts":[{"n":1,"gen":1,"token":"","ext":"","signed_at":"","expires_s":,"post_deadline":"","intended_at":"",` +
	`"clock":{"least_ms":,"most_ms":},"tries":1,"provider_job":"","reserved":,"budgets":[""]}],` +
	`"waiting_for":"result","backfill":true,"claimed_at":"","updated_at":"","history":[{"at":"","event":"claim","state":"claimed"},` +
	`{"at":"","event":"begin","state":"claimed","attempt":1},{"at":"","event":"intend","state":"submitting","attempt":1},` +
	`{"at":"","event":"accept","state":"submitted","attempt":1}]}`)

// packers are dear and few, unpackers as well: they go when nothing is packed
// for a while.
var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriterDict(io.Discard, flate.BestSpeed, wording)
	if err != nil {
		panic(err) // the level is known
	}
	return w
}}

// pack makes the text of a record about half as long.
func pack(text []byte) []byte {
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	_, _ = w.Write(text) // into memory
	_ = w.Close()
	return bytes.Clone(b.Bytes())
}

var unpackers = sync.Pool{New: func() any { return flate.NewReaderDict(bytes.NewReader(nil), wording) }}

// unpack is the inverse of pack.
func unpack(b []byte) ([]byte, error) {
	r := unpackers.Get().(io.ReadCloser)
	defer unpackers.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(b), wording); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxRecord))
}
