package main

import (
	"context"
	"errors"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

// runOptions are the flags of run.
type runOptions struct {
	opening
	output   string
	prefix   string
	from     string // file with more paths, or list of objects
	since    string
	limit    int
	shards   int
	backfill string
	noWait   bool
	parse    bool // Markdown is all that is wanted
	dryRun   bool
	yes      bool
	credits  float64
}

func newRun(a *app) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run [PATH]…", GroupID: groupRun, Short: "Extract documents: files, folders or s3://bucket/prefix", Args: args("[PATH]…"),
		Long: `Bring every document to its end: stage it, submit it, wait, check the result and
seal it in the store bucket, remove what was staged. A local file becomes an
object below uploads/ first, and only where its bytes are new. A document that
was answered before is not asked again; running again after an interruption
goes on where it stopped.

With --schema every document is extracted by that one schema, and giving it
approves it; where it says things that the provider should perhaps not keep, this
asks first. Without it the routes of the configuration decide.

Markdown (.md) is extracted as it is. PDFs, images and office documents are
parsed first, which is a job of its own and the expensive part: its result stays
in the store bucket, and every route and revision that needs it takes it from
there. With --parse-only that is all: no schema is needed, and --output gets the
Markdown.

What lies in the bucket, below s3://bucket/prefix or in a list of objects, is a
backfill: one object in the bucket says how far it is, and documents become jobs
as slots come free. Any number of processes may be given the same at once: they
share it. One that comes later goes on where the others stopped. Each ends when
all of it is done, and tells of all of it. With --output it is this process's
own work, since the results are to come here.

--files-from takes a list: paths as they are given here, the first one local or a
prefix with / at its end; or objects as s3:// URIs; or what S3 Inventory writes
(CSV, CSV.gz or its manifest). A list that lies in a bucket is one of objects, and
may also have bare keys.

In a Kubernetes Job with completionMode Indexed each pod begins at its share,
JOB_COMPLETION_INDEX of --shards, and then helps with the rest: no document
belongs to a pod, one that is evicted is no loss, an extra one does no harm. Give
--backfill a name that only this Job has, as its uid, so that a pod that comes
after the end walks nothing again. Exit codes: zdrworker help exit-codes.

With --max-credits, or budget.credits_per_run of the configuration, the run
submits what it can pay for and leaves the rest, with exit code 5: the same command,
with a higher bound, goes on there. Workers that serve do not take up what such a run
has not begun. Before each submission the most that it may cost is reserved in the
bucket; what it did cost takes its place.

A run that would cost more than budget.confirm_over, as estimated, asks on a
terminal; elsewhere it wants --yes, or a bound. All documents are counted for that
and 1,000 of them looked at, drawn at random. Where nobody is to be asked, the
first of what lies in the bucket have to do. --dry-run ends after the estimate,
and says what zdrworker plan says.

With --no-wait everything is made durable and left to the workers that serve.

Ctrl-C is safe: jobs go on in the buckets and cost nothing to wait for.`,
		Example: `  zdrworker run s3://acme-docs/inbox/ --since 7d --limit 100
  zdrworker run --files-from s3://acme-lists/inventory/manifest.json --no-wait
  zdrworker run ./inbox --schema invoice.json --output out
  zdrworker run scan.pdf --schema s.json --sandbox
  zdrworker run scan.pdf --parse-only --output out
  zdrworker run s3://acme-docs/inbox/
  zdrworker run in/*.md --schema invoice.json --sandbox --output out`,
	}
	f := cmd.Flags()
	f.StringVar(&o.schema, "schema", "", "JSON Schema `file` of the fields to extract ($ZDRWORKER_SCHEMA)")
	f.StringVar(&o.route, "route", "", "`name` of the route that --schema makes; from the schema if empty ($ZDRWORKER_ROUTE)")
	f.StringVar(&o.output, "output", "", "`folder` for the results, besides the bucket ($ZDRWORKER_OUTPUT)")
	f.StringVar(&o.prefix, "prefix", worker.UploadPrefix, "where in the store bucket local files go ($ZDRWORKER_PREFIX)")
	f.StringVar(&o.from, "files-from", "", "`file` or s3:// object with more paths or objects; - is standard input ($ZDRWORKER_FILES_FROM)")
	f.StringVar(&o.since, "since", "", "only what was written since this `time`, or so long ago: 2026-11-23, 36h, 7d ($ZDRWORKER_SINCE)")
	f.IntVar(&o.limit, "limit", 0, "stop after so many documents; 0 is all ($ZDRWORKER_LIMIT)")
	f.IntVar(&o.shards, "shards", 0, "among how many processes a backfill is shared; 0 is made out by its size ($ZDRWORKER_SHARDS)")
	f.StringVar(&o.backfill, "backfill", "", "`name` that makes processes share one backfill, also after its end ($ZDRWORKER_BACKFILL)")
	f.Float64Var(&o.credits, "max-credits", 0, "spend at most so many `credits`: what a document may cost is reserved in the bucket before it is submitted; default: budget.credits_per_run ($ZDRWORKER_MAX_CREDITS)")
	f.BoolVar(&o.noWait, "no-wait", false, "make everything durable, submit nothing and leave ($ZDRWORKER_NO_WAIT)")
	f.BoolVar(&o.parse, "parse-only", false, "make Markdown of the documents and stop there ($ZDRWORKER_PARSE_ONLY)")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done; nothing is uploaded or submitted ($ZDRWORKER_DRY_RUN)")
	f.BoolVar(&o.yes, "yes", false, "send the schema in spite of findings, and spend more than budget.confirm_over ($ZDRWORKER_YES)")
	a.addSandboxFlag(f, &o.sandbox)
	cmd.RunE = func(cmd *cobra.Command, paths []string) error { return a.runCommand(cmd, paths, o) }
	return cmd
}

