package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
	"github.com/zdrworker/zdrworker/zdr"
)

const (
	storeName    = "acme-docs"
	exchangeName = "acme-x7k29fq4"
	region       = "eu-west-1"
	exchangeHost = exchangeName + ".s3." + region + ".amazonaws.com"
	readerKey    = "AKIAREADER"
	writerKey    = "AKIAWRITER"
	routeName    = "invoices"
	otherRoute   = "receipts" // takes the files too, in some workers' configuration

	// nameMark and textMark are what must be found nowhere but in content.
	nameMark = "Qx7vNamE"
	textMark = "Zk3wTexT"

	simListLag   = 109 * time.Second // with the provider's own, within Settings.ListLag
	simMaxResult = 4 << 10
)

var simSchema = func() zdr.Schema {
	s, err := zdr.ParseSchema([]byte(invoiceSchema))
	if err != nil {
		panic(err)
	}
	return s
}()

// options choose one simulation; they and nothing else decide how it goes.
type options struct {
	seed      uint64
	docs      int
	faults    faultSet
	intensity float64 // multiplies the odds of every fault
	steps     int     // of the part in which things go wrong
	without   worker.Rule
	uncertain worker.Uncertain
	deleted   worker.Deleted
	versioned bool
	workers   int
	files     int           // of four documents so many must be parsed first
	keep      time.Duration // parse results are kept so long; 0: for ever
	twoRoutes bool          // every other worker has another route for them
	pauseAt   string        // workers sleep often before effects that begin so: "put results/"
	limits    worker.Limits
}

// sim is one world: buckets, provider, workers and time.
type sim struct {
	o        options
	rng      *rand.Rand
	began    time.Time
	server   *memstore.Server
	provider *adetest.Provider
	names    *worker.Pipeline // reads keys; has no part in the story
	docs     []*document
	events   []event
	procs    []*process
	watch    *watch
	theirs   clock

	chaos        bool
	skew         time.Duration // of the store's clock
	outage       time.Time     // the store is away until then
	bare         time.Time     // there are no credentials for URLs until then
	window       time.Time     // the provider refuses until then
	windowStatus int
	happened     [numFaults]int
	steps        int
	puts         map[string]int // by key

	mu      sync.Mutex
	over    bool
	waiting []*waiter
	late    []late
	next    *adetest.RequestFault

	tracing  bool
	trace    []string
	problems []problem
}

// problem is a broken promise.
type problem struct{ kind, text string }

func (s *sim) violate(kind, format string, args ...any) {
	s.problems = append(s.problems, problem{kind, fmt.Sprintf(format, args...)})
	s.note("WATCH", "VIOLATION "+kind+": "+fmt.Sprintf(format, args...))
}

func (s *sim) failed() bool { return len(s.problems) > 0 }

// event tells a worker of a document; it may come late, twice or never.
type event struct {
	doc     worker.Document
	notTill time.Time
}

// newSim makes the world of a seed. It is called inside a bubble.
func newSim(o options, tracing bool) *sim {
	s := &sim{o: o, puts: map[string]int{}, rng: rand.New(rand.NewPCG(o.seed, 7)), began: time.Now(), server: memstore.NewServer(), tracing: tracing}
	s.watch = newWatch()
	s.server.Create(storeName, memstore.Options{Versioned: o.versioned})
	s.server.Create(exchangeName, memstore.Options{})
	// The store's promise is not the story: TestCheckSwap is about it.
	if _, err := s.server.Bucket(storeName).Put(context.Background(), worker.SwapKey, strings.NewReader(`{"format":1}`), bucket.PutOptions{}); err != nil {
		panic(err)
	}
	s.server.Intercept(s.intercept)
	if o.faults[storeSmallPages] {
		s.server.SetPageSize(2)
	}
	if o.faults[storeSkew] {
		s.skew = between(s.rng, -4*time.Minute, 4*time.Minute)
		s.server.SetSkew(s.skew)
	}
	s.theirs = s.newClock()
	s.provider = adetest.New(s.providerOptions())
	return s
}

func (s *sim) providerOptions() adetest.Options {
	o := adetest.Options{
		ZDR: true, Client: &http.Client{Transport: storage{s}},
		Delay:  adetest.Delay{Pending: between(s.rng, time.Second, 30*time.Second), Processing: between(s.rng, time.Second, 3*time.Minute)},
		Faults: adetest.Faults{Request: s.requestFault, Job: s.jobFault}, Now: s.theirs.now,
	}
	if s.o.faults[listLag] {
		o.ListLag = between(s.rng, 0, 10*time.Second)
	}
	if s.o.faults[fetchLate] {
		o.Undocumented.Fetch = adetest.AtRun
	}
	if s.o.faults[urlNotNamed] {
		o.Undocumented.OutputURL = adetest.EchoNever
	}
	o.Undocumented.PutTries, o.Undocumented.FetchTries = 1, 1
	if s.o.faults[providerRetries] {
		o.Undocumented.PutTries, o.Undocumented.FetchTries = 4, 3
	}
	o.Undocumented.UndeliveredCompletes = s.o.faults[putFailsBilled]
	return o
}

// storeNow is S3's clock.
func (s *sim) storeNow() time.Time { return time.Now().Add(s.skew) }

// spawn begins a new life of worker number id.
func (s *sim) spawn(id, life int) *process {
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{id: id, life: life, cancel: cancel, lists: 9}
	p.ctx = context.WithValue(ctx, processKey{}, p)
	if s.o.faults[workerSkew] {
		p.skew = between(s.rng, -3*time.Minute, 3*time.Minute)
	}
	s.run(p, 0, "start", func(ctx context.Context) error {
		pipe, err := s.open(ctx, p, storeName)
		if err != nil {
			return err
		}
		pipe.SetClock(p.skew)
		pipe.Without(s.o.without)
		s.watch.pace.follow(s, p, pipe)
		p.pipe = pipe
		if s.names == nil {
			s.names = pipe
		}
		return nil
	})
	return p
}

