package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

// lookAtLifecycle asks for the safety net of the exchange bucket (what a fleet
// that is gone would leave behind), and for rules that take away what a worker
// needs.
func lookAtLifecycle(ctx context.Context, x *checkup) {
	rules, err := x.exchange.Lifecycle(ctx)
	if err != nil {
		x.untold("exchange", "lifecycle", err, "s3:GetLifecycleConfiguration")
	} else {
		x.net(rules)
	}
	if rules, err = x.store.Lifecycle(ctx); err != nil {
		x.untold("store", "lifecycle", err, "s3:GetLifecycleConfiguration")
		return
	}
	x.taken(rules)
}

// net holds the exchange bucket's rules to what they must catch.
func (x *checkup) net(rules []bucket.LifecycleRule) {
	const do = "let the bucket's lifecycle expire %s after a few days: it catches what a fleet that is gone has left"
	whole := true
	for _, prefix := range []string{worker.StagingPrefix, worker.OutboxPrefix} {
		days := soonest(rules, prefix, func(r bucket.LifecycleRule) int { return r.Expire })
		switch {
		case days == 0:
			x.fail("exchange", "no rule expires "+prefix, fmt.Sprintf(do, prefix))
			whole = false
		case days24(days) < x.c.Signing.Lifetime+x.c.Timing.DrainMargin:
			x.fail("exchange", fmt.Sprintf("%s expires after %s, while its URL may still live", prefix, count(days, "day")), "expire it later than signing.lifetime and timing.drain_margin")
			whole = false
		}
	}
	if soonest(rules, "", func(r bucket.LifecycleRule) int { return r.Abort }) == 0 && !x.aborts(rules) {
		x.warn("exchange", "no rule takes unfinished uploads away", "add a rule that aborts unfinished uploads after a day")
		whole = false
	}
	if whole {
		x.ok("exchange", "%s, %s and unfinished uploads expire", worker.StagingPrefix, worker.OutboxPrefix)
	}
}

func (x *checkup) aborts(rules []bucket.LifecycleRule) bool {
	abort := func(r bucket.LifecycleRule) int { return r.Abort }
	return soonest(rules, worker.StagingPrefix, abort) > 0 && soonest(rules, worker.OutboxPrefix, abort) > 0
}

func days24(days int) time.Duration { return time.Duration(days) * 24 * time.Hour }

// soonest is the fewest days of the rules that take everything under a prefix; 0
// when none does.
func soonest(rules []bucket.LifecycleRule, prefix string, of func(bucket.LifecycleRule) int) int {
	least := 0
	for _, r := range rules {
		if n := of(r); !r.Narrowed && n > 0 && strings.HasPrefix(prefix, r.Prefix) && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// taken finds rules of the store bucket that expire records, because a document
// whose record is gone is a new one, and is paid again; and what was parsed before
// the worker knows that it is gone.
func (x *checkup) taken(rules []bucket.LifecycleRule) {
	for _, place := range []string{"zdr/records/", "zdr/open/", "zdr/control/"} {
		if firstDays(rules, place) > 0 {
			x.fail("store", "a rule expires objects under zdr/: a document whose record is gone is sent and paid again", "keep zdr/ out of the bucket's expiration rules")
			return
		}
	}
	if days, keep := firstDays(rules, "zdr/parsed/"), x.c.Keep.Parsed; days > 0 && (keep == 0 || days24(days) <= keep) {
		x.warn("store", fmt.Sprintf("a rule takes parse results after %s, before sweeps do: a document that another route wants then fails until it is tried again", count(days, "day")),
			"expire zdr/parsed/ later than keep.parsed, or leave it to the sweeps")
		return
	}
	x.ok("store", "no rule takes records away")
}

// firstDays is the fewest days after which a rule takes something under a place; 0
// when none does.
func firstDays(rules []bucket.LifecycleRule, place string) int {
	least := 0
	for _, r := range rules {
		touches := strings.HasPrefix(place, r.Prefix) || strings.HasPrefix(r.Prefix, place)
		if touches && r.Expire > 0 && (least == 0 || r.Expire < least) {
			least = r.Expire
		}
	}
	return least
}
