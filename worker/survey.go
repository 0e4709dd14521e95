package worker

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// Survey looks at documents before anything is done with them: what each would
// cost, and what was done before. It reads the store bucket and writes nothing
// there, not even what a pipeline writes when it is made; the provider is asked
// nothing. It is safe for concurrent use.
type Survey struct {
	p *Pipeline // never joined: it reads
	// parse is how documents of no route are parsed; nil: extraction is wanted.
	parse *ParseOptions
	since time.Time
	bound float64
}

// SurveyConfig is what a survey is made of.
type SurveyConfig struct {
	// Store is the bucket of the documents. Default: none, so nothing in it is
	// asked for, and nothing is known to have been done before.
	Store  Store
	Routes Routes
	// ParseOnly says how documents are parsed that no route takes, when Markdown
	// is all that is wanted. Default: extraction is wanted.
	ParseOnly *ParseOptions
	// Since leaves out objects that were written before. Default: none are.
	Since time.Time
	// Bound is what a submission may cost at most, for Prospect.Beyond. Default: no
	// bound.
	Bound float64
}

// NewSurvey makes a survey. A store that no fleet has used yet is one where
// nothing was done.
func NewSurvey(ctx context.Context, c SurveyConfig) (*Survey, error) {
	if err := c.Routes.Validate(); err != nil {
		return nil, &Fault{Op: "survey", Code: CodeConfig, Err: err}
	}
	p := &Pipeline{store: c.Store, routes: c.Routes, check: CheckMarkdown, checkFile: CheckFile, known: newKnown(), newer: newNewer(), now: time.Now}
	s := &Survey{p: p, parse: c.ParseOnly, since: c.Since, bound: c.Bound}
	if c.Store == nil {
		return s, nil
	}
	f, err := readFleet(ctx, c.Store)
	if errors.Is(err, bucket.ErrNotFound) {
		return s, nil
	}
	if err == nil {
		p.secret, err = newFleetSecret(f.Secret)
	}
	if err == nil {
		err = s.learnRevisions(ctx)
	}
	return s, fault("survey", "", err)
}

// learnRevisions reads which revisions the routes have had, and refuses what a
// pipeline would refuse when it is made. It admits none.
func (s *Survey) learnRevisions(ctx context.Context) error {
	for _, r := range s.p.routes {
		r = r.withDefaults()
		seen, _, _, err := s.p.revisionsOf(ctx, r, factsOf(r))
		if err != nil {
			return err
		}
		s.p.noteRevisions(r, seen)
	}
	return nil
}

// Prospect is what is to be expected of one document.
type Prospect struct {
	Code     Code // why it would be refused or fail at once; "" when it would not
	Settled  bool // its job has come to its end before: nothing is done
	Older    bool // it was written before what is asked for: it is left out
	Earlier  bool // of settled and under way: by another revision of its route, which on_change leaves it to
	Again    bool // another revision has answered it, and on_change has it done anew
	UnderWay bool // its job has been submitted: what it costs is on its way

	Pages   int  // of a document that is to be parsed; 0: not counted
	Parses  bool // it has to be parsed
	Reused  bool // it was, for another route or revision: that costs nothing more
	Extract bool // it is to be extracted
	Beyond  bool // what is reserved for one of its submissions is over the bound: it never begins

	Parse, Extraction Credits
}

// Object looks at an object of the store bucket.
func (s *Survey) Object(ctx context.Context, key string) (Prospect, error) {
	src, head, err := s.p.look(ctx, Document{Key: key})
	if err != nil {
		return refusedBy(err)
	}
	if src.Modified.Before(s.since) {
		return Prospect{Older: true}, nil
	}
	return s.prospect(ctx, &src, func(parse, password bool) error { return s.p.fit(ctx, &src, head, parse, password) })
}

// LocalFile is a file that may be uploaded. *os.File is one.
type LocalFile interface {
	io.ReadSeeker
	io.ReaderAt
}

// File looks at a local file that would become an object under a key. head is
// its first 4,096 bytes.
func (s *Survey) File(ctx context.Context, key string, head []byte, size int64, body LocalFile) (Prospect, error) {
	if err := CheckKey(key); err != nil {
		return Prospect{Code: keyCode(err)}, nil
	}
	same, err := s.uploaded(ctx, key, body)
	if err != nil {
		return Prospect{}, err
	}
	if same {
		return s.Object(ctx, key)
	}
	src := source{Key: key, Size: size}
	return s.prospect(ctx, &src, func(parse, password bool) error {
		if !parse {
			return s.p.check(head, size)
		}
		facts, err := s.p.checkFile(ctx, File{Ext: extOf(key), Head: head, Size: size, Body: body, Password: password})
		src.Pages = facts.Pages
		return err
	})
}

// uploaded reports whether the file lies in the store already.
func (s *Survey) uploaded(ctx context.Context, key string, body io.ReadSeeker) (bool, error) {
	if s.p.secret == nil {
		return false, nil
	}
	seen, err := s.p.standing(ctx, key)
	if err != nil || seen.Metadata[contentMark] == "" {
		return false, fault("survey", "", err)
	}
	mark, err := s.p.contentMark(body)
	return mark == seen.Metadata[contentMark], err
}

