package pdf

import (
	"errors"
	"io"
)

const (
	blockSize = 64 << 10
	// blockCount is how many blocks are held: the library goes to and fro
	// between a table, an object and what that leads to.
	blockCount = 8
)

// blocks reads in large pieces and holds the last ones. Behind it there may be
// a bucket, where each read is a request.
type blocks struct {
	r    io.ReaderAt
	size int64
	held [blockCount]block
	next int // the place of the next one
}

type block struct {
	at   int64
	data []byte
}

// ReadAt reads across as many blocks as it takes.
func (b *blocks) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		if at < 0 || at >= b.size {
			return n, io.EOF
		}
		data, err := b.block(at - at%blockSize)
		if err != nil {
			return n, err
		}
		got := copy(p[n:], data[at%blockSize:])
		n, at = n+got, at+int64(got)
	}
	return n, nil
}

func (b *blocks) block(at int64) ([]byte, error) {
	for _, h := range b.held {
		if h.at == at && h.data != nil {
			return h.data, nil
		}
	}
	data := make([]byte, min(blockSize, b.size-at))
	n, err := b.r.ReadAt(data, at)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case n < len(data):
		return nil, io.ErrUnexpectedEOF // it is shorter than was said
	}
	b.held[b.next] = block{at, data}
	b.next = (b.next + 1) % blockCount
	return data, nil
}
