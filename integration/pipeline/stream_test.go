package pipeline

import (
	"bufio"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"hash"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

var parseBytes = flag.Int64("parse.bytes", 96<<20, "about how large the parse result is that must stream through; a gigabyte is 1000000000")

// mostOverIdle is the memory that a parse result of any size may take.
const mostOverIdle = 64 << 20

// A parse result of any size becomes the Markdown of the extract step in little
// memory. A gigabyte:
//
//	go test ./integration/pipeline -run LargeParse -parse.bytes=1000000000
func TestLargeParseResultStreams(t *testing.T) {
	// A job that never runs holds nothing: what is measured is the worker.
	r := newRig(t, onMinIO(t, options{}), worker.Routes{formRoute(t)}, adetest.Options{
		Delay: adetest.Delay{Pending: 24 * time.Hour}, Undocumented: adetest.Undocumented{Fetch: adetest.AtRun},
	})
	r.put(http.Header{}, map[string][]byte{"inbox/a.pdf": pdftest.Text(t, "Invoice number: INV-1")})
	p := r.pipeline()
	j, err := p.Put(t.Context(), worker.Document{Key: "inbox/a.pdf"})
	if err != nil {
		t.Fatal(err)
	}
	if j, err = p.Advance(t.Context(), j.ID); err != nil || j.Parse == nil || j.Parse.State != worker.Submitted {
		t.Fatalf("got %s, parse %+v, %v", j.State, j.Parse, err)
	}
	submitted := r.provider.Account().Jobs[0]
	want := deliver(t, r, submitted)

	over := watchMemory(t)
	j, err = p.Advance(t.Context(), j.ID)
	peak := over()
	if err != nil || j.State != worker.Submitted || j.Parse == nil || !j.Parse.Ready {
		t.Fatalf("got %s, parse %+v, %v", j.State, j.Parse, err)
	}
	t.Logf("%d MB of parse result, %d MB of Markdown: %d MiB over idle at most", *parseBytes>>20, want.n>>20, peak>>20)
	if peak > mostOverIdle {
		t.Errorf("%d MiB over idle, want at most %d", peak>>20, mostOverIdle>>20)
	}
	checkStagedText(t, r, want)
}

// text is what a stream said: how much, and its digest.
type text struct {
	n   int64
	sum hash.Hash
}

func (x *text) Write(p []byte) (int, error) {
	x.n += int64(len(p))
	return x.sum.Write(p)
}

// deliver puts a large parse result where the provider would, as a stream, and
// gives what its markdown says.
func deliver(t *testing.T, r *rig, job adetest.Job) *text {
	t.Helper()
	said := &text{sum: sha256.New()}
	from, to := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(to, 1<<20)
		writeParsed(w, said, job.ID)
		to.CloseWithError(w.Flush())
	}()
	_, key, _ := strings.Cut(job.OutputPath, "/o/")
	if _, err := r.exchange.Put(t.Context(), worker.OutboxPrefix+key, from, bucket.PutOptions{ContentType: "application/json"}); err != nil {
		t.Fatal(err)
	}
	return said
}

// writeParsed is half chunks and half markdown, as parse results are.
func writeParsed(w io.Writer, said io.Writer, id string) {
	const lines = 1000
	for part, half := 0, *parseBytes/2; part < 2; part++ {
		fmt.Fprint(w, []string{`{"chunks":[{"markdown":"`, `"}],"markdown":"`}[part])
		for written, n := int64(0), 0; written < half; n++ {
			line := fmt.Sprintf(`Line %d: caf\u00e9 \ud83d\ude00 and a \"quoted\" word, invented.\n`, n)
			block := strings.Repeat(line, lines)
			fmt.Fprint(w, block)
			written += int64(len(block))
			if part == 1 {
				plain := fmt.Sprintf("Line %d: café 😀 and a \"quoted\" word, invented.\n", n)
				fmt.Fprint(said, strings.Repeat(plain, lines))
			}
		}
	}
	fmt.Fprintf(w, `","splits":[],"grounding":{},"metadata":{"page_count":6000,"credit_usage":18000,"job_id":%q,"version":"dpt-2-20260410"}}`, id)
}

// watchMemory measures until it is asked: the most bytes of live and not yet
// collected objects over what there was at the start. The collector runs often
// meanwhile: how much garbage lies about otherwise is how busy the machine is.
func watchMemory(t *testing.T) (most func() int64) {
	t.Helper()
	usual := debug.SetGCPercent(20)
	runtime.GC()
	idle, peak := heap(), int64(0)
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			peak = max(peak, heap())
			time.Sleep(2 * time.Millisecond)
		}
	})
	return func() int64 {
		stop()
		done.Wait()
		debug.SetGCPercent(usual)
		return peak - idle
	}
}

func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// checkStagedText: what lies staged is the markdown, decoded.
func checkStagedText(t *testing.T, r *rig, want *text) {
	t.Helper()
	found := 0
	for o, err := range r.exchange.List(t.Context(), bucket.Page{Prefix: worker.StagingPrefix}) {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(o.Key, ".md") {
			continue
		}
		found++
		obj, err := r.exchange.Get(t.Context(), o.Key, bucket.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := &text{sum: sha256.New()}
		_, err = io.Copy(got, obj.Body)
		_ = obj.Body.Close()
		if err != nil || got.n != want.n || string(got.sum.Sum(nil)) != string(want.sum.Sum(nil)) {
			t.Errorf("staged %d bytes, want %d of other content (%v)", got.n, want.n, err)
		}
	}
	if found != 1 {
		t.Errorf("%d staged objects are Markdown, want 1", found)
	}
}
