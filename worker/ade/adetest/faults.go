package adetest

import (
	"net/http"
	"sync"
	"time"
)

// The operations, as [Request] and [Provider.FailNext] name them.
const (
	OpCreate      = "extract.create" // POST /v1/ade/extract/jobs
	OpGet         = "extract.get"    // GET  /v1/ade/extract/jobs/{job_id}
	OpList        = "extract.list"   // GET  /v1/ade/extract/jobs
	OpSync        = "extract.sync"   // POST /v1/ade/extract
	OpParseCreate = "parse.create"   // POST /v1/ade/parse/jobs
	OpParseGet    = "parse.get"      // GET  /v1/ade/parse/jobs/{job_id}
	OpParseList   = "parse.list"     // GET  /v1/ade/parse/jobs
	OpParseSync   = "parse.sync"     // POST /v1/ade/parse

	OpDownload = "output.get" // GET of a large result's output_url
	OpUnknown  = "unknown"    // anything else
)

// Faults says what goes wrong, asked case by case. Either func may be nil. They
// are called from many goroutines, outside of the provider's locks, and may
// ask the provider anything. Their zero answers mean that nothing goes wrong.
type Faults struct {
	// Request is asked about each request, after it has been read whole and
	// before anything is done about it.
	Request func(Request) RequestFault
	// Job is asked once about each job, when it is made.
	Job func(Job) JobFault
}

// Drop is a way to lose a reply.
type Drop int

// The ways to lose a reply.
const (
	DropNone   Drop = iota
	DropDial        // in process: connection refused, nothing was heard; over a socket as DropBefore
	DropBefore      // the request was read, nothing was done, the connection closes
	DropAfter       // the request was done, the connection closes: a 202 is lost
	DropWithin      // the request was done, half of the reply arrives
)

// RequestFault is what goes wrong with one request.
type RequestFault struct {
	Delay time.Duration // before the reply, after the work
	Drop  Drop
	// Status answers with this status instead; 0 for the real answer.
	Status int
	// Accept does the work before Status is sent: a 5xx after the accept.
	Accept bool
	// Body is sent with Status; default a text for the status.
	Body []byte
	// RetryAfter is sent as Retry-After in whole seconds; 0 for none.
	RetryAfter time.Duration
	// Header is added to the reply's.
	Header http.Header
	// Extra are members added to a JSON object in the reply.
	Extra map[string]any
}

// End is how a job ends in spite of itself.
type End int

// How a job ends.
const (
	EndNormally  End = iota
	EndFailed        // failed, not billed
	EndCancelled     // cancelled, not billed
	EndNever         // stays in processing
)

// JobFault is what goes wrong with one job.
type JobFault struct {
	// Delay replaces the provider's when not nil.
	Delay *Delay
	End   End
	// Reason is the failure_reason of EndFailed; default a general one.
	Reason string
	// Hidden is how long after the 202 a GET says 404.
	Hidden time.Duration
	// Unlisted keeps the job out of lists for ever; ListLag for a while longer
	// than the provider's own.
	Unlisted bool
	ListLag  time.Duration
	// StatusWord is what replies say as status, such as one unheard of.
	StatusWord string
	// Leak keeps a saved result and shows it in data, which breaks the
	// promise of zero data retention.
	Leak bool
	// FailPages are pages of a parse, counted from 0, that cannot be read.
	FailPages []int
	// Landing is what goes wrong with the PUT.
	Landing Landing
}

// Landing is what goes wrong with the delivery of one result.
type Landing struct {
	// Fails makes the PUT fail without a request; see
	// [Undocumented.UndeliveredCompletes].
	Fails bool
	// Skip completes and bills the job without a PUT.
	Skip bool
	// Twice puts the result two times before the job completes.
	Twice bool
	// Again puts the result once more, that long after the job has ended; 0
	// for not. The content is held until then.
	Again time.Duration
	// Alter changes the bytes that are put; see Truncate, Garbage, Pad and
	// OfAnotherJob.
	Alter func([]byte) []byte
}

// SetFaults replaces the faults of Options.
func (p *Provider) SetFaults(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// FailNext makes the next n requests of an operation fail, before Faults is
// asked. Calls add up in order.
func (p *Provider) FailNext(operation string, n int, f RequestFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range n {
		p.failNext[operation] = append(p.failNext[operation], f)
	}
}

// BreakNext makes the next n jobs go wrong, before Faults is asked.
func (p *Provider) BreakNext(n int, f JobFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range n {
		p.breakNext = append(p.breakNext, f)
	}
}

// HoldNext keeps the results of the next n jobs back until letGo is called: no
// test has to be quicker than the provider. Close waits for them; letGo may be
// called again.
func (p *Provider) HoldNext(n int) (letGo func()) {
	held := make(chan struct{})
	p.BreakNext(n, JobFault{Landing: Landing{Alter: func(result []byte) []byte {
		<-held
		return result
	}}})
	return sync.OnceFunc(func() { close(held) })
}

func (p *Provider) requestFault(r Request) RequestFault {
	p.mu.Lock()
	queue, hook := p.failNext[r.Operation], p.faults.Request
	if len(queue) > 0 {
		p.failNext[r.Operation] = queue[1:]
	}
	p.mu.Unlock()
	switch {
	case len(queue) > 0:
		return queue[0]
	case hook != nil:
		return hook(r)
	}
	return RequestFault{}
}

func (p *Provider) jobFault(j Job) JobFault {
	p.mu.Lock()
	queue, hook := p.breakNext, p.faults.Job
	if len(queue) > 0 {
		p.breakNext = queue[1:]
	}
	p.mu.Unlock()
	switch {
	case len(queue) > 0:
		return queue[0]
	case hook != nil:
		return hook(j)
	}
	return JobFault{}
}
