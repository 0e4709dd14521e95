package zdr

import (
	"context"
	"io"
	"net/http"
	"time"
)

// syncTimeout outlasts the provider's own limit of 475 s, after which it
// answers 504.
const syncTimeout = 8 * time.Minute

// maxStreamBytes bounds what is handed through; the provider takes a hundred
// pages in one call, whose results have some megabytes.
const maxStreamBytes = 1 << 30

// Stream is Do for the one operation whose reply is content, ParseSync. It is
// refused unless the policy says SyncCalls. The content of a 200 or 206 goes to
// w as it comes and is neither kept nor read here; the Reply says how it ended
// and has no body. What has been written when an error comes back is not the
// whole: throw it away. Replies of any other status reach w with no byte and
// are held to the fields of an error. Another error than those of Do is a
// *TransportError of ClassSink, where w itself failed: the provider has done
// its work then and bills it. w must not be nil.
func (g *Guard) Stream(ctx context.Context, req *http.Request, about Call, w io.Writer) (*Reply, error) {
	return g.exchange(ctx, req, about, &sink{w: w})
}

// sink tells a writer that failed from a connection that broke.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	s.err = err
	return n, err
}

// pass hands the content of a reply through.
func (out outgoing) pass(reply *Reply, resp *http.Response) (*Reply, error) {
	if reply.Status != http.StatusOK && reply.Status != http.StatusPartialContent {
		return nil, out.unusable(ClassMalformed, reply.Status)
	}
	n, err := io.Copy(out.to, io.LimitReader(resp.Body, maxStreamBytes+1))
	reply.size = n
	switch {
	case n > maxStreamBytes:
		return nil, out.violation(ViolationSize, reply.Status)
	case out.to.err != nil:
		return nil, &TransportError{
			Op: out.about.Operation, Ref: out.about.Ref, Sent: true,
			Class: ClassSink, Status: reply.Status, cause: out.to.err,
		}
	case err != nil:
		return nil, errCut
	}
	return reply, nil
}
