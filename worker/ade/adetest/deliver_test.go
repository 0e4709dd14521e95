package adetest_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// flaky is a storage whose answers are lost, or are a status, one after the
// other; then it works. What was asked was done where the answer is lost.
type flaky struct {
	*bucket
	method string
	next   []int // 0 loses the answer
}

var errLost = errors.New("connection reset")

func (f *flaky) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != f.method || len(f.next) == 0 {
		return f.bucket.RoundTrip(req)
	}
	status := f.next[0]
	f.next = f.next[1:]
	if status != 0 {
		return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
	}
	if _, err := f.bucket.RoundTrip(req); err != nil {
		return nil, err
	}
	return nil, errLost
}

// A PUT that got through is a delivery, whether its answer is heard or not: it
// is repeated, and booked as what it is. What the storage refuses is final.
func TestTransfersAreRepeated(t *testing.T) {
	const get, put = http.MethodGet, http.MethodPut
	for _, tt := range []struct {
		name   string
		method string
		next   []int
		status string // of the job; "" where the create is refused
		took   time.Duration
		tries  []int
	}{
		{"put's answer lost", put, []int{0}, "completed", 250 * time.Millisecond, []int{1, 2}},
		{"put answered 503 and 429", put, []int{503, 429}, "completed", 750 * time.Millisecond, []int{1, 2, 3}},
		{"put lost for good", put, []int{0, 0, 0, 0}, "failed", 1750 * time.Millisecond, []int{1, 2, 3, 4}},
		{"put refused", put, []int{403}, "failed", 0, []int{1}},
		{"fetch lost", get, []int{0, 0}, "completed", 750 * time.Millisecond, []int{1, 2, 3}},
		{"fetch lost for good", get, []int{0, 0, 0}, "", 1750 * time.Millisecond, []int{1, 2, 3}},
		{"fetch refused", get, []int{403}, "", 0, []int{1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &flaky{bucket: newBucket(), method: tt.method, next: tt.next}
				r := newRig(t, adetest.Options{Client: &http.Client{Transport: f}})
				began := time.Now()
				made := r.post(jobs, text("schema", schema), text("markdown_url", source), text("output_save_url", sink))
				id, _ := made.fields["job_id"].(string)
				time.Sleep(10 * time.Second)
				r.holds(tt.method, id, tt.status, tt.tries, began.Add(tt.took))
			})
		})
	}
}

func (r *rig) holds(method, id, status string, tries []int, last time.Time) {
	r.t.Helper()
	a := r.p.Account()
	var got []int
	all := a.Puts
	if method == http.MethodGet {
		all = a.Fetches
	}
	for _, transfer := range all {
		got = append(got, transfer.Try)
	}
	if !slices.Equal(got, tries) {
		r.t.Errorf("tries %v, want %v", got, tries)
	}
	if at := all[len(all)-1].At; method == http.MethodPut && !at.Equal(last) {
		r.t.Errorf("the last try was at %s, want %s", at, last)
	}
	if status == "" {
		if id != "" || len(a.Jobs) != 0 {
			r.t.Error("there is a job of a document that could not be read")
		}
		return
	}
	if job := r.job(id); job.fields["status"] != status {
		r.t.Errorf("the job is %v, want %s", job.fields["status"], status)
	}
	if billed := r.p.Billed().Jobs == 1; billed != (status == "completed") {
		r.t.Errorf("billed: %t, and the job is %s", billed, status)
	}
}
