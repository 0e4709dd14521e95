package storetest

import "github.com/zdrworker/zdrworker/worker/bucket"

var removePromises = []promise{
	{name: "remove", check: func(p *probe) {
		p.put(p.key("a"), "x")
		p.put(p.key("b"), "x")
		p.must("remove", p.Store.Remove(p.ctx, p.key("a"), p.key("b"), p.key("never there")))
		if rs := p.remnants(p.prefix); len(rs) != 0 {
			p.errorf("left: %d", len(rs))
		}
		p.must("again", p.Store.Remove(p.ctx, p.key("a"), p.key("b")))
		p.must("of nothing", p.Store.Remove(p.ctx))
	}},
	{name: "remove takes exactly the keys", check: func(p *probe) {
		for _, k := range []string{"a", "a.md", "ab", "A"} {
			p.put(p.key(k), "x")
		}
		p.must("begin", p.Rough.Begin(p.ctx, p.key("a.md")))
		p.must("remove", p.Store.Remove(p.ctx, p.key("a")))
		p.lists("left", bucket.Page{}, "A", "a.md", "ab")
		if n := len(p.remnants(p.key("a.md"))); n != 2 {
			p.errorf("left of a neighbour: got %d, want an object and an upload", n)
		}
	}},
	{name: "remove takes every version and marker", where: versioned, check: func(p *probe) {
		p.put(p.key("a"), "one")
		p.put(p.key("a"), "two")
		p.must("delete", p.Rough.Delete(p.ctx, p.key("a")))
		p.put(p.key("a"), "three")
		p.must("delete", p.Rough.Delete(p.ctx, p.key("a")))
		if rs := p.remnants(p.prefix); len(rs) != 5 || marks(rs) != 2 {
			p.errorf("before: got %d remnants, %d markers", len(rs), marks(rs))
		}
		p.must("remove", p.Store.Remove(p.ctx, p.key("a")))
		if rs := p.remnants(p.prefix); len(rs) != 0 {
			p.errorf("left: %d", len(rs))
		}
	}},
	{name: "remove takes unfinished uploads", check: func(p *probe) {
		p.put(p.key("a"), "x")
		p.must("begin", p.Rough.Begin(p.ctx, p.key("a")))
		p.must("begin", p.Rough.Begin(p.ctx, p.key("a")))
		if n := len(p.remnants(p.key("a"))); n != 3 {
			p.errorf("before: got %d remnants, want 3", n)
		}
		p.must("remove", p.Store.Remove(p.ctx, p.key("a")))
		if rs := p.remnants(p.key("a")); len(rs) != 0 {
			p.errorf("left: %d", len(rs))
		}
	}},
	{name: "remnants shows uploads by prefix", check: func(p *probe) {
		p.must("begin", p.Rough.Begin(p.ctx, p.key("x/1")))
		p.must("begin", p.Rough.Begin(p.ctx, p.key("x/2")))
		rs := p.remnants(p.key("x/"))
		if len(rs) != 2 {
			p.errorf("got %d, want 2", len(rs))
		}
		for _, r := range rs {
			if r.Upload == "" || r.Version != "" || r.Modified.IsZero() {
				p.errorf("got %+v", r)
			}
		}
		p.must("remove", p.Store.Remove(p.ctx, p.key("x/1"), p.key("x/2")))
	}},
}

func marks(rs []bucket.Remnant) (n int) {
	for _, r := range rs {
		if r.Marker {
			n++
		}
	}
	return n
}
