package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// The contract's example, as far as this version has its facts.
func TestExplainReadsAsTheContractSays(t *testing.T) {
	day := func(h, m, s int) time.Time { return time.Date(2026, 11, 23, h, m, s, 0, time.UTC) }
	d := worker.Detail{
		Job: worker.Job{
			Ref: "7f3c9a1e000000000000000000000000dead", Route: "invoices", Revision: 3, Step: "extract", Attempt: 1, State: worker.Submitted,
			Claimed: day(13, 40, 55), Updated: day(13, 41, 7), History: []worker.Change{
				{At: day(13, 40, 55), Event: worker.EventClaim}, {At: day(13, 41, 5), Event: worker.EventIntend}, {At: day(13, 41, 7), Event: worker.EventAccept},
			},
		},
		Ends: day(19, 41, 5),
	}
	usual := worker.Usual{Jobs: 20, Least: 130 * time.Second, Most: 9 * time.Minute, Credits: 4.6}
	var out bytes.Buffer
	a := newApp(nil, nil, &out, nil)
	x := explanationOf(d, worker.Breaker{}, usual, day(14, 33, 7))
	if err := a.printf("%s\n", title(d.Job)); err != nil {
		t.Fatal(err)
	}
	err := a.explained("waiting for", x.waiting(), "so far", strings.Join(x.soFar, " · "), "next", x.next, "you can", strings.Join(x.can, " · "))
	if err != nil {
		t.Fatal(err)
	}
	want := `job 7f3c9a1e   route invoices revision 3   step extract, attempt 1
waiting for    result, since 13:41:07Z (52 min)      usual for this route: 2 to 9 min
so far         claimed 13:40:55 · staged 13:41:05 · accepted 13:41:07
next           provider is asked at 14:40 at the latest; URLs end 19:41; without a result the job is held after that
you can        wait · zdrworker jobs abandon 7f3c9a1e (the provider may still bill about 4.6 credits)
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestSpan(t *testing.T) {
	for _, tt := range []struct {
		least, most time.Duration
		want        string
	}{
		{2 * time.Second, 9500 * time.Millisecond, "2 to 10 s"},
		{3 * time.Second, 3 * time.Second, "3 s"},
		{30 * time.Second, 5 * time.Minute, "0 to 5 min"},
		{90 * time.Minute, 3 * time.Hour, "1 to 3 h"},
	} {
		if got := span(tt.least, tt.most); got != tt.want {
			t.Errorf("%v to %v: got %q, want %q", tt.least, tt.most, got, tt.want)
		}
	}
}
