package worker

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// KeyList is a list of keys in the store bucket, in parts that a worker can hold
// in memory one at a time.
type KeyList struct {
	Folder string `json:"folder"`
	Parts  int    `json:"parts"`
	Keys   int    `json:"keys"`
	Unfit  int    `json:"unfit,omitempty"` // lines that are no key that this program takes
	Digest string `json:"digest"`
}

// partKeys is how many keys a part has, at most.
const partKeys = 10_000

// listWriter puts keys into parts as they come.
type listWriter struct {
	p    *Pipeline
	list KeyList
	part bytes.Buffer
	n    int
	sum  interface {
		io.Writer
		Sum([]byte) []byte
	}
}

// keepList writes keys down in the store bucket, at most so many; 0 is all of
// them. Keys that no line can hold are none that this program takes: counted,
// and left out.
func (p *Pipeline) keepList(ctx context.Context, keys iter.Seq2[string, error], most int) (*KeyList, error) {
	w := &listWriter{p: p, list: KeyList{Folder: strings.ToLower(rand.Text())}, sum: sha256.New()}
	for key, err := range keys {
		if err != nil {
			return nil, errors.Join(err, p.dropList(ctx, &w.list))
		}
		if CheckKey(key) != nil {
			w.list.Unfit++
			continue
		}
		if err := w.add(ctx, key); err != nil {
			return nil, errors.Join(err, p.dropList(ctx, &w.list))
		}
		if most > 0 && w.list.Keys == most {
			break
		}
	}
	if err := w.flush(ctx); err != nil {
		return nil, errors.Join(err, p.dropList(ctx, &w.list))
	}
	w.list.Digest = hex.EncodeToString(w.sum.Sum(nil))
	return &w.list, nil
}

func (w *listWriter) add(ctx context.Context, key string) error {
	w.part.WriteString(key + "\n")
	_, _ = io.WriteString(w.sum, key+"\n")
	w.list.Keys++
	if w.n++; w.n < partKeys {
		return nil
	}
	return w.flush(ctx)
}

func (w *listWriter) flush(ctx context.Context) error {
	if w.n == 0 {
		return nil
	}
	_, err := w.p.store.Put(ctx, listPartKey(w.list.Folder, w.list.Parts), bytes.NewReader(w.part.Bytes()), bucket.PutOptions{ContentType: "text/plain"})
	if err != nil {
		return err
	}
	w.list.Parts++
	w.n = 0
	w.part.Reset()
	return nil
}

// maxPart bounds a part, in bytes.
const maxPart = partKeys * (maxKey + 1)

func (p *Pipeline) readPart(ctx context.Context, folder string, part int) ([]string, error) {
	obj, err := p.store.Get(ctx, listPartKey(folder, part), bucket.GetOptions{})
	if err != nil {
		return nil, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxPart))
	if err != nil {
		return nil, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), nil
}

// dropList removes a list that nobody walks any more.
func (p *Pipeline) dropList(ctx context.Context, l *KeyList) error {
	if l == nil {
		return nil
	}
	var keys []string
	for part := range l.Parts {
		keys = append(keys, listPartKey(l.Folder, part))
	}
	ctx, done := firm(ctx)
	defer done()
	return p.store.Remove(ctx, keys...)
}
