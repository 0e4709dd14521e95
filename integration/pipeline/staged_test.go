package pipeline

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

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

// TestInterruptedRunGoesOn stops a worker around its submission and lets
// another go on: the document is sealed, and billed once.
func TestInterruptedRunGoesOn(t *testing.T) {
	stops := map[string]func(r *rig, stop func()){
		"before the request": func(r *rig, stop func()) { r.watch = func(context.Context, ade.ExtractJob) { stop() } },
		"after the answer":   func(r *rig, stop func()) { r.answered = stop },
		"answer lost": func(r *rig, stop func()) {
			r.provider.FailNext(adetest.OpCreate, 1, adetest.RequestFault{Drop: adetest.DropAfter})
			r.answered = stop
		},
	}
	for name, arrange := range stops {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, at place) { t.Parallel(); interrupt(t, at, arrange) })
		})
	}
}

func interrupt(t *testing.T, at place, arrange func(*rig, func())) {
	// A document that is fetched when the job runs delays no answer: what the
	// provider accepts it accepts before the worker has given the request up.
	r := newRig(t, at, sampleRoutes(t), adetest.Options{Undocumented: adetest.Undocumented{Fetch: adetest.AtRun}})
	r.settings.PostTimeout, r.settings.Skew, r.settings.ListLag = 3*time.Second, time.Millisecond, 100*time.Millisecond
	s := samples.All()[0]
	r.put(nil, map[string][]byte{keyOf(s): s.Markdown})
	first := r.pipeline()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	arrange(r, cancel)
	sum, err := first.Run(ctx, worker.RunOptions{Documents: documents([]string{keyOf(s)})})
	if !errors.Is(err, context.Canceled) || sum.Sealed != 0 {
		t.Errorf("the run that was stopped: got %+v, %v", sum, err)
	}
	r.watch, r.answered = nil, nil
	sum, _, err = r.run(r.pipeline(), keyOf(s))
	if err != nil || sum.Sealed != 1 {
		t.Errorf("the run after it: got %+v, %v", sum, err)
	}
	if got := r.provider.Account().Bill.Jobs; got != 1 {
		t.Errorf("got %d jobs billed, want 1", got)
	}
	checkExchange(t, r)
}
