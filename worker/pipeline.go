package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Provider is what a worker asks of the provider. *ade.Client is one.
type Provider interface {
	CreateExtractJob(ctx context.Context, job ade.ExtractJob) (zdr.JobID, error)
	ExtractJob(ctx context.Context, id zdr.JobID, ref string) (ade.Job, error)
	ExtractJobs(ctx context.Context, o ade.ListOptions) (ade.JobList, error)

	CreateParseJob(ctx context.Context, job ade.ParseJob) (zdr.JobID, error)
	ParseJob(ctx context.Context, id zdr.JobID, ref string) (ade.Job, error)
	ParseJobs(ctx context.Context, o ade.ListOptions) (ade.JobList, error)
}

// Signer makes the two URLs of one attempt. *presign.Signer is one.
type Signer interface {
	Sign(ctx context.Context, ask presign.Ask) (presign.Pair, error)
}

// Uncertain says what becomes of a job when neither its outbox nor the
// provider's list can tell whether an attempt was billed.
type Uncertain string

const (
	// UncertainWait holds the job and goes on looking for a late result.
	UncertainWait Uncertain = "wait"
	// UncertainResubmit submits again: the document may be billed twice.
	UncertainResubmit Uncertain = "resubmit"
)

// Deleted says what becomes of a result whose document is gone by then.
type Deleted string

const (
	DeletedKeep    Deleted = "keep"
	DeletedDiscard Deleted = "discard"
)

// Config is everything that a pipeline is made of. Store, Exchange, Provider
// and Signer are required.
type Config struct {
	Store    Store // the team's bucket: documents, results, records
	Exchange Store // the only bucket that the provider sees
	Provider Provider
	Signer   Signer
	Routes   Routes
	Settings Settings
	// Development marks every record: all of it was loopback. Default: false.
	Development bool
	// Limits are what all workers together keep to at the provider. Default: none.
	Limits Limits
	// Budget is what may be spent. Default: no bound.
	Budget Budget
	// Registerer gets this pipeline's metrics. Default: nothing is measured.
	Registerer prometheus.Registerer
	// Logger gets one line per transition, with refs and no names. Default:
	// nothing is logged.
	Logger *slog.Logger
	// Recorder is told what is removed from the exchange bucket, before it is.
	// Default: nobody is told.
	Recorder zdr.Recorder
	// Check is asked with the first bytes of a Markdown document before it is
	// claimed. Default: CheckMarkdown.
	Check func(head []byte, size int64) error
	// CheckFile is asked about a document that has to be parsed, before it is
	// claimed: a *Fault says why it cannot be, and is what its submitter is told.
	// Default: CheckFile.
	CheckFile func(ctx context.Context, f File) (FileFacts, error)
	// Password reads the secret that opens the documents of a route, by the name
	// that the route gives it. Default: there is none.
	Password func(ctx context.Context, name string) (zdr.Password, error)
}

// Settings are the numbers of the protocol. The zero value works.
type Settings struct {
	// Lease is how long a worker may prepare an attempt before another takes
	// over with a new token. Default: 2 minutes.
	Lease time.Duration
	// PostTimeout bounds one POST to the provider, answer included. Default: 1 minute.
	PostTimeout time.Duration
	// Skew is how wrong workers' clocks may be before a healthy attempt is
	// fenced needlessly. Default: 30 seconds.
	Skew time.Duration
	// ListLag is how long after a document was taken away from under its URL a
	// job that has read it may be missing from the provider's list: the longest
	// fetch, because one that had begun goes on, and the list's own lag. Not
	// documented by the provider; the promise "at most one bill" rests on it
	// after a lost answer. Default: 2 minutes.
	ListLag time.Duration
	// DrainMargin is the longest upload: a PUT that began just before its URL
	// ended may land so much later. Default: 1 hour.
	DrainMargin time.Duration
	// JobTime is the least validity that a URL must have at submission: the time
	// that the slowest job may take. Default: 30 minutes.
	JobTime time.Duration
	// Attempts is how many submissions a document may take in one generation,
	// all but the last of them unbilled. Default: 3.
	Attempts int
	// InFlight is how many jobs of one Run may be open at the provider.
	// Default: 100.
	InFlight int
	// Workers is how many jobs of one Run are advanced at the same time.
	// Default: 16.
	Workers int
	// Poll is the shortest time between two listings of the outbox in a Run; it
	// grows to PollMax while nothing arrives. Default: 250 milliseconds.
	Poll time.Duration
	// PollMax is the longest time between two listings. Default: 30 seconds.
	PollMax time.Duration
	// Ask is how long the provider is left alone about a job that has not
	// delivered. Default: 1 minute.
	Ask time.Duration
	// MaxResult is the largest result that is sealed, in bytes. Default: 1 GiB.
	MaxResult int64
	// KeepParsed is how long a parse result is kept for other routes and
	// revisions, from when it was written or a job found it due. After that a
	// document that has to be parsed is parsed, and billed, anew. Default: for ever.
	KeepParsed time.Duration
	// OnUncertain. Default: UncertainWait.
	OnUncertain Uncertain
	// OnSourceDeleted. Default: DeletedKeep.
	OnSourceDeleted Deleted
}

