package worker

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Detail is all that explains one job: more than a list of jobs needs.
type Detail struct {
	Job
	Size     int64     // of the document, bytes
	Schema   string    // digest of the route's schema at claim
	Attempts []Attempt // oldest first, over all generations
	Receipt  *Receipt  // nil before the provider said what the job cost

	Beyond Beyond // zero where a day's budget is enough for it, or it waits for none

	FencedAt time.Time // when staging was taken away to settle a lost answer; zero: it was not
	Listed   time.Time // when the provider's list may be believed after that
	Ends     time.Time // when the last URL signed for the job ends; zero: none was
	Drained  time.Time // when nothing can come back any more; zero: no URL was signed
}

// Attempt is one submission: one pair of URLs.
type Attempt struct {
	N, Gen   int
	Signed   time.Time // zero: no URL was made
	Ends     time.Time // of its URLs
	Answer   time.Time // a POST that has no answer by then is fenced
	Tries    int       // POSTs that may have gone out
	Accepted bool      // the provider gave it a job id
	End      string    // why it is over and unbilled; "" while it may still deliver
}

// Receipt is what the provider says of a job that is done: no content.
type Receipt struct {
	Credits            float64
	Duration           time.Duration
	Model              string
	Partial, Violation bool
	Warnings           int
	Pages, FailedPages int // of a parse
}

// Explain reads one job with all that explains it.
func (p *Pipeline) Explain(ctx context.Context, id ID) (Detail, error) {
	j, err := p.load(ctx, id)
	if err != nil {
		return Detail{}, fault("explain", "", err)
	}
	if err := p.lookParse(ctx, j); err != nil {
		return Detail{}, fault("explain", "", err)
	}
	r := j.rec
	d := Detail{Job: p.describe(j), Size: r.Source.Size, Schema: r.Route.Schema, FencedAt: r.FencedAt, Ends: r.lastURL()}
	if !d.FencedAt.IsZero() {
		d.Listed = d.FencedAt.Add(p.set.ListLag)
	}
	if !d.Ends.IsZero() {
		d.Drained = d.Ends.Add(p.set.DrainMargin)
	}
	if c := r.Receipt; c != nil {
		d.Receipt = &Receipt{c.Credits, time.Duration(c.DurationMS) * time.Millisecond, c.Model, c.Partial, c.Violation, c.Warnings, c.Pages, c.Failed}
	}
	for _, a := range r.Attempts {
		d.Attempts = append(d.Attempts, p.describeAttempt(a))
	}
	d.Beyond, err = p.beyond(ctx, j)
	return d, fault("explain", "", err)
}

func (p *Pipeline) describeAttempt(a attempt) Attempt {
	out := Attempt{N: a.N, Gen: a.Gen, Signed: a.SignedAt, Ends: a.until(), Tries: a.Tries, Accepted: a.ProviderJob != "", End: a.End}
	if !a.PostDeadline.IsZero() {
		out.Answer = a.PostDeadline.Add(p.set.Skew)
	}
	return out
}

// Saying is what the provider said about a job in words of its own. They can
// quote the document.
type Saying struct {
	Gen  int
	Kind string // failure_reason, provider_error, schema_violation, warnings
	Text zdr.Text
}

// maxSaying bounds one text, in bytes.
const maxSaying = 1 << 20

