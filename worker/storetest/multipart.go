package storetest

import (
	"bytes"
	"io"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// large is a body of two parts of an S3 upload, as a stream and as content.
// The fill tells one from another.
func large(fill byte) (io.Reader, []byte) {
	content := bytes.Repeat([]byte{fill}, 6<<20)
	for i := 0; i < len(content); i += 1 << 20 {
		content[i] = byte(i >> 20) // so that swapped parts show
	}
	return io.MultiReader(bytes.NewReader(content)), content // hides that it can seek
}

var multipartPromises = []promise{
	{name: "a large put", check: func(p *probe) {
		body, content := large('a')
		info, err := p.Store.Put(p.ctx, p.key("a"), body, bucket.PutOptions{ContentType: "text/markdown", Metadata: map[string]string{"zdr-ref": "r"}})
		p.must("put", err)
		p.holds("after", p.key("a"), string(content))
		head, err := p.Store.Head(p.ctx, p.key("a"), "")
		p.must("head", err)
		if head.ETag != info.ETag || info.Size != int64(len(content)) || head.Size != info.Size || info.Date.IsZero() {
			p.errorf("got %s and %s, %d and %d bytes", info.ETag, head.ETag, info.Size, head.Size)
		}
		if head.ContentType != "text/markdown" || head.Metadata["zdr-ref"] != "r" {
			p.errorf("got %q, %v", head.ContentType, head.Metadata)
		}
	}},
	{name: "a large put from a file", check: func(p *probe) {
		_, content := large('f')
		_, err := p.Store.Put(p.ctx, p.key("a"), bytes.NewReader(content), bucket.PutOptions{})
		p.must("put", err)
		p.holds("after", p.key("a"), string(content))
	}},
	{name: "a large put if absent", check: func(p *probe) {
		body, content := large('b')
		_, err := p.Store.Put(p.ctx, p.key("a"), body, ifAbsent)
		p.must("first", err)
		body, _ = large('c')
		_, err = p.Store.Put(p.ctx, p.key("a"), body, ifAbsent)
		p.class("second", err, bucket.ErrPrecondition)
		p.holds("after", p.key("a"), string(content))
		p.noUploads(p.key("a"))
	}},
	{name: "a large put if match", check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		body, content := large('d')
		_, err := p.Store.Put(p.ctx, p.key("a"), body, ifMatch(one.ETag))
		p.must("match", err)
		body, _ = large('e')
		_, err = p.Store.Put(p.ctx, p.key("a"), body, ifMatch(one.ETag))
		p.class("no match", err, bucket.ErrPrecondition)
		p.holds("after", p.key("a"), string(content))
		p.noUploads(p.key("a"))
	}},
	{name: "a large put if match of an absent key", check: func(p *probe) {
		body, _ := large('g')
		_, err := p.Store.Put(p.ctx, p.key("a"), body, ifMatch(anEmpty))
		p.class("put", err, bucket.ErrNotFound)
		p.noUploads(p.key("a"))
	}},
	{name: "a large body that fails leaves nothing", check: func(p *probe) {
		body, _ := large('h')
		_, err := p.Store.Put(p.ctx, p.key("a"), io.MultiReader(body, failing{}), bucket.PutOptions{})
		p.class("put", err, bucket.ErrUnavailable)
		if rs := p.remnants(p.key("a")); len(rs) != 0 {
			p.errorf("left: %d", len(rs))
		}
	}},
}

// failing is a reader that never has anything.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// noUploads checks that a failed upload took its parts away.
func (p *probe) noUploads(key string) {
	for _, r := range p.remnants(key) {
		if r.Upload != "" {
			p.errorf("an unfinished upload is left")
		}
	}
}