func (s Settings) withDefaults() Settings {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&s.Lease, 2*time.Minute)
	def(&s.PostTimeout, time.Minute)
	def(&s.Skew, 30*time.Second)
	def(&s.ListLag, 2*time.Minute)
	def(&s.DrainMargin, time.Hour)
	def(&s.JobTime, 30*time.Minute)
	def(&s.Poll, 250*time.Millisecond)
	def(&s.PollMax, 30*time.Second)
	def(&s.Ask, time.Minute)
	num := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	num(&s.Attempts, 3)
	num(&s.InFlight, 100)
	num(&s.Workers, 16)
	if s.MaxResult == 0 {
		s.MaxResult = 1 << 30
	}
	if s.OnUncertain == "" {
		s.OnUncertain = UncertainWait
	}
	if s.OnSourceDeleted == "" {
		s.OnSourceDeleted = DeletedKeep
	}
	return s
}

func (s Settings) validate() error {
	for name, d := range map[string]time.Duration{
		"Lease": s.Lease, "PostTimeout": s.PostTimeout, "Skew": s.Skew, "ListLag": s.ListLag, "DrainMargin": s.DrainMargin,
		"JobTime": s.JobTime, "KeepParsed": s.KeepParsed, "Poll": s.Poll, "PollMax": s.PollMax, "Ask": s.Ask,
	} {
		if d < 0 {
			return fmt.Errorf("settings: %s is negative", name)
		}
	}
	if s.Attempts < 1 || s.InFlight < 1 || s.Workers < 1 || s.MaxResult < 1 {
		return errors.New("settings: Attempts, InFlight, Workers and MaxResult must be at least 1")
	}
	return nil
}

// Pipeline moves jobs along. It holds nothing per waiting job: everything is in
// the buckets. It is safe for concurrent use.
type Pipeline struct {
	store, exchange Store
	provider        Provider
	signer          Signer
	routes          Routes
	set             Settings
	dev             bool
	log             *slog.Logger
	recorder        zdr.Recorder
	check           func([]byte, int64) error
	checkFile       func(context.Context, File) (FileFacts, error)
	password        func(context.Context, string) (zdr.Password, error)
	now             func() time.Time // this worker's clock; no safety argument uses it (I8)
	off             rule             // rules that a test has taken away

	revisions map[string][]int // of each route, all that were admitted but its own

	secret *fleetSecret
	holder string // this worker, in leases
	gate   gate
	// Parses fall under a limit of their own.
	pageGate gate
	pages    pacer
	brake    brake
	pauses   control[Pause]
	pacer    pacer
	duty     control[Duty]
	purse    *purse
	meter    *meter // nil: nothing is measured
	hands    hands
	bin      *bin
	trust    trust
	failures failures
	known    *known
	newer    *newerRecords
	clock    *clockwatch
	seen     sync.Map // schema digests known to lie in the bucket → zdr.Schema

	extractLists, parseLists *listings
}

