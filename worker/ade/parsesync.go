package ade

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// SyncTimeout bounds a synchronous call whose context has no deadline. The
// provider itself gives up after 475 s.
const SyncTimeout = 8 * time.Minute

// Parse asks for one document as Markdown, here and now. The provider takes a
// hundred pages in such a call; it is billed like a job and cannot be asked for
// again.
type Parse struct {
	Ref      string
	Attempt  int
	Model    string
	Split    Split
	Prompts  zdr.Prompts
	Password zdr.Password
	Document presign.URL // a GET that serves the document
}

// Streamed says how a call ended whose content went to a writer.
type Streamed struct {
	// Partial: answered with 206. Some pages could not be read; the content's
	// own metadata says which.
	Partial bool
}

// ParseTo parses a document and writes the result to w as it comes: content,
// which is neither kept nor read on its way. The guard refuses the call unless
// its policy says SyncCalls. After an error throw away what was written. The
// request leaves at most once. ErrUnknownOutcome: it may have been billed, and
// its result is lost; with a w that failed it certainly was.
func (c *Client) ParseTo(ctx context.Context, p Parse, w io.Writer) (Streamed, error) {
	about := zdr.Call{Operation: OpParseSync, Ref: p.Ref, Attempt: p.Attempt}
	if reason := p.lacks(); reason != "" {
		return Streamed{}, notSent(about, reason, nil)
	}
	ctx, cancel := bounded(ctx, SyncTimeout)
	defer cancel()
	got, err := c.sendBy(ctx, about, c.formRequest(parsePath, p.form), c.streamTo(w))
	if err != nil {
		return Streamed{}, err
	}
	if got.Status != http.StatusOK && got.Status != http.StatusPartialContent {
		return Streamed{}, c.refused(ctx, about, got)
	}
	return Streamed{Partial: got.Status == http.StatusPartialContent}, nil
}

func (c *Client) streamTo(w io.Writer) doer {
	return func(ctx context.Context, req *http.Request, about zdr.Call) (*zdr.Reply, error) {
		return c.boundary.Stream(ctx, req, about, w)
	}
}

func (p Parse) lacks() string {
	switch {
	case p.Document.IsZero() || p.Document.Method() != http.MethodGet:
		return "the document URL is not a presigned GET"
	case p.Split != "" && p.Split != SplitPage:
		return "the split is none of the provider's"
	}
	return ""
}
