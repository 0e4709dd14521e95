package pipeline

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/zdrworker/zdrworker/cmd/zdrworker/samples"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// TestStagedObjectSaysNothingOfItsSource looks at the staged object with the
// very URL that the provider is about to be given, before it is given: a bare
// GET shows the document and no header that came from its source.
func TestStagedObjectSaysNothingOfItsSource(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		r := newRig(t, at, sampleRoutes(t), adetest.Options{})
		s := samples.All()[0]
		r.put(ownersHeader(), map[string][]byte{keyOf(s): s.Markdown})
		looked := 0
		r.watch = func(ctx context.Context, job ade.ExtractJob) {
			looked++
			header, body, err := bareGet(ctx, r.outside, job.Markdown.Reveal())
			if err != nil {
				t.Errorf("the staged object cannot be read: %v", err)
				return
			}
			if string(body) != string(s.Markdown) {
				t.Error("the staged object is not the document")
			}
			checkBareHeader(t, header)
			if _, _, err := bareGet(ctx, r.outside, job.OutputSave.Reveal()); err == nil {
				t.Error("the URL for the result lets read")
			}
		}
		if sum, _, err := r.run(r.pipeline(), keyOf(s)); err != nil || sum.Sealed != 1 {
			t.Errorf("got %+v, %v", sum, err)
		}
		if looked != 1 {
			t.Errorf("looked at %d submissions, want 1", looked)
		}
	})
}

// bareGet is a GET by somebody who has the URL and nothing else.
func bareGet(ctx context.Context, over http.RoundTripper, rawURL string) (http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return nil, nil, errors.New("the URL makes no request")
	}
	resp, err := over.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, errors.New(resp.Status)
	}
	body, err := io.ReadAll(resp.Body)
	return resp.Header, body, err
}

// TestInterruptedRunGoesOn stops a worker right after the provider has taken
// the job, and lets another go on: the document is billed once.
func TestInterruptedRunGoesOn(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		r := newRig(t, at, sampleRoutes(t), adetest.Options{})
		s := samples.All()[0]
		r.put(nil, map[string][]byte{keyOf(s): s.Markdown})
		p := r.pipeline()
		ctx, cancel := context.WithCancel(t.Context())
		r.watch = func(context.Context, ade.ExtractJob) { cancel() }
		_, err := p.Run(ctx, worker.RunOptions{Documents: documents([]string{keyOf(s)})})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the run that was stopped: got %v", err)
		}
		r.watch = nil
		// Where the POST was cut off, its outcome is unknown to the next worker;
		// the proof takes minutes by design, so nothing may be submitted now.
		deadline, done := context.WithTimeout(t.Context(), quick)
		defer done()
		sum, err := r.pipeline().Run(deadline, worker.RunOptions{Documents: documents([]string{keyOf(s)})})
		bill := r.provider.Account().Bill.Jobs
		t.Logf("after the second worker: %+v, %v, %d billed", sum, err, bill)
		if bill > 1 || sum.Sealed == 1 && bill != 1 {
			t.Errorf("%d jobs billed, %d sealed", bill, sum.Sealed)
		}
		if sum.Failed+sum.Held+sum.Refused+sum.Skipped > 0 {
			t.Errorf("got %+v", sum)
		}
	})
}
