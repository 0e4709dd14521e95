package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// maxEarlier bounds the revisions of a route that are asked about a document,
// a GET each, the newest first.
const maxEarlier = 16

// earlier gives the revisions of a route whose documents this one leaves alone:
// all others that were ever admitted. None where every document is wanted again.
func (p *Pipeline) earlier(r Route) []int {
	if r.OnChange == OnChangeAll {
		return nil
	}
	return p.revisions[r.Name]
}

// noteRevisions remembers which other revisions a route has had.
func (p *Pipeline) noteRevisions(r Route, seen routeObject) {
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(seen.Revisions)), func(n int) bool { return n == r.Revision })
	slices.Reverse(others)
	if p.revisions == nil {
		p.revisions = map[string][]int{}
	}
	p.revisions[r.Name] = others[:min(len(others), maxEarlier)]
}

// takenBefore gives the job that another revision of the route has for a document
// version, nil where there is none: a corrected schema re-bills nothing. Workers
// of two revisions that meet a new document in the same moment may both take it;
// each is one bill of its revision.
func (p *Pipeline) takenBefore(ctx context.Context, src source, route Route, keys answerKeys) (*job, error) {
	j, err := p.loadEarlier(ctx, src, route.Name, p.earlier(route))
	if j == nil || err != nil {
		return nil, err
	}
	return j, errors.Join(p.markOld(ctx, j), p.comeBack(ctx, j, src, keys))
}

// loadEarlier reads the newest answer of other revisions, a GET for each.
func (p *Pipeline) loadEarlier(ctx context.Context, src source, route string, revisions []int) (*job, error) {
	for _, revision := range revisions {
		j, err := p.load(ctx, p.secret.id(src.Bucket, src.Key, versionOf(src), route, revision))
		if errors.Is(err, bucket.ErrNotFound) {
			continue
		}
		if err != nil || j.rec.answers() {
			return j, err
		}
	}
	return nil, nil
}

// answers: the document has its answer from this job or will have it, or a
// failure that was billed. A failure that cost nothing is what a new revision
// may mend, and a result that was discarded is wanted again, both from when they
// are known.
func (r *record) answers() bool {
	if r.Failure != nil {
		return r.Failure.Billed != "no"
	}
	return r.Result == nil || r.Result.Status != StatusDiscarded
}

// decided holds a route that refuses changes to the revisions that it has: a new
// one waits for somebody who says what becomes of the documents before. Once
// admitted it acts as OnChangeNew.
func (r Route) decided(seen routeObject) error {
	_, known := seen.Revisions[r.Revision]
	if r.OnChange != OnChangeRefuse || known || len(seen.Revisions) == 0 {
		return nil
	}
	return &Fault{
		Op: "routes", Code: CodeRouteChanged,
		Hint: fmt.Sprintf("route %s is new in revision %d, and its on_change is refuse. Decide once: on_change new-documents leaves the documents of earlier revisions alone, all bills them again", r.Name, r.Revision),
	}
}
