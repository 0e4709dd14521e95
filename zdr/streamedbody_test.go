package zdr_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// A body that comes as a stream is refused and not waited for: nobody says how
// long it is, nor when it ends.
func TestStreamedBodies(t *testing.T) {
	for name, test := range map[string]struct {
		rule string
		edit func(*trial)
	}{
		"of a create":       {zdr.RuleTransfer, func(x *trial) { x.req.ContentLength = 0 }},
		"of unknown length": {zdr.RuleTransfer, func(x *trial) { x.req.ContentLength = -1 }},
		"of a list": {zdr.RuleBody, func(x *trial) {
			x.req, x.about = x.request("GET", jobs, nil), zdr.Call{Operation: zdr.ExtractList}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTrial(t)
			test.edit(x)
			body, end := io.Pipe()
			defer end.Close()
			x.req.Body = body
			refused := make(chan error, 1)
			go func(req *http.Request, about zdr.Call) {
				_, err := x.guard.Do(t.Context(), req, about)
				refused <- err
			}(x.req, x.about)
			select {
			case err := <-refused:
				if got := refusedBy(err); got != test.rule {
					t.Errorf("got rule %q (%v), want %q", got, err, test.rule)
				}
			case <-time.After(time.Minute):
				t.Error("the guard waits for the body")
				return
			}
			x.wire.sawNothing(t)
		})
	}
}
