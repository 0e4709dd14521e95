package storetest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// oddKeys are names that URLs, headers, XML or paths may not survive.
var oddKeys = []struct{ name, key string }{
	{"a space", "two words.md"},
	{"a plus", "1+1=2.md"},
	{"a percent", "100%.md"},
	{"what looks escaped", "a%20b%2Fc%2b.md"},
	{"reserved characters", "a?b#c&d=e;f:g@h$i,j!k*l'm(n)o.md"},
	{"quotes and brackets", "a\"b<c>d[e]f{g}h|i^j`k.md"},
	{"other scripts", "été/契約/😀.md"},
	{"a tilde and dots", "~a/.b/...c.md"},
	{"a backslash", `a\b.md`},
	{"control characters", "a\x01b\x1f.md"},
	{"a line break", "a\nb\rc\td.md"},
	{"dot segments", "a/../b/./c.md"},
	{"empty segments", "a//b///c.md"},
	{"a slash at the end", "a/b/"},
}

// keyPromises has one promise for each odd key, and one for keys at random. A
// key that begins with a slash is one more case: nothing can stand before it.
func keyPromises() []promise {
	var out []promise
	for _, k := range oddKeys {
		out = append(out, promise{name: "a key with " + k.name, check: func(p *probe) { p.roundTrip(p.key(k.key)) }})
	}
	return append(out,
		promise{name: "a key that begins with a slash", check: func(p *probe) {
			p.roundTrip("/" + p.key("a"))
		}},
		promise{name: "keys at random", check: func(p *probe) {
			for range 25 {
				p.roundTrip(p.key(randomKey()))
			}
		}},
	)
}

// randomKey has printable characters of all sorts in one path segment.
func randomKey() string {
	const alphabet = ` !"#$%&'()*+,-.:;<=>?@[]^_{|}~azAZ09éß中文🙂` + "`"
	runes := []rune(alphabet)
	var b strings.Builder
	for b.Len() < 1+rand.IntN(60) {
		b.WriteRune(runes[rand.IntN(len(runes))])
	}
	if s := b.String(); utf8.ValidString(s) && strings.Trim(s, ".") != "" {
		return s
	}
	return "x"
}

// roundTrip takes one key through every operation.
func (p *probe) roundTrip(key string) {
	info, err := p.Store.Put(p.ctx, key, strings.NewReader("odd"), ifAbsent)
	p.must("put", err)
	p.holds("get", key, "odd")
	if head, err := p.Store.Head(p.ctx, key, ""); err != nil || head.ETag != info.ETag {
		p.errorf("head %q: got %s, %v", key, head.ETag, err)
	}
	var listed []string
	for i, err := range p.Store.List(p.ctx, bucket.Page{Prefix: key}) {
		p.must("list", err)
		listed = append(listed, i.Key)
	}
	if !slices.Equal(listed, []string{key}) {
		p.errorf("list: got %q, want %q", listed, key)
	}
	src := bucket.Source{Bucket: p.Store.Name(), Key: key, Version: info.Version, ETag: info.ETag}
	if _, err := p.Other.Copy(p.ctx, key, src, staged); err != nil {
		p.errorf("copy %q: %v", key, err)
	} else {
		p.copied(p.Other, key, "odd")
		p.must("remove the copy", p.Other.Remove(p.ctx, key))
	}
	want := 1
	if !strings.ContainsFunc(key, unicode.IsControl) {
		// The answer to the beginning of an upload quotes the key in XML,
		// which cannot hold control characters: no client can read it.
		p.must("begin", p.Rough.Begin(p.ctx, key))
		want = 2
	}
	rs := p.remnants(key)
	if len(rs) != want || rs[0].Key != key || rs[want-1].Key != key {
		p.errorf("remnants of %q: got %+v", key, rs)
	}
	p.must("remove", p.Store.Remove(p.ctx, key))
	if rs := p.remnants(key); len(rs) != 0 {
		p.errorf("remove %q: %d left", key, len(rs))
	}
}