// runner is one `zdrworker run`.
type runner struct {
	a *app
	*opened
	o        runOptions
	prefix   string
	progress *progress
	began    time.Time

	local     []document
	isLocal   map[string]bool // keys of local files
	prefixes  []string
	skips     map[string]int
	found     map[string]int   // skips of local files
	expect    *worker.Forecast // nil: nothing is said beforehand
	atLeast   bool             // of it: there may be more documents
	planning  bool             // an estimate is all that is wanted
	waits     bool             // for jobs that are there: how many is seen on the way
	list      *objectList      // nil: --files-from gave none
	closeList func() error
	age       age
	share, of int // where in a backfill this process begins, of how many
	filling   []worker.Backfill
	total     atomic.Int64 // documents of the backfill, once counted

	mu       sync.Mutex
	outs     map[string]string // key → path below --output, of documents under way
	counts   counts
	failures []worker.Outcome
	refs     refs // the writer's alone until it has ended
	writer   sync.WaitGroup
	once     sync.Once
	unfit    int // files that were refused before they became objects
	done     chan worker.Outcome
	writing  error
}

func (a *app) runCommand(cmd *cobra.Command, paths []string, o runOptions) error {
	if err := checkPrefix(o.prefix); err != nil {
		return err
	}
	since, err := parseAge(o.since)
	if err != nil {
		return err
	}
	switch {
	case o.from == "" && len(paths) == 0:
		return &failure{code: codeUsage, text: "run needs PATH…", hint: "name files, folders or s3://bucket/prefix, or give --files-from"}
	case o.noWait && o.output != "":
		return usage("--no-wait has no results to write to --output")
	case !(o.credits >= 0) || math.IsInf(o.credits, 0): // NaN would be no bound at all
		return usage("--max-credits: a number from 0 is wanted")
	case o.noWait && o.credits > 0:
		return usage("--no-wait submits nothing, so --max-credits has nothing to bound")
	case o.noWait && o.parse:
		return usage("--no-wait leaves the extraction to the workers that serve, and --parse-only wants none")
	case o.noWait && o.sandbox:
		return usage("--no-wait leaves work in the buckets, and those of --sandbox are gone at the end")
	case o.shards < 0 || o.limit < 0:
		return usage("--shards and --limit: a number from 0 is wanted")
	}
	show := a.newProgress()
	o.log = show
	w, err := a.prepare(cmd, o.opening)
	if err != nil {
		return err
	}
	r := &runner{
		a: a, opened: w, o: o, prefix: o.prefix, progress: show, began: time.Now(), age: since,
		skips: map[string]int{}, outs: map[string]string{}, isLocal: map[string]bool{}, done: make(chan worker.Outcome, 64),
		refs: refs{folder: o.output},
	}
	err = r.run(cmd.Context(), paths)
	if r.closeList != nil {
		err = errors.Join(err, r.closeList())
	}
	return errors.Join(err, w.close())
}

