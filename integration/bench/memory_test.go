//go:build !nosandbox && linux

package bench

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// BenchmarkWaiting compares the memory of a worker that has so many jobs at the
// provider with the same worker's before.
func BenchmarkWaiting(b *testing.B) { waiting(b, 10_000) }

// TestWaiting is a small one: what waits must not cost what a goroutine costs.
func TestWaiting(t *testing.T) {
	if idle, full := waiting(t, 200); full > idle+idle/2 {
		t.Errorf("%d KB idle, %d KB with 200 jobs that wait", idle>>10, full>>10)
	}
}

func waiting(t testing.TB, jobs int) (idle, full int64) {
	r := newRound(t, embedded(t), time.Hour)
	r.documents(t, jobs)
	c := startChild(t, r.forChild(t))
	c.say(t, "tidy")
	time.Sleep(2 * time.Second)
	c.say(t, "tidy")
	idle = c.memory(t, "VmRSS")
	c.say(t, "arrive")
	r.waitStaged(t, jobs)
	time.Sleep(3 * time.Second)
	before := c.memory(t, "VmRSS")
	c.say(t, "tidy")
	full = c.memory(t, "VmRSS")
	for range 30 { // a busy machine may not be done: what is held stays
		if full <= idle+idle/2 {
			break
		}
		time.Sleep(time.Second)
		c.say(t, "tidy")
		full = min(full, c.memory(t, "VmRSS"))
	}
	t.Logf("| %d jobs wait | idle %.1f MB | %.1f MB, %.1f MB before unused memory was given back | ratio %.2f |",
		jobs, mb(idle), mb(full), mb(before), float64(full)/float64(idle))
	return idle, full
}

func mb(n int64) float64 { return float64(n) / (1 << 20) }

// waitStaged waits until so many jobs are at the provider.
func (r *round) waitStaged(t testing.TB, jobs int) {
	for end := time.Now().Add(20 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		n := 0
		for _, j := range r.provider.Account().Jobs {
			if j.ID != "" {
				n++
			}
		}
		if n >= jobs {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d jobs were submitted", n, jobs)
		}
	}
}

// TestLargeResult: a result of 256 MiB passes through a worker that never holds
// more than a few parts of it. ZDRWORKER_BENCH_MIB makes it another size.
func TestLargeResult(t *testing.T) {
	if raceOn {
		t.Skip("the race detector's own memory hides the worker's")
	}
	size := int64(256 << 20)
	if mib, err := strconv.ParseInt(os.Getenv("ZDRWORKER_BENCH_MIB"), 10, 64); err == nil {
		size = mib << 20
	} else if testing.Short() {
		size = 32 << 20
	}
	const allowed = 192 << 20 // some parts of an upload, and as much again until it is collected
	r := newRound(t, embedded(t), time.Hour)
	r.documents(t, 1)
	c := startChild(t, r.forChild(t))
	c.say(t, "arrive")
	r.waitStaged(t, 1)
	before := c.memory(t, "VmHWM")
	r.putLarge(t, size)
	for end := time.Now().Add(5 * time.Minute); !r.has(t, "results/"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the result is not published")
		}
	}
	peak := c.memory(t, "VmHWM")
	t.Logf("| result of %.0f MB | peak %.1f MB, before %.1f MB |", mb(size), mb(peak), mb(before))
	if peak > before+allowed {
		t.Errorf("the worker's peak rose by %.0f MB for a result of %.0f MB", mb(peak-before), mb(size))
	}
}

// putLarge does what the provider does, with a result of some size.
func (r *round) putLarge(t testing.TB, size int64) {
	key := ""
	for o, err := range r.place.exchange.List(t.Context(), bucket.Page{Prefix: "s/"}) {
		if err != nil {
			t.Fatal(err)
		}
		key = "o/" + strings.TrimSuffix(strings.TrimPrefix(o.Key, "s/"), ".md") + ".json"
	}
	line := bytes.Repeat([]byte("0123456789abcdef"), 64)
	field := fmt.Appendf(nil, `,"%s"`, line)
	n := size / int64(len(field))
	body := io.MultiReader(
		strings.NewReader(`{"extraction":{"number":"1","lines":[""`), &repeated{field: field, left: n},
		strings.NewReader(`]},"metadata":{"credit_usage":1}}`))
	if _, err := r.place.exchange.Put(t.Context(), key, body, bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

// repeated reads as the same bytes again and again.
type repeated struct {
	field []byte
	left  int64
	rest  []byte
}

// Read gives some.
func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.field
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *round) has(t testing.TB, prefix string) bool {
	for _, err := range r.place.owner.List(t.Context(), bucket.Page{Prefix: prefix, Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		return true
	}
	return false
}