// depository hands grants to a guard that is made after its signer.
type depository struct{ guard *zdr.Guard }

func (d *depository) Deposit(ctx context.Context, g zdr.Grant) error { return d.guard.Deposit(ctx, g) }

// open makes a pipeline as a program would.
func (s *sim) open(ctx context.Context, p *process, store string) (*worker.Pipeline, error) {
	var d depository
	signer, err := presign.New(presign.Config{
		Bucket: exchangeName, Region: region, Depository: &d,
		Reader: s.identity(readerKey), Writer: s.identity(writerKey),
		Lifetime: presign.Limits{Asked: 4 * time.Hour},
		// Roughly what Date headers would tell.
		Skew: func() time.Duration { return time.Until(s.storeNow()).Truncate(time.Minute) },
	})
	if err != nil {
		return nil, err
	}
	policy := zdr.Policy{URLPrefixes: signer.URLPrefixes()}
	policy.Approve(simSchema, "test")
	if d.guard, err = zdr.NewGuardOver(front{s, p}, policy, &zdr.Tally{}); err != nil {
		return nil, err
	}
	return worker.New(ctx, worker.Config{
		Store: s.server.Bucket(store), Exchange: s.server.Bucket(exchangeName),
		Provider: ade.New(d.guard, zdr.NewAPIKey("sim-key-000001")), Signer: signer,
		Routes: s.routesOf(p), Limits: s.o.limits,
		Logger: slog.New(slog.NewTextHandler(&s.watch.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Settings: worker.Settings{
			Workers: 1, MaxResult: simMaxResult, OnUncertain: s.o.uncertain, OnSourceDeleted: s.o.deleted, KeepParsed: s.o.keep,
		},
	})
}

// identity has credentials that may end: then there are none for a while.
func (s *sim) identity(id string) presign.Identity {
	whole := identity(id).Credentials
	return presign.Identity{Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if time.Now().Before(s.bare) {
			return aws.Credentials{}, errors.New("expired")
		}
		return whole.Retrieve(ctx)
	})}
}

// routesOf: where a seed says so, every other worker answers files under a route
// of its own. What is parsed is the same.
func (s *sim) routesOf(p *process) worker.Routes {
	all := worker.Route{Name: routeName, Prefix: "inbox/", Suffixes: []string{".md", ".txt"}, Schema: simSchema}
	if s.o.twoRoutes && p.id%2 == 1 {
		return worker.Routes{{Name: otherRoute, Prefix: "inbox/", Suffixes: []string{".txt"}, Schema: simSchema}, all}
	}
	return worker.Routes{all}
}

func identity(id string) presign.Identity {
	return presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(id, "secret", "")}
}

// returned looks at how a command ended. Errors that a worker may meet in such
// a world are fine; a defect of ours is not.
func (s *sim) returned(p *process, what string, err error) {
	if err == nil || s.o.without != 0 {
		return
	}
	s.watch.scan(s, "an error", []byte(err.Error()))
	var f *worker.Fault
	if errors.As(err, &f) && f.Code == worker.CodeInternal && !worker.Transient(err) && f.Err == nil {
		s.violate("internal", "%s: %v", what, err)
	}
	if s.tracing {
		s.note(p.name(), what+": "+err.Error())
	}
}

// play runs the whole story: things go wrong for a while, then everything is
// given the time that it needs, and then all promises are looked at.
func (s *sim) play() {
	s.chaos = true
	for i := range s.o.docs {
		s.docs = append(s.docs, newDocument(i, s.rng.IntN(4) < s.o.files))
		s.write(s.docs[i], s.docs[i].fresh())
	}
	for i := range s.o.workers {
		s.procs = append(s.procs, s.spawn(i, 1))
	}
	for range s.o.steps {
		s.step()
		s.watch.check(s)
		if s.failed() {
			return
		}
	}
	s.chaos = false
	s.calm()
	if !s.failed() {
		s.watch.finish(s)
	}
}

// stop lets every goroutine end.
func (s *sim) stop() {
	s.mu.Lock()
	s.over, s.chaos = true, false
	waiting := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	for _, w := range waiting {
		w.grant <- verdict{dead: true}
	}
	s.mu.Lock()
	for _, p := range s.procs {
		p.dead = true
		p.cancel()
	}
	s.mu.Unlock()
	time.Sleep(10 * time.Minute)
	synctest.Wait()
	_ = s.provider.Close()
	synctest.Wait()
}

// simulate plays one seed in a bubble of its own.
func simulate(t *testing.T, o options, tracing bool) (s *sim) {
	synctest.Test(t, func(*testing.T) {
		s = newSim(o, tracing)
		s.play()
		s.stop()
	})
	return s
}

// naming says what a key is without saying a name.
func (s *sim) naming(bucketName, key string) string {
	switch {
	case strings.Contains(key, nameMark):
		i := slices.IndexFunc(s.docs, func(d *document) bool { return strings.Contains(key, d.key) })
		top, _, _ := strings.Cut(key, "/")
		return fmt.Sprintf("%s of document %d", top, i)
	case bucketName == exchangeName && s.names != nil:
		if id, n, ok := s.names.TokenIn(key); ok {
			return fmt.Sprintf("%s %s attempt %d", key[:2], id.String()[:6], n)
		}
	}
	if id, gen, ok := worker.IDInKey(key); ok && gen > 0 {
		return fmt.Sprintf("marker %s.%d", id.String()[:6], gen)
	} else if ok {
		return "record " + id.String()[:6]
	}
	return key
}