// checkPrefix keeps uploads out of what the worker writes itself.
func checkPrefix(prefix string) error {
	p := path.Clean(prefix) + "/"
	if strings.HasPrefix(p, "../") {
		return usage("--prefix: a place in the bucket is wanted, and that leads out of it")
	}
	for _, own := range []string{"results/", "failures/", "zdr/"} {
		if strings.HasPrefix(p, own) {
			return usage("--prefix: results/, failures/ and zdr/ belong to the worker")
		}
	}
	return nil
}

func (r *runner) run(ctx context.Context, paths []string) error {
	if err := r.ready(ctx, paths); err != nil {
		return err
	}
	if r.o.dryRun {
		return r.wouldDo(ctx)
	}
	if err := r.assemble(ctx); err != nil {
		return err
	}
	r.startWriting(ctx)
	defer func() { _ = r.written() }()
	if err := r.estimate(ctx); err != nil {
		return err
	}
	if err := r.backfill(ctx); err != nil {
		return err
	}
	if err := r.announce(); err != nil {
		return err
	}
	if r.o.noWait {
		return r.leave(ctx)
	}
	sum, err := r.sweepAndWork(ctx)
	if err == nil {
		err = r.violated(ctx)
	} else {
		err = r.stopped(ctx, err, sum)
	}
	return firstOf(err, r.summary(ctx, sum, err)) // the summary is told in any case
}

// sweepAndWork looks at what earlier runs left to drain, where its time has
// come, beside the work: a job whose end is hard to find out keeps nothing new
// waiting.
func (r *runner) sweepAndWork(ctx context.Context) (worker.Summary, error) {
	sweeping, stop := context.WithCancel(ctx)
	defer stop()
	swept := make(chan error, 1)
	go func() {
		swept <- r.a.guarded(func() error { _, err := r.Pipeline.Sweep(sweeping, false); return err })
	}()
	sum, err := r.work(ctx)
	if err != nil {
		stop()
		<-swept
		return sum, err
	}
	return sum, <-swept
}

// ready looks at all that can be wrong on this machine, before a bucket is
// asked or written to.
func (r *runner) ready(ctx context.Context, paths []string) error {
	if err := r.subject(ctx); err != nil {
		return err
	}
	if err := r.config.Require("store", "exchange"); err != nil {
		return err
	}
	if err := r.findShare(); err != nil {
		return err
	}
	paths, err := r.pathsFrom(ctx, paths)
	if err != nil {
		return err
	}
	if err := r.find(ctx, paths); err != nil {
		return err
	}
	r.found = maps.Clone(r.skips)
	if err := r.checkOutput(); err != nil {
		return err
	}
	return r.admitSchema(ctx)
}

// subject is what is to be extracted.
func (r *runner) subject(ctx context.Context) error {
	if r.o.parse && r.o.schema != "" {
		return usage("--schema says what to extract, and --parse-only extracts nothing")
	}
	if r.o.schema == "" && len(r.config.Routes) == 0 && !r.o.parse {
		return &failure{code: codeConfigMissing, text: "nothing says what to extract", hint: "give --schema FILE, or routes in the configuration file"}
	}
	return r.route(ctx, r.o.opening)
}

