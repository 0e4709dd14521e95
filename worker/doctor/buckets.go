package doctor

import (
	"context"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// lookAtBuckets asks whether the buckets are there.
func lookAtBuckets(ctx context.Context, x *checkup) {
	x.store = x.there(ctx, "store", x.store)
	x.exchange = x.there(ctx, "exchange", x.exchange)
	if x.c.Ledger == "" {
		return
	}
	ledger, err := s3store.OpenWith(ctx, x.aws, strings.TrimSuffix(x.c.Ledger, "/"), x.c.StoreOptions())
	if err != nil {
		x.broken("ledger", "cannot be opened", err, "check ledger in the configuration")
		return
	}
	x.ledger = x.there(ctx, "ledger", ledger)
}

// there gives the store back if its bucket answers.
func (x *checkup) there(ctx context.Context, of string, s *s3store.Store) *s3store.Store {
	if s == nil {
		x.unknown(of, "not looked at: the configuration cannot be used", "mend what is said above")
		return nil
	}
	if err := s.Check(ctx); err != nil {
		x.broken(of, "the bucket does not let us in", err, "check its name, its region and what the credentials may do (s3:ListBucket)")
		return nil
	}
	x.place(ctx, of, s)
	return s
}

// place compares where the bucket is with where it is looked for: the provider
// does not follow the redirect that a URL of another region is answered with.
func (x *checkup) place(ctx context.Context, of string, s *s3store.Store) {
	is, err := s.Region(ctx)
	switch {
	case err != nil:
		x.untold(of, "the bucket is there; its region", err, "s3:GetBucketLocation")
	case is != x.aws.Region:
		x.fail(of, "is there, and in another region than s3.region", "set s3.region to the bucket's own")
	default:
		x.ok(of, "is there, in the region of s3.region")
	}
}

// each looks at both buckets that a worker cannot do without.
func (x *checkup) each(look func(of string, s *s3store.Store)) {
	look("store", x.store)
	look("exchange", x.exchange)
}

// all looks at the ledger as well, where there is one.
func (x *checkup) all(look func(of string, s *s3store.Store)) {
	x.each(look)
	if x.ledger != nil {
		look("ledger", x.ledger)
	}
}

// lookAtSwap lets writers race, as a first start does, and more of them.
func lookAtSwap(ctx context.Context, x *checkup) {
	x.each(func(of string, s *s3store.Store) {
		r := worker.Race{Prefix: worker.RacePrefix, Writers: 12, Rounds: 4}
		if of == "exchange" {
			r.Prefix = worker.StagingPrefix
		}
		if err := worker.CheckSwap(ctx, s, r); err != nil {
			x.broken(of, "conditional writes", err, "use a store, and a version of it, that keeps If-None-Match and If-Match; the worker needs s3:GetObject, s3:PutObject and s3:DeleteObject there")
			return
		}
		x.ok(of, "%d writers raced %d times: one won each time", r.Writers, 2*r.Rounds)
	})
}