// New makes a pipeline. It reads the fleet's secret, or makes it; it refuses
// buckets that another fleet uses, an exchange bucket in which a staged copy
// could not be deleted, a store that lets two writers win the same state, and a
// route that was edited without a new revision.
func New(ctx context.Context, c Config) (*Pipeline, error) {
	if c.Store == nil || c.Exchange == nil || c.Provider == nil || c.Signer == nil {
		return nil, errors.New("worker: Store, Exchange, Provider and Signer are required")
	}
	if c.Store.Name() == c.Exchange.Name() {
		return nil, &Fault{Code: CodeConfig, Hint: "store and exchange must be two buckets: the provider sees the exchange"}
	}
	set := c.Settings.withDefaults()
	if err := set.validate(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	p := &Pipeline{
		store: c.Store, exchange: c.Exchange, provider: c.Provider, signer: c.Signer, routes: c.Routes,
		set: set, dev: c.Development, log: c.Logger, check: c.Check, recorder: c.Recorder, known: newKnown(), extractLists: newListings(), parseLists: newListings(), newer: newNewer(), bin: newBin(), clock: newClockwatch(), holder: newNonce(),
		checkFile: c.CheckFile, password: c.Password, pages: newPacer(c.Limits.pages(), pagesKey), failures: failures{turn: make(chan struct{}, 1)},
		now: time.Now, brake: newBrake(),
		pauses: newControl[Pause](pauseKey), pacer: newPacer(c.Limits, paceKey), duty: newControl[Duty](dutyKey), purse: newPurse(c.Budget),
	}
	if err := p.measure(c.Registerer); err != nil {
		return nil, err
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.recorder == nil {
		p.recorder = nobody{}
	}
	if p.check == nil {
		p.check = CheckMarkdown
	}
	// On the stores as given: who loses a race on purpose is no conflict that a
	// metric should count.
	if err := p.refuseUnsafeStores(ctx, c.Store, c.Exchange); err != nil {
		return nil, err
	}
	if p.checkFile == nil {
		p.checkFile = CheckFile
	}
	return p, p.join(ctx)
}

// nobody is told.
type nobody struct{}

func (nobody) Record(context.Context, zdr.Entry) error { return nil }

// join finds this pipeline's place among others on the same buckets.
func (p *Pipeline) join(ctx context.Context) error {
	if err := p.joinFleet(ctx); err != nil {
		return err
	}
	if err := p.refuseLockedExchange(ctx); err != nil {
		return err
	}
	return p.admitRoutes(ctx)
}

// propertied is what a Store may say of itself beyond the interface.
type propertied interface {
	Properties(ctx context.Context) (bucket.Properties, error)
}

// refuseLockedExchange keeps documents out of a bucket that would not let them
// go again.
func (p *Pipeline) refuseLockedExchange(ctx context.Context) error {
	l, ok := p.exchange.(propertied)
	if !ok {
		return nil
	}
	is, err := l.Properties(ctx)
	if err != nil {
		return fault("exchange.properties", "", err)
	}
	if is.DefaultRetention {
		return &Fault{Op: "exchange.properties", Code: CodeConfig, Hint: "the exchange bucket has a default object lock: a staged document could not be removed. Use a bucket without it"}
	}
	return nil
}

// storeTime is the store's clock, or ours where an answer carried none.
func (p *Pipeline) storeTime(t time.Time) time.Time {
	if t.IsZero() {
		return p.now().UTC()
	}
	return t.UTC()
}

// hands is a lock per job within this process: two nudges for one job would
// only make each other lose their races.
type hands struct {
	mu   sync.Mutex
	busy map[ID]chan struct{}
}

// take waits until nobody has the job.
func (h *hands) take(ctx context.Context, id ID) (release func(), err error) {
	for {
		release, wait := h.try(id)
		if wait == nil {
			return release, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// try takes the job, or gives what is closed when whoever has it lets it go.
func (h *hands) try(id ID) (release func(), wait <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if wait, busy := h.busy[id]; busy {
		return nil, wait
	}
	if h.busy == nil {
		h.busy = map[ID]chan struct{}{}
	}
	done := make(chan struct{})
	h.busy[id] = done
	return func() { h.mu.Lock(); delete(h.busy, id); h.mu.Unlock(); close(done) }, nil
}
