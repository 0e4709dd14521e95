package storetest

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

var readPromises = []promise{
	{name: "read back", check: func(p *probe) {
		info := p.put(p.key("a"), "one")
		got, read, err := p.read(p.key("a"), bucket.GetOptions{})
		p.must("get", err)
		head, err := p.Store.Head(p.ctx, p.key("a"), "")
		p.must("head", err)
		if got != "one" {
			p.errorf("content: got %q, want %q", got, "one")
		}
		for _, i := range []bucket.Info{info, read, head} {
			if i.Key != p.key("a") || i.ETag == "" || i.ETag != info.ETag || strings.Contains(i.ETag, `"`) || i.Size != 3 {
				p.errorf("info: got %+v", i)
			}
		}
		for _, i := range []bucket.Info{read, head} {
			if i.ContentType != "text/plain" || i.Modified.IsZero() {
				p.errorf("description: got %q, %v", i.ContentType, i.Modified)
			}
		}
	}},
	{name: "a part", check: func(p *probe) {
		p.put(p.key("a"), "0123456789")
		for _, c := range []struct {
			offset, length int64
			want           string
		}{{0, 3, "012"}, {4, 2, "45"}, {8, 100, "89"}, {0, 0, "0123456789"}} {
			got, info, err := p.read(p.key("a"), bucket.GetOptions{Offset: c.offset, Length: c.length})
			p.must("get", err)
			if got != c.want || info.Size != int64(len(c.want)) {
				p.errorf("%d bytes from %d: got %q of size %d", c.length, c.offset, got, info.Size)
			}
		}
		if _, _, err := p.read(p.key("a"), bucket.GetOptions{Offset: 10, Length: 1}); !errors.Is(err, bucket.ErrInvalid) {
			p.errorf("beyond the end: %v", err)
		}
	}},
	{name: "equal bytes have equal ETags", check: func(p *probe) {
		a, b, c := p.put(p.key("a"), "same"), p.put(p.key("b"), "same"), p.put(p.key("a"), "other")
		if a.ETag != b.ETag || a.ETag == c.ETag {
			p.errorf("got %s, %s and for another content %s", a.ETag, b.ETag, c.ETag)
		}
	}},
	{name: "metadata", check: func(p *probe) {
		want := map[string]string{"zdr-ref": "r1", "zdr-status": "ok"}
		_, err := p.Store.Put(p.ctx, p.key("a"), strings.NewReader("x"), bucket.PutOptions{ContentType: "application/json", Metadata: want})
		p.must("put", err)
		head, err := p.Store.Head(p.ctx, p.key("a"), "")
		p.must("head", err)
		_, read, err := p.read(p.key("a"), bucket.GetOptions{})
		p.must("get", err)
		for _, i := range []bucket.Info{head, read} {
			if !maps.Equal(i.Metadata, want) || i.ContentType != "application/json" {
				p.errorf("got %v, %q", i.Metadata, i.ContentType)
			}
		}
	}},
	{name: "date is the server's clock", check: func(p *probe) {
		put := p.put(p.key("a"), "x")
		head, err := p.Store.Head(p.ctx, p.key("a"), "")
		p.must("head", err)
		_, get, err := p.read(p.key("a"), bucket.GetOptions{})
		p.must("get", err)
		infos := []bucket.Info{put, head, get}
		for info, err := range p.Store.List(p.ctx, bucket.Page{Prefix: p.prefix}) {
			p.must("list", err)
			infos = append(infos, info)
		}
		for n, i := range infos {
			// Whether the clock is right is not the suite's business; that
			// there is one is.
			if i.Date.IsZero() || i.Date.Year() < time.Now().Year()-1 {
				p.errorf("answer %d: got %v", n, i.Date)
			}
		}
	}},
	{name: "absent is not found", check: func(p *probe) {
		_, err := p.Store.Head(p.ctx, p.key("none"), "")
		p.class("head", err, bucket.ErrNotFound)
		_, _, err = p.read(p.key("none"), bucket.GetOptions{})
		p.class("get", err, bucket.ErrNotFound)
		_, _, err = p.read(p.key("none"), bucket.GetOptions{IfMatch: "d41d8cd98f00b204e9800998ecf8427e"})
		p.class("get if match", err, bucket.ErrNotFound)
	}},
	{name: "get if match", check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		if got, _, err := p.read(p.key("a"), bucket.GetOptions{IfMatch: one.ETag}); err != nil || got != "one" {
			p.errorf("same: got %q, %v", got, err)
		}
		p.put(p.key("a"), "two")
		_, _, err := p.read(p.key("a"), bucket.GetOptions{IfMatch: one.ETag})
		p.class("changed", err, bucket.ErrPrecondition)
	}},
	{name: "get if changed", check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		_, _, err := p.read(p.key("a"), bucket.GetOptions{Changed: one.ETag})
		p.class("same", err, bucket.ErrNotModified)
		p.put(p.key("a"), "two")
		if got, _, err := p.read(p.key("a"), bucket.GetOptions{Changed: one.ETag}); err != nil || got != "two" {
			p.errorf("changed: got %q, %v", got, err)
		}
	}},
	{name: "versions can be read", where: versioned, check: func(p *probe) {
		one, two := p.put(p.key("a"), "first"), p.put(p.key("a"), "newer one")
		if one.Version == "" || one.Version == two.Version {
			p.fatalf("versions: got %q and %q", one.Version, two.Version)
		}
		for _, c := range []struct {
			info bucket.Info
			want string
		}{{one, "first"}, {two, "newer one"}} {
			got, info, err := p.read(p.key("a"), bucket.GetOptions{Version: c.info.Version})
			if err != nil || got != c.want || info.Version != c.info.Version {
				p.errorf("get: got %q, %v", got, err)
			}
			head, err := p.Store.Head(p.ctx, p.key("a"), c.info.Version)
			if err != nil || head.ETag != c.info.ETag || head.Size != int64(len(c.want)) {
				p.errorf("head: got %d bytes, %v", head.Size, err)
			}
		}
	}},
	{name: "a version outlives a plain delete", where: versioned, check: func(p *probe) {
		one := p.put(p.key("a"), "first")
		p.must("delete", p.Rough.Delete(p.ctx, p.key("a")))
		_, _, err := p.read(p.key("a"), bucket.GetOptions{})
		p.class("current", err, bucket.ErrNotFound)
		_, err = p.Store.Head(p.ctx, p.key("a"), "")
		p.class("head", err, bucket.ErrNotFound)
		if got, _, err := p.read(p.key("a"), bucket.GetOptions{Version: one.Version}); err != nil || got != "first" {
			p.errorf("version: got %q, %v", got, err)
		}
	}},
	{name: "a cancelled context shows", check: func(p *probe) {
		ctx, cancel := context.WithCancel(p.ctx)
		cancel()
		_, err := p.Store.Head(ctx, p.key("a"), "")
		p.class("head", err, context.Canceled)
		_, err = p.Store.Put(ctx, p.key("a"), strings.NewReader("x"), bucket.PutOptions{})
		p.class("put", err, context.Canceled)
		_, err = p.Store.Head(p.ctx, p.key("a"), "")
		p.class("not written", err, bucket.ErrNotFound)
	}},
}
