package storetest

import (
	"net/http"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

var staged = bucket.PutOptions{ContentType: "text/markdown", Metadata: map[string]string{"zdr-ref": "r9"}}

// source names an object of Store's bucket as a copy's start.
func (p *probe) source(info bucket.Info) bucket.Source {
	return bucket.Source{Bucket: p.Store.Name(), Key: info.Key, Version: info.Version, ETag: info.ETag}
}

// copied checks that a copy has the content and the description asked for.
func (p *probe) copied(s worker.Store, key, want string) {
	p.holdsIn(s, "copy", key, want)
	head, err := s.Head(p.ctx, key, "")
	p.must("head of the copy", err)
	if head.ContentType != staged.ContentType || len(head.Metadata) != 1 || head.Metadata["zdr-ref"] != "r9" {
		p.errorf("description: got %q, %v", head.ContentType, head.Metadata)
	}
}

var copyPromises = []promise{
	{name: "copy within a bucket", check: func(p *probe) {
		src := p.put(p.key("a"), "content")
		info, err := p.Store.Copy(p.ctx, p.key("b"), p.source(src), staged)
		p.must("copy", err)
		if info.Key != p.key("b") || info.ETag == "" || info.Date.IsZero() {
			p.errorf("info: got %+v", info)
		}
		p.copied(p.Store, p.key("b"), "content")
	}},
	{name: "copy into another bucket", check: func(p *probe) {
		src := p.put(p.key("a"), "content")
		_, err := p.Other.Copy(p.ctx, p.key("b"), p.source(src), staged)
		p.must("copy", err)
		p.copied(p.Other, p.key("b"), "content")
	}},
	{name: "copy of an older version", where: versioned, check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		p.put(p.key("a"), "two")
		_, err := p.Other.Copy(p.ctx, p.key("b"), p.source(one), staged)
		p.must("copy", err)
		p.copied(p.Other, p.key("b"), "one")
	}},
	{name: "copy of a version behind a delete marker", where: versioned, check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		p.must("delete", p.Rough.Delete(p.ctx, p.key("a")))
		_, err := p.Store.Copy(p.ctx, p.key("b"), p.source(one), staged)
		p.must("copy", err)
		p.copied(p.Store, p.key("b"), "one")
		src := p.source(one)
		src.Version = ""
		_, err = p.Store.Copy(p.ctx, p.key("c"), src, staged)
		p.class("copy of the marker", err, bucket.ErrNotFound)
	}},
	{name: "copy carries nothing of the source", check: func(p *probe) {
		h := http.Header{
			"Content-Type":        {"application/x-secret"},
			"Content-Disposition": {`attachment; filename="acme-contract.md"`},
			"Content-Language":    {"fr"},
			"Cache-Control":       {"max-age=99"},
			"X-Amz-Meta-Patient":  {"doe"},
			"X-Amz-Tagging":       {"client=acme"},
		}
		p.must("put", p.Rough.PutWith(p.ctx, p.key("a"), []byte("content"), h))
		before, err := p.Rough.Fetch(p.ctx, p.key("a"))
		p.must("fetch of the source", err)
		if before.Get("X-Amz-Meta-Patient") != "doe" || before.Get("Content-Disposition") == "" {
			p.fatalf("the source has no description to lose: got %v", before)
		}
		head, err := p.Store.Head(p.ctx, p.key("a"), "")
		p.must("head", err)
		_, err = p.Store.Copy(p.ctx, p.key("b"), p.source(head), staged)
		p.must("copy", err)
		p.copied(p.Store, p.key("b"), "content")
		after, err := p.Rough.Fetch(p.ctx, p.key("b"))
		p.must("fetch of the copy", err)
		for name, values := range after {
			for _, v := range values {
				if strings.Contains(v, "acme") || strings.Contains(v, "doe") || strings.Contains(v, "secret") || v == "fr" || v == "max-age=99" {
					p.errorf("%s comes from the source", name)
				}
			}
		}
		for _, name := range []string{"Content-Disposition", "Content-Language", "Cache-Control", "X-Amz-Meta-Patient", "X-Amz-Tagging-Count", "X-Amz-Tagging"} {
			if after.Get(name) != "" {
				p.errorf("the copy has a %s", name)
			}
		}
	}},
	{name: "copy over itself", check: func(p *probe) {
		src := p.put(p.key("a"), "content")
		_, err := p.Store.Copy(p.ctx, p.key("a"), p.source(src), staged)
		p.must("copy", err)
		p.copied(p.Store, p.key("a"), "content")
	}},
	{name: "copy of something else", check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		p.put(p.key("a"), "two")
		src := p.source(one)
		src.Version = ""
		_, err := p.Store.Copy(p.ctx, p.key("b"), src, staged)
		p.class("copy", err, bucket.ErrPrecondition)
		_, err = p.Store.Head(p.ctx, p.key("b"), "")
		p.class("after", err, bucket.ErrNotFound)
	}},
	{name: "copy of an absent key", check: func(p *probe) {
		_, err := p.Store.Copy(p.ctx, p.key("b"), bucket.Source{Bucket: p.Store.Name(), Key: p.key("none"), ETag: anEmpty}, staged)
		p.class("copy", err, bucket.ErrNotFound)
	}},
	{name: "copy of a removed version", where: versioned, check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		p.must("remove", p.Store.Remove(p.ctx, p.key("a")))
		p.put(p.key("a"), "one")
		_, err := p.Store.Copy(p.ctx, p.key("b"), p.source(one), staged)
		p.class("copy", err, bucket.ErrNotFound)
	}},
	{name: "copy with a condition or without an ETag is refused", check: func(p *probe) {
		src := p.source(p.put(p.key("a"), "one"))
		o := staged
		o.Absent = true
		_, err := p.Store.Copy(p.ctx, p.key("b"), src, o)
		p.class("condition", err, bucket.ErrInvalid)
		src.ETag = ""
		_, err = p.Store.Copy(p.ctx, p.key("b"), src, staged)
		p.class("no ETag", err, bucket.ErrInvalid)
		_, err = p.Store.Head(p.ctx, p.key("b"), "")
		p.class("after", err, bucket.ErrNotFound)
	}},
}