// prospect asks the records first, as a claim does, and then whether the
// document is fit, which counts its pages into src.
func (s *Survey) prospect(ctx context.Context, src *source, fit func(parse, password bool) error) (Prospect, error) {
	route, parse, err := s.routeOf(src.Key)
	if err != nil {
		return refusedBy(err)
	}
	out, known, err := s.done(ctx, *src, route)
	if known || err != nil {
		return out, err
	}
	if err := fit(parse, route.Parse.Password != ""); err != nil {
		return refusedBy(err)
	}
	out.Pages, out.Parses, out.Extract = src.Pages, parse, s.parse == nil
	if !parse {
		out.Extraction = EstimateExtract(route.Schema, src.Size)
		out.Beyond = s.over(out.Extraction)
		return out, nil
	}
	out.Parse = EstimateParse(src.Pages, src.Size)
	if out.Extract {
		out.Extraction = EstimateAfterParse(route.Schema, src.Pages, src.Size)
	}
	known, err = s.reuse(ctx, *src, route, &out)
	out.Beyond = s.over(out.Parse) || out.Extract && s.over(out.reserves(route.Schema, src.Size, known))
	return out, err
}

// over: what is reserved for a submission is over the bound.
func (s *Survey) over(c Credits) bool { return s.bound > 0 && c.High > s.bound }

// reserves is what will be reserved for the extraction from a document that is
// parsed: by its Markdown where that is known, or by how long it is likely to become.
func (x Prospect) reserves(schema zdr.Schema, size int64, known bool) Credits {
	if known {
		return x.Extraction
	}
	likely, _ := pagesOf(x.Pages, size)
	return EstimateExtract(schema, int64(likely)*likelyPage)
}

// routeOf is the route of a document, or what stands for one where it is only to
// be parsed.
func (s *Survey) routeOf(key string) (Route, bool, error) {
	if s.parse == nil {
		route, keys, err := s.p.routeOf(key)
		return route, keys.parse, err
	}
	if extOf(key) == extMarkdown {
		return Route{}, false, &Fault{Op: "survey", Code: CodeParsed, Hint: "the document is Markdown already"}
	}
	if route, _, ok := s.p.routes.Match(key); ok {
		return route, true, nil
	}
	return Route{Parse: *s.parse}, true, nil
}

// done asks for the document's own job. known: that says all.
func (s *Survey) done(ctx context.Context, src source, route Route) (out Prospect, known bool, err error) {
	if s.p.secret == nil || src.Bucket == "" {
		return out, false, nil
	}
	id := s.p.secret.id(src.Bucket, src.Key, versionOf(src), route.Name, route.Revision)
	if s.parse != nil {
		id = s.p.parseRefOf(src, route).ID
	}
	j, err := s.p.load(ctx, id)
	switch {
	case errors.Is(err, bucket.ErrNotFound) && s.parse == nil:
		return s.doneBefore(ctx, src, route)
	case errors.Is(err, bucket.ErrNotFound):
		return out, false, nil
	case err != nil:
		return out, true, fault("survey", "", err)
	}
	out, known = j.stands()
	return out, known, nil
}

// stands is what is to be expected where there is a job.
func (j *job) stands() (out Prospect, known bool) {
	switch {
	case j.rec.Result.gone(), j.rec.wanted():
		return Prospect{}, false // parsed once, and kept no longer; or its document is back
	case j.rec.State.Settled():
		return Prospect{Settled: true}, true
	case j.rec.State == Claimed:
		return Prospect{}, false // nothing was submitted for it
	}
	return Prospect{UnderWay: true}, true
}

// doneBefore asks for the jobs of the route's other revisions, and what on_change
// makes of them.
func (s *Survey) doneBefore(ctx context.Context, src source, route Route) (out Prospect, known bool, err error) {
	j, err := s.p.loadEarlier(ctx, src, route.Name, s.p.revisions[route.Name])
	if j == nil || err != nil {
		return out, err != nil, fault("survey", "", err)
	}
	if len(s.p.earlier(route)) == 0 {
		return Prospect{Again: true}, false, nil
	}
	out, known = j.stands()
	out.Earlier = true
	return out, known, nil
}

// reuse takes a parse that was done, or is under way, off the price.
// known: the length of its Markdown is.
func (s *Survey) reuse(ctx context.Context, src source, route Route, out *Prospect) (known bool, err error) {
	if s.p.secret == nil || src.Bucket == "" {
		return false, nil
	}
	pj, err := s.p.load(ctx, s.p.parseRefOf(src, route).ID)
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fault("survey", "", err)
	}
	r := pj.rec
	if r.Failure != nil || r.State == Claimed || r.Result.gone() {
		return false, nil // it would be parsed anew
	}
	out.Reused, out.Parse = true, Credits{}
	if r.Receipt != nil && r.Receipt.Markdown > 0 && out.Extract {
		out.Extraction, known = EstimateExtract(route.Schema, r.Receipt.Markdown), true
	}
	return known, nil
}

// refusedBy is a document that has no job, or one that fails at once; any other
// error is not about it.
func refusedBy(err error) (Prospect, error) {
	f, ok := errors.AsType[*Fault](err)
	if !ok {
		return Prospect{}, fault("survey", "", err)
	}
	_, bad := unfitBy(err)
	switch {
	case bad, f.Code == CodeNoRoute, f.Code == CodeKeyTooLong, f.Code == CodeKeyRefused, f.Code == CodeSourceGone, f.Code == CodeSourceArchived, f.Code == CodeSourceUnread, f.Code == CodeParsed:
		return Prospect{Code: f.Code}, nil
	}
	return Prospect{}, err
}