// Sayings reads the provider's words that are kept beside a job's record, in
// the order of generations.
func (p *Pipeline) Sayings(ctx context.Context, id ID) ([]Saying, error) {
	var all []Saying
	for info, err := range p.store.List(ctx, bucket.Page{Prefix: textPrefix + id.shard() + "/" + id.String() + "."}) {
		if err != nil {
			return nil, fault("sayings", "", err)
		}
		gen, kind, ok := parseTextKey(id, info.Key)
		if !ok {
			continue
		}
		text, err := p.readText(ctx, info.Key)
		if err != nil {
			return nil, fault("sayings", "", err)
		}
		all = append(all, Saying{gen, kind, text})
	}
	if j, err := p.load(ctx, id); err == nil && j.rec.Parse != nil && j.rec.Failure != nil && j.rec.Failure.Step == StepParse {
		of, err := p.Sayings(ctx, j.rec.Parse.ID) // a parse has none itself
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	slices.SortStableFunc(all, func(a, b Saying) int { return a.Gen - b.Gen })
	return all, nil
}

// parseTextKey is the inverse of textKey.
func parseTextKey(id ID, key string) (gen int, kind string, ok bool) {
	rest, _ := strings.CutPrefix(key, textPrefix+id.shard()+"/"+id.String()+".")
	n, kind, _ := strings.Cut(strings.TrimSuffix(rest, ".txt"), ".")
	gen, err := strconv.Atoi(n)
	return gen, kind, err == nil && textKey(id, gen, kind) == key
}

func (p *Pipeline) readText(ctx context.Context, key string) (zdr.Text, error) {
	obj, err := p.store.Get(ctx, key, bucket.GetOptions{})
	if err != nil {
		return zdr.Text{}, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxSaying))
	if err != nil {
		return zdr.Text{}, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	return zdr.NewText(string(b)), nil
}

// FindDocument gives the newest job of an object's current version, under any
// route and revision that this store has seen: unlike Find it needs no route in
// the configuration. Those given say where results go that a closed record does
// not name any more. Errors: job_not_found.
func (p *Pipeline) FindDocument(ctx context.Context, key string, routes Routes) (Job, error) {
	info, err := p.store.Head(ctx, key, "")
	if errors.Is(err, bucket.ErrNotFound) {
		return Job{}, &Fault{Op: "find", Code: CodeNotFound, Hint: "the store bucket has no such document; a ref is 8 digits of it or more"}
	} else if err != nil {
		return Job{}, fault("find", "", err)
	}
	version := versionOf(source{Version: info.Version, ETag: info.ETag})
	var newest *job
	for route, err := range p.seenRoutes(ctx) {
		if err != nil {
			return Job{}, fault("find", "", err)
		}
		j, err := p.load(ctx, p.secret.id(p.store.Name(), key, version, route.Name, route.Revision))
		if err == nil && (newest == nil || j.rec.ClaimedAt.After(newest.rec.ClaimedAt)) {
			newest = j
		} else if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			return Job{}, fault("find", "", err)
		}
	}
	if newest == nil {
		return Job{}, &Fault{Op: "find", Code: CodeNotFound, Hint: "the document's current version has no job"}
	}
	out := p.describe(newest)
	out.Document = zdr.NewName(key)
	return out, p.nameResult(ctx, &out, key, routes)
}

// seenRoutes yields name and revision of every route that was ever admitted.
func (p *Pipeline) seenRoutes(ctx context.Context) func(func(Route, error) bool) {
	return func(yield func(Route, error) bool) {
		for info, err := range p.store.List(ctx, bucket.Page{Prefix: controlPrefix + "routes/"}) {
			if err != nil {
				yield(Route{}, err)
				return
			}
			var seen routeObject
			if _, err := readJSON(ctx, p.store, info.Key, &seen); err != nil && !yield(Route{}, err) {
				return
			}
			for revision := range seen.Revisions {
				if !yield(Route{Name: seen.Name, Revision: revision}, nil) {
					return
				}
			}
		}
	}
}

// nameResult finds the result of a closed job again: its record has dropped
// all names. What lies at the key must say that it is this job's.
func (p *Pipeline) nameResult(ctx context.Context, out *Job, key string, routes Routes) error {
	if !out.Sealed() || !out.Result.IsZero() {
		return nil
	}
	given, _ := routes.Find(out.Route)
	for _, r := range []Route{given, {Name: out.Route}} {
		result, err := r.ResultKey(key)
		if r.Name == "" || err != nil {
			continue
		}
		info, err := p.store.Head(ctx, result, "")
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			return fault("find", "", err)
		}
		if err == nil && info.Metadata["zdr-ref"] == out.Ref {
			out.Result = zdr.NewName(result)
			return nil
		}
	}
	return nil
}
