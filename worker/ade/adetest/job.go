package adetest

import (
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/extract"
)

// The statuses of a job, in the API's words.
const (
	StatusPending    = "pending"
	StatusProcessing = "processing"
	StatusCompleted  = "completed"
	StatusFailed     = "failed"
	StatusCancelled  = "cancelled"
)

// order is what a create or a sync call asks for.
type order struct {
	schema      *extract.Schema
	version     string
	filename    string
	markdown    []byte // given, or fetched at submit
	markdownURL string
	saveURL     string
	parse       *parsing // nil: an extraction
}

// listOf names a list: extractions and parses of one key are not mixed.
func listOf(parses bool, key string) string {
	if parses {
		return "parse " + key
	}
	return key
}

// job is one job. All but its id and order's constant parts are guarded by the
// provider's lock.
type job struct {
	order
	id, key  string
	received time.Time // on the provider's clock
	accepted time.Time // by the machine's: delays are counted from it
	delay    Delay
	fault    JobFault

	status  string
	failure string
	timer   *time.Timer
	result  []byte         // what data shows; nil under output_save_url
	receipt map[string]any // metadata
	partial bool
	billed  bool
	credits float64
}

func (j *job) stopTimer() {
	if j.timer != nil {
		j.timer.Stop()
	}
}

// progress is 0.0 or 1.0, the only two values for extraction.
func (j *job) progress() number {
	if j.parse != nil {
		return j.parseProgress()
	}
	if j.status == StatusCompleted {
		return "1.0"
	}
	return "0.0"
}

// said is the status as replies say it.
func (j *job) said() string { return either(j.fault.StatusWord, j.status) }

func (j *job) shown() Job {
	return Job{
		ID:           j.id,
		MarkdownPath: pathOf(j.markdownURL),
		OutputPath:   pathOf(j.saveURL),
		Parse:        j.parse != nil,
		Status:       j.status,
		ReceivedAt:   j.received,
		Billed:       j.billed,
		Credits:      j.credits,
	}
}

// number is JSON that keeps its decimals, as Python's does.
type number string

// MarshalJSON gives the number as it is written.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// accept makes a job of an order and starts its time.
func (p *Provider) accept(o order, key string) *job {
	j := &job{order: o, id: p.o.NewID(), key: key, received: p.o.Now(), accepted: time.Now(), delay: p.o.Delay, status: StatusPending}
	j.fault = p.jobFault(j.shown())
	if j.fault.Delay != nil {
		j.delay = *j.fault.Delay
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jobs[j.id] = j
	listed := listOf(o.parse != nil, key)
	p.byKey[listed] = append(p.byKey[listed], j)
	p.book.order = append(p.book.order, j)
	if !p.closed {
		j.timer = time.AfterFunc(j.delay.Pending, func() { p.process(j) })
	}
	return j
}

// process moves a job on and gives it its time there.
func (p *Provider) process(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	j.status = StatusProcessing
	if j.fault.End != EndNever {
		j.timer = time.AfterFunc(j.delay.Processing, func() { p.enqueue(j) })
	}
}

// enqueue hands a job to a worker; a new one when not all are at work. So ten
// thousand waiting jobs are ten thousand timers and no goroutine.
func (p *Provider) enqueue(j *job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.ready = append(p.ready, j)
	if p.working < p.o.Workers {
		p.working++
		p.wg.Add(1)
		go p.work()
	}
}

// work does jobs until none is ready.
func (p *Provider) work() {
	defer p.wg.Done()
	for {
		p.mu.Lock()
		if len(p.ready) == 0 || p.closed {
			p.working--
			p.mu.Unlock()
			return
		}
		j := p.ready[0]
		p.ready = p.ready[1:]
		p.mu.Unlock()
		p.run(j)
	}
}
