package adetest

import (
	"bytes"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is one request as the provider heard it.
type Request struct {
	Seq         int // from 1, in the order of the replies; 0 in a fault hook
	At          time.Time
	Operation   string // an Op constant
	Method      string
	Path, Query string
	HeaderNames []string
	UserAgent   string
	Fields      map[string]int // form fields: bytes by name
	JobID       string         // the job asked for, or made
	// MarkdownPath and OutputPath are the paths of the two URLs in it; that of
	// the document where it is a parse.
	MarkdownPath, OutputPath string
	// ContentBytes is how much document came within the request.
	ContentBytes int
	Status       int // of the reply; 0 when it was lost
	// Raw is the whole request: line, headers and body.
	Raw []byte
}

func (r *Request) addForm(f form) {
	r.Fields = map[string]int{}
	for _, p := range f.parts {
		r.Fields[p.name] += len(p.body)
		if p.name == "markdown" || p.name == "document" {
			r.ContentBytes += len(p.body)
		}
	}
	r.MarkdownPath = pathOf(either(f.text("markdown_url"), f.text("document_url")))
	r.OutputPath = pathOf(f.text("output_save_url"))
}

func pathOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Path
}

// Transfer is one fetch of a markdown_url or one PUT of a result.
type Transfer struct {
	At     time.Time
	JobID  string // empty for a fetch within a create or a sync call
	Path   string
	Try    int // from 1
	Status int // 0 when there was no answer
	Bytes  int
	Header http.Header // of the storage's answer: the provider is told these too
}

// Job is what the account shows of a job.
type Job struct {
	ID                       string
	MarkdownPath, OutputPath string
	Parse                    bool // a parse job; MarkdownPath is its document's
	Status                   string
	ReceivedAt               time.Time
	Billed                   bool
	Credits                  float64
}

// Account is all that the provider was told and did, up to now.
type Account struct {
	Requests []Request
	// Forgotten counts the oldest requests, left out of Requests for want of
	// room; see Options.Remember.
	Forgotten int
	// Counts is the number of requests by operation, forgotten ones too.
	Counts map[string]int
	// ContentBytes is how much document all requests carried.
	ContentBytes int64
	Fetches      []Transfer
	Puts         []Transfer
	Jobs         []Job // in order of arrival
	// HeldBytes is how much content the provider holds now: documents of jobs
	// that are not done, results that can still be read.
	HeldBytes int64
	Bill      Bill
}

// JobsOf are the jobs made for one markdown_url, by its path.
func (a Account) JobsOf(markdownPath string) []Job {
	var found []Job
	for _, j := range a.Jobs {
		if j.MarkdownPath == markdownPath {
			found = append(found, j)
		}
	}
	return found
}

// Bill is what was charged: completed jobs and answered sync calls.
type Bill struct {
	Jobs    int // completed jobs
	Calls   int // sync calls
	Credits float64
}

func (b *Bill) add(credits float64) { b.Credits = math.Round((b.Credits+credits)*10) / 10 }

// book is what the account is made from.
type book struct {
	requests  []Request
	room      int64
	kept      int64
	forgotten int
	seq       int
	counts    map[string]int
	content   int64
	fetches   []Transfer
	puts      []Transfer
	order     []*job
	bill      Bill
}

func newBook(room int64) book { return book{room: room, counts: map[string]int{}} }

// record writes a request into the book once its reply is known.
func (p *Provider) record(c *call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := &p.book
	b.seq++
	c.about.Seq = b.seq
	b.counts[c.about.Operation]++
	b.content += int64(c.about.ContentBytes)
	b.requests = append(b.requests, c.about)
	b.kept += int64(len(c.about.Raw))
	for b.kept > b.room && len(b.requests) > 1 {
		b.kept -= int64(len(b.requests[0].Raw))
		b.requests = b.requests[1:]
		b.forgotten++
	}
}

func (p *Provider) recordFetch(t Transfer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.book.fetches = append(p.book.fetches, t)
}

func (p *Provider) recordPut(t Transfer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.book.puts = append(p.book.puts, t)
}

// Account is a copy of the account as it stands.
func (p *Provider) Account() Account {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := &p.book
	a := Account{
		Requests:     slices.Clone(b.requests),
		Forgotten:    b.forgotten,
		Counts:       maps.Clone(b.counts),
		ContentBytes: b.content,
		Fetches:      slices.Clone(b.fetches),
		Puts:         slices.Clone(b.puts),
		Bill:         b.bill,
		Jobs:         make([]Job, 0, len(b.order)),
	}
	for _, j := range b.order {
		a.Jobs = append(a.Jobs, j.shown())
		a.HeldBytes += int64(len(j.markdown) + len(j.result))
	}
	for _, bytes := range p.late {
		a.HeldBytes += int64(bytes)
	}
	return a
}

// Billed is what was charged so far.
func (p *Provider) Billed() Bill {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.book.bill
}

// Heard is every byte that the provider was told outside of the documents that
// it fetched: whole requests, API keys included, and the headers of the
// storage's answers. A test scans it for what should not have been said.
func (p *Provider) Heard() []byte {
	a := p.Account()
	var all bytes.Buffer
	for _, r := range a.Requests {
		all.Write(r.Raw)
		all.WriteByte('\n')
	}
	for _, t := range slices.Concat(a.Fetches, a.Puts) {
		_ = t.Header.Write(&all) // a bytes.Buffer takes everything
		all.WriteByte('\n')
	}
	return all.Bytes()
}

// lastSegment is the name at the end of a path: what follows the last slash.
func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
