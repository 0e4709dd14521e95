package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// routeObject remembers what each revision of a route was, so that an edit
// cannot pass for the same revision: the same documents would be billed again,
// or half of them answered differently.
type routeObject struct {
	Format    int                `json:"format"`
	Name      string             `json:"name"`
	Revisions map[int]routeFacts `json:"revisions"`
}

type routeFacts struct {
	Digest string `json:"digest"` // over all below and the name
	Schema string `json:"schema"`
	Model  string `json:"model,omitempty"`
	Strict bool   `json:"strict,omitempty"`
	Parse  string `json:"parse,omitempty"` // digest of its options
}

// admitRoutes checks every route against what its revision was before.
func (p *Pipeline) admitRoutes(ctx context.Context) error {
	if err := p.routes.Validate(); err != nil {
		return &Fault{Op: "routes", Code: CodeConfig, Err: err}
	}
	for _, r := range p.routes {
		if err := p.admitRoute(ctx, r.withDefaults()); err != nil {
			return fault("routes", "", err)
		}
	}
	return nil
}

func (p *Pipeline) admitRoute(ctx context.Context, r Route) error {
	want := factsOf(r)
	for range maxPublish {
		seen, info, admitted, err := p.revisionsOf(ctx, r, want)
		if err != nil {
			return err
		}
		if admitted {
			p.noteRevisions(r, seen)
			return nil
		}
		// Kept so that a later edit can be shown.
		if err := p.keepSchema(ctx, r.Schema); err != nil {
			return err
		}
		if seen.Revisions == nil {
			seen.Revisions = map[int]routeFacts{}
		}
		seen.Format, seen.Name = 1, r.Name
		seen.Revisions[r.Revision] = want
		_, err = writeJSON(ctx, p.store, routeKey(r.Name), seen, bucket.Condition{IfMatch: info.ETag, Absent: info.ETag == ""})
		if err == nil || !settledElsewhere(err) {
			p.noteRevisions(r, seen)
			return err
		}
	}
	return &bucket.Error{Op: "put", Class: bucket.ErrConflict}
}

func factsOf(r Route) routeFacts {
	f := routeFacts{Digest: r.Digest(), Schema: r.Schema.Digest(), Model: r.Model, Strict: r.Strict}
	if !r.Parse.IsZero() {
		f.Parse = r.Parse.Digest()
	}
	return f
}

// revisionsOf reads what the revisions of a route were. admitted: this one is
// among them. An edit that is no revision of its own is refused, and so is a
// revision that somebody has to decide about.
func (p *Pipeline) revisionsOf(ctx context.Context, r Route, want routeFacts) (seen routeObject, info bucket.Info, admitted bool, err error) {
	info, err = readJSON(ctx, p.store, routeKey(r.Name), &seen)
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		return seen, info, false, err
	}
	if seen.Format > 1 {
		return seen, info, false, errNewerFormat
	}
	if before, ok := seen.Revisions[r.Revision]; ok && !before.parsesNow(want) {
		return seen, info, true, p.sameRevision(ctx, r, before, want)
	}
	return seen, info, false, r.decided(seen)
}

// parsesNow: the route is what it was, and says how it parses for the first
// time. No document of it was parsed before, so nothing is answered differently.
func (f routeFacts) parsesNow(want routeFacts) bool {
	return f.Parse == "" && want.Parse != "" && f.Schema == want.Schema && f.Model == want.Model && f.Strict == want.Strict
}

// sameRevision names what differs between two routes of one revision.
func (p *Pipeline) sameRevision(ctx context.Context, r Route, before, now routeFacts) error {
	if before.Digest == now.Digest {
		return nil
	}
	diff := ""
	if before.Schema != now.Schema {
		diff += p.schemaChange(ctx, r, before.Schema)
	}
	if before.Model != now.Model {
		diff += fmt.Sprintf(" model %q → %q", before.Model, now.Model)
	}
	if before.Strict != now.Strict {
		diff += fmt.Sprintf(" strict %t → %t", before.Strict, now.Strict)
	}
	if before.Parse != now.Parse {
		diff += " parse options"
	}
	return &Fault{
		Op: "routes", Code: CodeRouteChanged,
		Hint: fmt.Sprintf("route %s was edited and still is revision %d:%s. Give it revision %d; documents that were answered stay answered", r.Name, r.Revision, diff, r.Revision+1),
	}
}

func short(digest string) string {
	if len(digest) > 19 {
		return digest[:19] + "…"
	}
	return digest
}
