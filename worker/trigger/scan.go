package trigger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Lister is what a scan asks of a bucket. A worker.Store is one.
type Lister interface {
	Name() string
	List(ctx context.Context, p bucket.Page) iter.Seq2[bucket.Info, error]
}

// ScanOptions is the settings of a scan.
type ScanOptions struct {
	Options
	// Prefix is what is listed. Default: the whole bucket.
	Prefix string
	// Every is the period of Run. Default: 6 hours.
	Every time.Duration
	// Recent is how far before the start of the last complete scan an object
	// must have been modified to be passed over: an event that old has been
	// seen to by then. The first scan of a process looks at everything, and so
	// does every one with a negative Recent. S3 dates a multipart upload by its
	// start, so that Recent must be longer than any upload. Default: 24 hours.
	Recent time.Duration
}

// scanPage is how many objects are listed at a time; S3 gives no more in one
// answer.
const scanPage = 1000

// Scan lists a prefix and hands on every object as if its event had just come:
// for documents that were there before the events were set up, and for events
// that were lost. A document that is known already costs two reads and nothing
// at the provider.
type Scan struct {
	store Lister
	o     ScanOptions
	told  *told // of one scan
}

// NewScan makes a scan of a bucket. Buckets, Exchange and MaxBytes of its
// options do not matter: the bucket is the caller's choice.
func NewScan(store Lister, o ScanOptions) (*Scan, error) {
	if store == nil {
		return nil, errors.New("trigger: scan: a store is required")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.Options = o.withDefaults()
	if o.Every == 0 {
		o.Every = 6 * time.Hour
	}
	if o.Recent == 0 {
		o.Recent = 24 * time.Hour
	}
	if o.Every < 0 {
		return nil, errors.New("trigger: scan: Every must not be negative")
	}
	return &Scan{store: store, o: o}, nil
}

// ScanReport counts what one scan did.
type ScanReport struct {
	Listed  int // objects seen
	Handled int // handed on with success
	Refused int // poison, says the handler
	Failed  int // left for the next scan
}

// Run scans at once and then about once a period, until ctx ends; it returns
// nil. A scan that ended early, because the bucket or what the handler needs was
// out of reach, goes on from where it was, soon and then ever slower.
func (s *Scan) Run(ctx context.Context, h Handler) error {
	work, end := outlive(ctx, s.o.Grace)
	defer end()
	var complete time.Time // when the last complete scan began
	repeat(ctx, s.o.Every, func() {
		began := time.Now()
		if s.whole(ctx, work, h, s.since(complete)) {
			complete = began
		}
	})
	return nil
}

// whole scans until it has seen everything, and reports whether all of it went
// well.
func (s *Scan) whole(running, work context.Context, h Handler, since time.Time) bool {
	var rests pauses
	after, well := "", true
	for {
		rep, err := s.scan(running, work, h, since, &after)
		well = well && err == nil && rep.Failed == 0
		if err == nil || !sleep(running, rests.next()) {
			return well
		}
	}
}

// since is the age limit that follows from the last complete scan; zero: none.
func (s *Scan) since(complete time.Time) time.Time {
	if complete.IsZero() || s.o.Recent < 0 {
		return time.Time{}
	}
	return complete.Add(-s.o.Recent)
}

// Once looks at everything under the prefix, one time. The error is the
// listing's, or that of ctx; what a handler could not do is in the report.
func (s *Scan) Once(ctx context.Context, h Handler) (ScanReport, error) {
	after := ""
	return s.scan(ctx, ctx, h, time.Time{}, &after)
}

// scan goes page by page: a failure costs one page again and not the bucket. It
// begins nothing new when running has ended; work outlives it. after is where it
// begins, and after an error where to go on.
func (s *Scan) scan(running, work context.Context, h Handler, since time.Time, after *string) (ScanReport, error) {
	var rep ScanReport
	s, end := s.counting(work)
	defer end()
	for {
		page, err := s.page(running, *after)
		if err != nil {
			return rep, err
		}
		rep.Listed += len(page)
		if err := s.hand(running, work, h, modifiedSince(page, since), &rep); err != nil {
			return rep, err
		}
		if len(page) < scanPage {
			return rep, nil
		}
		*after = page[len(page)-1].Key
	}
}

func modifiedSince(page []bucket.Info, t time.Time) []bucket.Info {
	return slices.DeleteFunc(slices.Clone(page), func(o bucket.Info) bool { return o.Modified.Before(t) })
}

// scanTries is how often a page is tried.
const scanTries = 5

// page reads the page after a key.
func (s *Scan) page(ctx context.Context, after string) ([]bucket.Info, error) {
	var rests pauses
	for try := 1; ; try++ {
		page, err := s.list(ctx, after)
		if err == nil {
			return page, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.o.broken(ctx, SourceScan, err)
		if try == scanTries || isDefinite(err) {
			return nil, fmt.Errorf("trigger: scan: %w", err)
		}
		sleep(ctx, rests.next())
	}
}

func (s *Scan) list(ctx context.Context, after string) (page []bucket.Info, err error) {
	for o, err := range s.store.List(ctx, bucket.Page{Prefix: s.o.Prefix, After: after, Limit: scanPage}) {
		if err != nil {
			return nil, err
		}
		page = append(page, o)
	}
	return page, nil
}

// isDefinite: the same request would be answered the same.
func isDefinite(err error) bool {
	return errors.Is(err, bucket.ErrNoBucket) || errors.Is(err, bucket.ErrDenied) || errors.Is(err, bucket.ErrInvalid)
}

// errPage: what the handler needs is out of reach, so the scan ends here.
var errPage = errors.New("trigger: scan: no object of a page could be handled")

// hand hands on the objects of a page, and those that failed again. A page of
// objects that are refused one by one does not end the scan: what comes after
// them would never be looked at.
func (s *Scan) hand(running, work context.Context, h Handler, page []bucket.Info, rep *ScanReport) error {
	var rests pauses
	left := page
	for try := 1; ; try++ {
		before := len(left)
		var cut bool
		left, cut = s.each(running, work, h, left, rep)
		if cut && len(left) < before {
			try = 0 // it gets on, and most of what is left was not tried
		}
		switch {
		case running.Err() != nil:
			return running.Err()
		case len(left) == 0:
			return nil
		case try < scanTries:
			sleep(running, rests.next())
			continue
		}
		rep.Failed += len(left)
		if cut || len(left) == len(page) {
			return errPage
		}
		return nil
	}
}

// each handles objects in parallel, and gives those that failed. cut: so many
// did in a row that the rest was not tried; it comes first then.
func (s *Scan) each(running, work context.Context, h Handler, page []bucket.Info, rep *ScanReport) (left []bucket.Info, cut bool) {
	var mu sync.Mutex
	var untried []bucket.Info
	crew := newCrew(s.o.Parallel)
	for i, o := range page {
		if crew.reserve(running, 1) == 0 {
			break
		}
		if int(crew.failing.Load()) >= max(2*s.o.Parallel, 10) {
			untried = page[i:]
			break
		}
		crew.work(func() Outcome {
			became, again := s.one(work, h, o)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case again:
				left = append(left, o)
				return Retry
			case became == Handled:
				rep.Handled++
			case became == Poison:
				rep.Refused++
			default:
				rep.Failed++
			}
			return Handled
		})
	}
	crew.wait()
	return append(slices.Clone(untried), left...), len(untried) > 0
}

// one hands on an object. again: it may go better in this scan.
func (s *Scan) one(ctx context.Context, h Handler, o bucket.Info) (became Outcome, again bool) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Limit)
	defer cancel()
	err := handle(ctx, h, Event{
		Kind: Created, Bucket: zdr.NewName(s.store.Name()), Key: zdr.NewName(o.Key),
		Version: versionID(o.Version), ETag: zdr.NewName(o.ETag), Size: o.Size,
	})
	became = s.tell(ctx, err)
	return became, became == Retry && !isItsOwn(err)
}

// isItsOwn: what failed is this object's own affair, and others may go through.
func isItsOwn(err error) bool {
	if errors.Is(err, bucket.ErrDenied) || errors.Is(err, bucket.ErrInvalid) || errors.Is(err, errPanic) {
		return true
	}
	code := codeOf(err)
	return code == string(worker.CodeNewerFormat) || code == string(worker.CodeInternal)
}
