package main

import (
	"bytes"
	"compress/flate"
	"context"
	"io"
)

// maxKept bounds what is kept of a list from standard input, packed: some ten
// million keys.
const maxKept = 256 << 20

// kept hands a list on and keeps what was read of it, so that it can be read
// again: standard input comes once. It is packed and in memory, because its lines
// are names of documents, which belong in no file of this machine.
type kept struct {
	from io.Reader
	pack *flate.Writer
	all  bytes.Buffer
}

func newKept(from io.Reader) *kept {
	k := &kept{from: from}
	k.pack, _ = flate.NewWriter(&k.all, flate.BestSpeed) // the level is one that there is
	return k
}

// Read reads the list for the first time.
func (k *kept) Read(b []byte) (int, error) {
	n, err := k.from.Read(b)
	if _, failed := k.pack.Write(b[:n]); failed != nil {
		return n, failed
	}
	if k.all.Len() > maxKept {
		return n, &failure{
			code: codeFile, text: "the list on standard input is too long to be read twice",
			hint: "give it as a file or as an object, or --yes or --max-credits, so that it needs no estimate",
		}
	}
	return n, err
}

// rewound is the list from its start: what was read of it, and then the rest.
func (k *kept) rewound() (io.Reader, error) {
	if err := k.pack.Close(); err != nil {
		return nil, err
	}
	return io.MultiReader(flate.NewReader(&k.all), k.from), nil
}

// keep makes it possible to read standard input again.
func (l *objectList) keep(from string) {
	if from == stdinName {
		l.again = newKept(l.body)
		l.body = l.again
	}
}

// rewind has the list read from its start again.
func (r *runner) rewind(ctx context.Context) (err error) {
	switch {
	case r.list == nil:
		return nil
	case r.list.again != nil:
		r.list.body, err = r.list.again.rewound()
		return err
	}
	shut := r.closeList
	r.closeList = nil
	if err := shut(); err != nil {
		return err
	}
	list, _, closer, err := r.listFrom(ctx, r.o.from, r.a.stdin)
	if r.closeList = closer; err != nil {
		return err
	}
	if r.list = list; list == nil {
		return &failure{code: codeFile, text: "the list of --files-from became another one while it was read"}
	}
	return nil
}
