package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// many is more than one page of any listing or batch of deletions.
const many = 1005

var listPromises = []promise{
	{name: "list in key order", check: func(p *probe) {
		for _, k := range []string{"b", "a/2", "a-", "a/1", "c", "B"} {
			p.put(p.key(k), "x")
		}
		p.lists("all", bucket.Page{}, "B", "a-", "a/1", "a/2", "b", "c")
		p.lists("prefix", bucket.Page{Prefix: "a/"}, "a/1", "a/2")
		p.lists("after", bucket.Page{After: "a/1"}, "a/2", "b", "c")
		p.lists("after a key that is not there", bucket.Page{After: "aa"}, "b", "c")
		p.lists("limit", bucket.Page{Limit: 2}, "B", "a-")
		p.lists("prefix, after and limit", bucket.Page{Prefix: "a", After: "a-", Limit: 1}, "a/1")
		p.lists("nothing", bucket.Page{Prefix: "zz"})
	}},
	{name: "a key below another key is listed", check: func(p *probe) {
		p.put(p.key("a"), "x")
		p.put(p.key("a/b"), "x")
		p.lists("all", bucket.Page{}, "a", "a/b")
	}},
	{name: "list describes", check: func(p *probe) {
		info := p.put(p.key("a"), "four")
		for got, err := range p.Store.List(p.ctx, bucket.Page{Prefix: p.prefix}) {
			p.must("list", err)
			if got.ETag != info.ETag || got.Size != 4 || got.Modified.IsZero() {
				p.errorf("got %s, %d bytes, %v", got.ETag, got.Size, got.Modified)
			}
		}
	}},
	{name: "list shows current objects only", where: versioned, check: func(p *probe) {
		p.put(p.key("a"), "one")
		p.put(p.key("a"), "two")
		p.put(p.key("b"), "one")
		p.must("delete", p.Rough.Delete(p.ctx, p.key("b")))
		p.lists("all", bucket.Page{}, "a")
	}},
	{name: "more than a page is listed and removed", where: plain, check: func(p *probe) {
		var keys []string
		for i := range many {
			keys = append(keys, p.key(fmt.Sprintf("%05d", i)))
		}
		p.fill(keys)
		got := p.list(bucket.Page{})
		for i := range got {
			got[i] = p.key(got[i])
		}
		if !slices.Equal(got, keys) {
			p.errorf("list: got %d keys, want %d", len(got), len(keys))
		}
		if got := p.list(bucket.Page{Limit: many - 2}); len(got) != many-2 {
			p.errorf("limit: got %d keys, want %d", len(got), many-2)
		}
		if got := len(p.remnants(p.prefix)); got != many {
			p.errorf("remnants: got %d, want %d", got, many)
		}
		p.must("remove", p.Store.Remove(p.ctx, keys...))
		if got := len(p.remnants(p.prefix)); got != 0 {
			p.errorf("remnants after removal: got %d, want 0", got)
		}
	}},
	{name: "more than a page of versions is listed and removed", where: versioned, check: func(p *probe) {
		p.fill(slices.Repeat([]string{p.key("a")}, many))
		if got := len(p.remnants(p.prefix)); got != many {
			p.errorf("remnants: got %d, want %d", got, many)
		}
		p.must("remove", p.Store.Remove(p.ctx, p.key("a")))
		if got := len(p.remnants(p.prefix)); got != 0 {
			p.errorf("remnants after removal: got %d, want 0", got)
		}
	}},
}

func (p *probe) lists(what string, page bucket.Page, want ...string) {
	if got := p.list(page); !slices.Equal(got, want) {
		p.errorf("%s: got %q, want %q", what, got, want)
	}
}

// fill writes small objects, several at a time.
func (p *probe) fill(keys []string) {
	var wg sync.WaitGroup
	for part := range slices.Chunk(keys, len(keys)/8+1) {
		wg.Go(func() {
			for _, k := range part {
				if _, err := p.Store.Put(p.ctx, k, strings.NewReader("x"), bucket.PutOptions{}); err != nil {
					p.errorf("put: %v", err)
				}
			}
		})
	}
	wg.Wait()
}
