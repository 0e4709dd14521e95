//go:build !nosandbox && linux

package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// prices are Amazon's list prices for S3 Standard in us-east-1, in dollars for
// 1,000 requests (aws.amazon.com/s3/pricing, as known in 2025): $0.005 for PUT,
// COPY, POST and LIST, $0.0004 for GET and everything else, nothing for DELETE.
var prices = map[string]float64{"PUT": 0.005, "COPY": 0.005, "LIST": 0.005, "GET": 0.0004, "HEAD": 0.0004}

// theirs is what the provider's GET and PUT by presigned URL cost the owner of
// the bucket, for 1,000 jobs.
const theirs = 0.005 + 0.0004

func (m measured) dollars() float64 {
	sum := 0.0
	for kind, n := range m.requests {
		sum += prices[kind] * m.per(n)
	}
	return sum + theirs
}

func (m measured) rate() float64 { return float64(m.jobs) / m.took.Seconds() }

// row is one line of the table of requests.
func row(name string, m measured) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %.1f | %.1f |", name, m.rate(), float64(m.jobs)/m.cpu.Seconds())
	for _, kind := range kinds {
		fmt.Fprintf(&b, " %.2f |", m.per(m.requests[kind]))
	}
	fmt.Fprintf(&b, " **%.2f** | %.2f | %s | %s | %.4f |\n", m.per(m.all()), m.per(m.atProvider), ms(m, 0.5), ms(m, 0.99), m.dollars())
	return b.String()
}

func ms(m measured, q float64) string {
	if len(m.delays) == 0 {
		return "–"
	}
	return fmt.Sprintf("%d ms", m.at(q).Milliseconds())
}

func head() string {
	return fmt.Sprintf("%s, %s/%s, %d processors\n\n| | jobs/s | jobs/CPU s | %s | S3 a job | provider | p50 | p99 | $ per 1,000 |\n|---|%s\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(kinds, " | "), strings.Repeat("---:|", 8+len(kinds)))
}

var places = []struct {
	name string
	open func(testing.TB) *place
}{{"embedded", embedded}, {"MinIO", onMinIO}}

// sizes are how many jobs are run with how many in flight, and how long the
// provider works on each: so little that it is the worker that is measured. URLs
// outlive the job, as they do everywhere but here.
var sizes = []struct {
	jobs, inFlight int
	work, urls     time.Duration
}{
	{40, 1, 20 * time.Millisecond, urlLife},
	{500, 100, 200 * time.Millisecond, urlLife},
	{3000, 1000, 3 * time.Second, 3 * urlLife},
}

// BenchmarkTable prints the whole table.
func BenchmarkTable(b *testing.B) {
	out, open := head(), "\n| open loop, 1000 at the provider | p50 | p99 |\n|---|---:|---:|\n"
	add := func(name string, m measured) {
		out += row(name, m)
		b.Log(row(name, m))
	}
	for _, at := range places {
		full := 0.0 // jobs/s at the last size, which fills the processors
		for _, size := range sizes {
			name := fmt.Sprintf("%s, %d in flight", at.name, size.inFlight)
			b.Run(fmt.Sprintf("%s/%d", at.name, size.inFlight), func(b *testing.B) {
				add(name+", bare loop", newRound(b, lasting(at.open(b), size.urls), size.work).bare(b, size.jobs, size.inFlight))
				m := newRound(b, lasting(at.open(b), size.urls), size.work).fleet(b, size.jobs, size.inFlight, true)
				full = m.rate()
				add(name, m)
			})
		}
		for _, events := range []bool{true, noEvents} {
			name := map[bool]string{true: "events", noEvents: "no events"}[events]
			b.Run(at.name+"/open/"+name, func(b *testing.B) {
				if full == 0 {
					b.Skip("the rate comes from the round before: run it too")
				}
				m := unsaturated(b, at.open, 1000, full, events)
				line := fmt.Sprintf("| %s, %.0f jobs/s, %s | %s | %s |\n", at.name, full/2, name, ms(m, 0.5), ms(m, 0.99))
				open += line
				b.Log(line)
			})
		}
		b.Run(at.name+"/blind", func(b *testing.B) {
			add(at.name+", 100 in flight, without events", newRound(b, at.open(b), 200*time.Millisecond).fleet(b, 500, 100, noEvents))
		})
	}
	fmt.Fprint(os.Stdout, "\n", out, open)
}

// A few jobs of each, so that the table is known to work: requests are counted
// and stay within what the package says of them.
func TestRounds(t *testing.T) {
	at := embedded(t)
	m := newRound(t, at, 0).bare(t, 4, 2)
	if n := m.all(); n != 4*5 {
		t.Errorf("the bare loop made %d requests for 4 jobs, want 5 each: %v", n, m.requests)
	}
}

// TestFleet counts the requests of some jobs from arrival to close by kind, and
// holds them to the table in package worker.
func TestFleet(t *testing.T) {
	at := embedded(t)
	at.sign.Lifetime.Asked = 5 * time.Second
	const jobs = 60
	m := newRound(t, at, 50*time.Millisecond).fleet(t, jobs, 20, true)
	t.Logf("%s", row("smoke", m))
	for kind, most := range map[string]float64{"PUT": 6, "COPY": 1} {
		if got := m.per(m.requests[kind]); got > most+0.7 {
			t.Errorf("%.2f %s a job, want about %.0f", got, kind, most)
		}
	}
	if got := m.per(m.atProvider); got > 2.2 {
		t.Errorf("%.2f requests to the provider a job", got)
	}
}
