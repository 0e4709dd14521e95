package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// probe checks one promise and collects what is not kept of it, so that a known
// difference can be told from a failure.
type probe struct {
	Target
	ctx    context.Context
	prefix string

	mu     sync.Mutex
	broken []string
}

// key is a key of this promise's own. Its name must never be in an error.
func (p *probe) key(name string) string { return p.prefix + name }

// stopped ends a check that cannot go on.
type stopped struct{}

func (p *probe) run(check func(*probe)) {
	defer func() {
		if r := recover(); r != nil && r != any(stopped{}) {
			panic(r)
		}
	}()
	check(p)
}

// judged is what judge uses of a *testing.T.
type judged interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Logf(string, ...any)
}

// judge holds the outcome against what is said of the store.
func (p *probe) judge(t judged, differs string) {
	t.Helper()
	switch {
	case differs == "":
		for _, b := range p.broken {
			t.Error(b)
		}
	case len(p.broken) == 0:
		t.Errorf("kept, though Differs says: %s", differs)
	default:
		t.Logf("differs as known: %s", differs)
	}
}

func (p *probe) errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = append(p.broken, fmt.Sprintf(format, args...))
}

func (p *probe) fatalf(format string, args ...any) {
	p.errorf(format, args...)
	panic(stopped{})
}

// must stops the check when a step that it builds on failed.
func (p *probe) must(what string, err error) {
	if err != nil {
		p.fatalf("%s: %v", what, err)
	}
}

// class checks that an error is a *bucket.Error of the wanted class, and names
// neither key nor bucket.
func (p *probe) class(what string, err, want error) {
	if !errors.Is(err, want) {
		p.errorf("%s: got %v, want %v", what, err, want)
		return
	}
	var be *bucket.Error
	if !errors.As(err, &be) {
		p.errorf("%s: got a %T, want a *bucket.Error", what, err)
		return
	}
	for _, name := range []string{p.Store.Name(), p.Other.Name(), "storetest-"} {
		if strings.Contains(err.Error(), name) {
			p.errorf("%s: the error says a name of the bucket or the key", what)
		}
	}
}

// put writes an object unconditionally.
func (p *probe) put(key, body string) bucket.Info {
	info, err := p.Store.Put(p.ctx, key, strings.NewReader(body), bucket.PutOptions{ContentType: "text/plain"})
	p.must("put", err)
	return info
}

// read gets an object's content; "" and the error when it cannot.
func (p *probe) read(key string, o bucket.GetOptions) (string, bucket.Info, error) {
	return p.readFrom(p.Store, key, o)
}

func (p *probe) readFrom(s worker.Store, key string, o bucket.GetOptions) (string, bucket.Info, error) {
	obj, err := s.Get(p.ctx, key, o)
	if err != nil {
		return "", bucket.Info{}, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(obj.Body)
	return string(b), obj.Info, err
}

// holds checks an object's content.
func (p *probe) holds(what, key, want string) {
	p.holdsIn(p.Store, what, key, want)
}

func (p *probe) holdsIn(s worker.Store, what, key, want string) {
	got, _, err := p.readFrom(s, key, bucket.GetOptions{})
	if err != nil {
		p.errorf("%s: get: %v", what, err)
	} else if got != want {
		p.errorf("%s: got %d bytes, want %d, or others", what, len(got), len(want))
	}
}

// list collects a listing's keys, without the promise's own prefix.
func (p *probe) list(page bucket.Page) []string {
	page.Prefix = p.prefix + page.Prefix
	if page.After != "" {
		page.After = p.prefix + page.After
	}
	var out []string
	for info, err := range p.Store.List(p.ctx, page) {
		p.must("list", err)
		out = append(out, strings.TrimPrefix(info.Key, p.prefix))
	}
	return out
}

// remnants collects what is left under a key or prefix.
func (p *probe) remnants(prefix string) []bucket.Remnant {
	var out []bucket.Remnant
	for r, err := range p.Store.Remnants(p.ctx, prefix) {
		p.must("remnants", err)
		out = append(out, r)
	}
	return out
}
