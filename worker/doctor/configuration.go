package doctor

import (
	"context"
	"fmt"
	"strings"
)

// lookAtConfiguration finds what config check finds, with the schemas in
// buckets as well, and makes what the later checks work with.
func lookAtConfiguration(ctx context.Context, x *checkup) {
	if err := x.c.Require("store", "exchange"); err != nil {
		x.fail("", err.Error(), "set it; `zdrworker init` writes a file")
		return
	}
	if !x.prepare(ctx) {
		return
	}
	routes, err := x.c.BuildRoutes(ctx, x.o.Fetch)
	if err != nil {
		x.broken("", "cannot be used", err, "`zdrworker config check` lists all that is wrong")
		return
	}
	if names, _ := x.c.Unapproved(routes); len(names) > 0 {
		x.fail("", "the policy does not name the schema of route "+strings.Join(names, ", "), "`zdrworker policy approve FILE`, after somebody has read it")
		return
	}
	if len(routes) == 0 {
		x.ok("", "can be read; no routes: each command brings its schema")
		return
	}
	x.ok("", "can be read; %s, all schemas approved", count(len(routes), "route"))
}

// prepare makes stores, guard and signer as a worker would. Nothing is sent.
func (x *checkup) prepare(ctx context.Context) bool {
	var err error
	if x.aws, err = x.c.AWS(ctx); err != nil {
		x.fail("", err.Error(), "set s3.region, and see `zdrworker config check`")
		return false
	}
	if x.store, x.exchange, err = x.c.OpenStores(ctx, x.aws); err != nil {
		x.store, x.exchange = nil, nil
		x.fail("worker", err.Error(), "give the worker credentials: a role, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		return false
	}
	if x.signing, err = x.c.Presign(ctx, x.aws); err != nil {
		x.fail("", err.Error(), "check signing in the configuration")
		return false
	}
	if x.guard, x.signer, err = x.partners(); err != nil {
		x.fail("", err.Error(), "check policy, provider and signing in the configuration")
		return false
	}
	return true
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