// admitSchema asks about a schema given by hand that says what the provider
// should perhaps not keep. Nothing leaves the machine in development, and what
// the policy names was asked about before.
func (r *runner) admitSchema(ctx context.Context) error {
	if r.o.schema == "" || r.config.Policy.Development || r.o.dryRun {
		return nil
	}
	s := r.routes[0].Schema
	lints := zdr.LintSchema(s)
	if len(lints) == 0 || slices.Contains(r.config.Policy.Schemas, s.Digest()) {
		return nil
	}
	return r.a.confirm(ctx, count(len(lints), "finding")+" in the schema, which the provider keeps: see `zdrworker schema check`", r.o.yes)
}

// stopped says why a run did not come to its end, and what becomes of its jobs.
func (r *runner) stopped(ctx context.Context, err error, s worker.Summary) error {
	caught, ok := errors.AsType[*signalled](context.Cause(ctx))
	switch {
	case !ok:
		return r.stopReason(context.WithoutCancel(ctx), err)
	case r.o.sandbox:
		return &failure{code: caught.code(), text: "stopped; the sandbox is gone, and all that was in it"}
	}
	return &failure{
		code: caught.code(), text: "stopped; " + count(s.Open, "job") + " under way go on and cost nothing to wait for",
		hint: "the same command again goes on where it stopped, and asks nothing twice",
	}
}

// work runs the pipeline, the progress display and the writing of results side
// by side.
func (r *runner) work(ctx context.Context) (worker.Summary, error) {
	shown, stop := context.WithCancel(context.WithoutCancel(ctx))
	var side sync.WaitGroup
	side.Go(func() { r.progress.Run(shown) })
	counting, counted := context.WithCancel(ctx)
	side.Go(func() { _ = r.a.guarded(func() error { return r.countAll(counting) }) }) // a display without an end is no failure
	sum, err := r.Pipeline.Run(ctx, worker.RunOptions{
		Documents: limited(r.documents(ctx), r.o.limit), Notify: r.notify, Status: r.status,
		Backfills: r.filling, Share: r.share, Shares: r.of, MaxCredits: r.mostCredits(),
		ParseOnly: r.o.parse, Parse: worker.ParseOptions{Model: r.config.Defaults.ParseModel},
	})
	counted()
	err = errors.Join(err, r.written())
	stop()
	side.Wait()
	return sum, err
}

// notify books an outcome; the writing of its result happens elsewhere.
func (r *runner) notify(o worker.Outcome) { r.done <- o }

// status feeds the display.
func (r *runner) status(s worker.Summary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	total := len(r.local)
	if len(r.prefixes) > 0 || r.list != nil || r.waits {
		total = max(total+int(r.total.Load()), len(r.local)+s.Found)
	}
	r.counts = counts{
		Total: total, Sealed: s.Sealed, Unchanged: s.Unchanged, Failed: s.Failed + s.Refused + r.unfit,
		Waiting: s.Open, Credits: s.Credits, ContentBytes: r.tally.Snapshot().ContentBytes(),
	}
	r.counts.Queued = max(0, total-r.counts.done()-s.Open-s.Skipped-s.Held)
	r.progress.Set(r.counts)
}

// note remembers where a document's result goes below --output.
func (r *runner) note(key, out string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outs[key] = out
}

// refused books a local file that is no document.
func (r *runner) refused(d document, err error) {
	f, ok := errors.AsType[*worker.Fault](err)
	c := worker.CodeKeyRefused
	if ok {
		c = f.Code
	} else if _, long := errors.AsType[*worker.KeyTooLong](err); long {
		c = worker.CodeKeyTooLong
	}
	r.mu.Lock()
	r.unfit++
	r.mu.Unlock()
	r.done <- worker.Outcome{Kind: worker.OutcomeRefused, Document: zdr.NewName(d.key), Code: c}
}

// skipped books an object that no route takes.
func (r *runner) skipped(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skips[suffixWord(strings.ToLower(path.Ext(key)))+": no route"]++
}
