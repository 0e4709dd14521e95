package worker_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

// file puts one document that has to be parsed into the bucket.
func (f *floor) file(i int) worker.Document {
	key := fmt.Sprintf("files/%04d.txt", i)
	f.server.PutRaw(storeName, key, fmt.Appendf(nil, "Invoice number: %d\n\nTotal amount due: %d\n", i, i), http.Header{"Content-Type": {"text/plain"}})
	return worker.Document{Key: key}
}

// files takes in n of them, by turns.
func (f *floor) files(n int, to ...*worker.Server) {
	f.t.Helper()
	for i := range n {
		if err := to[i%len(to)].Arrived(f.t.Context(), f.file(i)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// Files are parsed and then extracted, by whichever worker is there when the
// parse ends; no sweep has to come first.
func TestServeParsesFirst(t *testing.T) {
	for _, takes := range []time.Duration{0, 10 * time.Minute} {
		t.Run(takes.String(), func(t *testing.T) {
			onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: takes}}, func(t *testing.T, f *floor) {
				a, stopA := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{Sweep: 24 * time.Hour})
				b, stopB := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{Sweep: 24 * time.Hour})
				time.Sleep(time.Minute) // the sweep at the start
				f.files(20, a, b)
				time.Sleep(2*takes + 2*time.Minute)
				synctest.Wait()
				stopA()
				stopB()
				if f.results() != 20 || f.provider.Billed().Jobs != 40 {
					t.Errorf("%d results, %d jobs billed, want 20 and 40", f.results(), f.provider.Billed().Jobs)
				}
				if n := f.count(storeName, "zdr/parsed/"); n != 20 {
					t.Errorf("%d parse results, want 20", n)
				}
				if n := f.count(exchangeName, worker.StagingPrefix) + f.count(exchangeName, worker.OutboxPrefix); n != 0 {
					t.Errorf("%d objects are left in the exchange bucket", n)
				}
			})
		})
	}
}

// A parse that fails, or is cancelled, ends its document without a sweep too.
func TestServeHearsOfFailedParses(t *testing.T) {
	onFloor(t, adetest.Options{Delay: adetest.Delay{Processing: time.Minute}}, func(t *testing.T, f *floor) {
		f.provider.BreakNext(30, adetest.JobFault{End: adetest.EndFailed})
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{Sweep: 24 * time.Hour})
		defer stop()
		f.files(10, s)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := f.count(storeName, "failures/files/"); n != 10 {
			t.Errorf("%d failure objects, want 10", n)
		}
	})
}

// Pages and extract jobs are two limits, each kept over any hour.
func TestServeKeepsPagesPerHour(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{ParsePagesPerHour: 60, ExtractJobsPerHour: 600}, nil), worker.ServeOptions{})
		defer stop()
		f.files(200, s)
		f.arrive("inbox", 100, s)
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		var parses, extracts []time.Time
		for _, r := range f.provider.Account().Requests {
			if r.Status == http.StatusAccepted && strings.Contains(r.Path, "/parse/") {
				parses = append(parses, r.At)
			} else if r.Status == http.StatusAccepted {
				extracts = append(extracts, r.At)
			}
		}
		if n := mostInAnHour(parses); n > 60 {
			t.Errorf("%d parses in an hour, want at most 60", n)
		}
		if len(parses) < 150 || len(extracts) < 100+150 {
			t.Errorf("%d parses and %d extractions in three hours", len(parses), len(extracts))
		}
	})
}

func mostInAnHour(at []time.Time) (most int) {
	for i, from := range at {
		n := 0
		for _, t := range at[i:] {
			if t.Sub(from) < time.Hour {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// A document whose pages ask for more than URLs may live fails by itself, before
// anything is billed: it stops nobody else.
func TestTooManyPagesForTheURLs(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipelineWith(worker.Routes{{Name: "files", Prefix: "files/", Suffixes: []string{".pdf", ".txt"}, Schema: simSchema}})
		f.server.PutRaw(storeName, "files/long.pdf", pdftest.Many(t, 4600), http.Header{"Content-Type": {"application/pdf"}})
		long, err := p.Put(t.Context(), worker.Document{Key: "files/long.pdf"})
		if err != nil {
			t.Fatal(err)
		}
		if j := settle(t, p, long.ID); j.Code != worker.CodeURLTooShort || j.Sealed() {
			t.Errorf("got %s and state %s, want a failure of the one document", j.Code, j.State)
		}
		if j := settle(t, p, putFile(t, f, p).ID); !j.Sealed() {
			t.Errorf("another document got %s", j.Code)
		}
		if n := f.provider.Billed().Jobs; n != 2 {
			t.Errorf("%d jobs billed, want the other document's two", n)
		}
	})
}
