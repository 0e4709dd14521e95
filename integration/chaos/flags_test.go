//go:build unix

package chaos

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	docsFlag  = flag.Int("chaos.docs", 40, "how many documents")
	killsFlag = flag.Int("chaos.kills", 10, "how many SIGKILLs and SIGSTOPs")
	pdfsFlag  = flag.Int("chaos.pdfs", 20, "how many documents of a hundred are PDFs, which are parsed first")
	procsFlag = flag.Int("chaos.procs", 3, "how many processes at a time")
	seedFlag  = flag.Uint64("chaos.seed", 0, "seed of the plan; 0 takes a new one")
	lifeFlag  = flag.Duration("chaos.life", 0, "life of a presigned URL; 0 is 20s for up to 200 documents, else 2m")
	logFlag   = flag.String("chaos.log", "", "file for every line that the processes write")
)

// plan is what a run is asked to do.
type plan struct {
	seed                     uint64
	docs, pdfs, kills, procs int
	life                     time.Duration
}

// parsed says whether document n is a PDF.
func (p plan) parsed(n int) bool { return n*p.pdfs/100 != (n+1)*p.pdfs/100 }

// parses is how many documents are PDFs.
func (p plan) parses() int { return p.docs * p.pdfs / 100 }

func newPlan(t *testing.T) plan {
	p := plan{seed: *seedFlag, docs: *docsFlag, pdfs: *pdfsFlag, kills: *killsFlag, procs: *procsFlag, life: *lifeFlag}
	if p.docs < 1 || p.kills < 0 || p.procs < 1 || p.pdfs < 0 || p.pdfs > 100 {
		t.Fatal("-chaos.docs and -chaos.procs begin at 1, -chaos.kills at 0, -chaos.pdfs goes from 0 to 100")
	}
	if p.seed == 0 {
		p.seed = rand.Uint64()
	}
	if p.life == 0 {
		p.life = 20 * time.Second
		if p.docs > 200 {
			p.life = 2 * time.Minute
		}
	}
	t.Logf("seed %d; again: go test ./integration/chaos -v -chaos.seed=%[1]d -chaos.docs=%d -chaos.pdfs=%d -chaos.kills=%d -chaos.procs=%d -chaos.life=%s",
		p.seed, p.docs, p.pdfs, p.kills, p.procs, p.life)
	return p
}

// dice are the decisions of one part of the run: each part has its own, so that
// what one does changes nothing for the others.
func (p plan) dice(part uint64) *dice { return &dice{rand.New(rand.NewPCG(p.seed, part))} }

type dice struct{ *rand.Rand }

// between gives a time from a to b.
func (d *dice) between(a, b time.Duration) time.Duration {
	return a + time.Duration(d.Int64N(int64(b-a)))
}

// percent is true so often.
func (d *dice) percent(p float64) bool { return d.Float64()*100 < p }

// The protocol's numbers in these runs. The list lag covers the stand-in's own
// (listLag) and the time that it may take to fetch a document (transfer): a
// job is in no list before its document was read.
const (
	lease       = 2 * time.Second
	postTimeout = 3 * time.Second
	skew        = time.Second
	drainMargin = 3 * time.Second
	jobTime     = 5 * time.Second
	listWait    = 2 * time.Second
	listLag     = 500 * time.Millisecond
	transfer    = time.Second
)
