package adetest

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"sync"
	"time"
)

// Provider is the stand-in, without a socket. Use it through [Provider.Handler]
// or [Provider.RoundTripper], and Close it in the end. It is safe for
// concurrent use. In a testing/synctest bubble, make it inside of the bubble.
type Provider struct {
	o      Options
	client *http.Client
	secret []byte // signs the URLs of large results

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	zdr       bool
	faults    Faults
	failNext  map[string][]RequestFault
	breakNext []JobFault
	jobs      map[string]*job
	byKey     map[string][]*job // in order of arrival
	ready     []*job
	working   int
	late      map[*time.Timer]int // second PUTs to come, with their bytes
	jobsPool  pool
	syncPool  pool
	pagesPool pool
	book      book
}

// New makes a provider.
func New(o Options) *Provider {
	o = o.withDefaults()
	p := &Provider{
		o:        o,
		secret:   make([]byte, 32),
		zdr:      o.ZDR,
		faults:   o.Faults,
		failNext: map[string][]RequestFault{},
		jobs:     map[string]*job{},
		byKey:    map[string][]*job{},
		late:     map[*time.Timer]int{},
		jobsPool: pool{perHour: o.Limit.PerHour},
		syncPool: pool{perHour: o.Limit.PerHour},

		pagesPool: pool{perHour: o.Limit.PagesPerHour},
		book:      newBook(o.Remember),
	}
	_, _ = rand.Read(p.secret) // never fails since Go 1.24
	p.client = transferClient(o)
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Close stops every timer, ends what is being worked on and waits for it. Jobs
// stay as they are.
func (p *Provider) Close() error {
	p.stop()
	p.mu.Lock()
	p.closed = true
	for _, j := range p.jobs {
		j.stopTimer()
	}
	for t := range p.late {
		t.Stop()
	}
	p.mu.Unlock()
	p.wg.Wait()
	if p.o.Client == nil {
		p.client.CloseIdleConnections()
	}
	return nil
}

// begin counts a piece of work that Close waits for. It says false when the
// provider is closed; the caller then leaves it.
func (p *Provider) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Add(1)
	return true
}

// SetZDR switches zero data retention on or off for requests to come.
func (p *Provider) SetZDR(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.zdr = on
}

func (p *Provider) isZDR() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.zdr
}

// transferClient copies the client of the options, or makes one, so that its
// redirect policy is ours.
func transferClient(o Options) *http.Client {
	c := &http.Client{Transport: ownTransport(o)}
	if o.Client != nil {
		copied := *o.Client
		c = &copied
	}
	if !o.Undocumented.FollowRedirects {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}

// ownTransport connects to where a URL says and nowhere else: a proxy of the
// environment would see signed URLs.
func ownTransport(o Options) *http.Transport {
	d := &net.Dialer{Timeout: 10 * time.Second}
	if o.RefusePrivateHosts {
		d.Control = refusePrivateAddress
	}
	return &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: o.Workers, IdleConnTimeout: 30 * time.Second}
}
