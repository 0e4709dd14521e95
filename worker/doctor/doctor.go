// Package doctor looks whether a deployment would work: configuration,
// credentials, buckets, queues, provider. It changes nothing that stays: what
// it writes to try a right is neutral, and is removed again. No document is
// read or named.
//
// What cannot be told is said to be unknown, never fine: a store may not know
// the question, or may refuse to answer these credentials.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/zdr"
)

// Status is what came out of looking at one thing.
type Status string

// The four. The words are stable.
const (
	OK      Status = "ok"
	Warn    Status = "warn"    // works, and should be changed
	Fail    Status = "fail"    // does not work, or is not safe
	Unknown Status = "unknown" // cannot be told from here
)

// Cause is whose fault a Fail is.
type Cause string

// The causes. The words are stable.
const (
	Configuration Cause = "configuration" // somebody has to change something
	Unreachable   Cause = "unreachable"   // it may work in a minute
	Provider      Cause = "provider"      // the provider refuses the key or the account
	Violation     Cause = "violation"     // content came back
)

// Finding is one line. It names neither bucket, key, role nor document.
type Finding struct {
	Check  string `json:"check"`
	Of     string `json:"of,omitempty"` // "store", "exchange", "ledger", "worker", "reader", "writer", a kind of source
	Status Status `json:"status"`
	Saw    string `json:"saw"`
	Do     string `json:"do,omitempty"`
	Cause  Cause  `json:"cause,omitempty"` // of a Fail
}

// Options are what a checkup needs beside the configuration.
type Options struct {
	// Fetch reads schemas in buckets. Default: they are not read.
	Fetch config.Fetch
	// Lambda says that this runs as a function, whose credentials end with it.
	Lambda bool
	// Timeout bounds all checks together, and each of them to a fifth of it.
	// Default: 55 seconds.
	Timeout time.Duration
	// Each is told every finding as it is made. Default: nobody is.
	Each func(Finding)
}

// DefaultTimeout is for everything: less than a minute.
const DefaultTimeout = 55 * time.Second

// check is one thing that is looked at.
type check struct {
	name  string
	look  func(context.Context, *checkup)
	needs need
}

// need is what a check cannot do without.
type need int

const (
	nothing need = iota
	buckets
	signer
	client
)

// checks are all of them, in the order in which they are made: what explains
// the others comes first.
var checks = []check{
	{"configuration", lookAtConfiguration, nothing},
	{"credentials", lookAtCredentials, nothing},
	{"bucket", lookAtBuckets, nothing},
	{"clock", lookAtClock, buckets},
	{"compare-and-swap", lookAtSwap, buckets},
	{"canary", lookAtCanary, signer},
	{"encryption", lookAtEncryption, buckets},
	{"public-access", lookAtPublicAccess, buckets},
	{"versioning", lookAtVersioning, buckets},
	{"replication", lookAtReplication, buckets},
	{"lifecycle", lookAtLifecycle, buckets},
	{"notifications", lookAtNotifications, buckets},
	{"sources", lookAtSources, nothing},
	{"provider", lookAtProvider, client},
	{"zero-data-retention", lookAtRetention, nothing},
}

// checkup is one look at everything.
type checkup struct {
	c     *config.Config
	o     Options
	check string
	found []Finding

	aws             aws.Config
	signing         presign.Config
	store, exchange *s3store.Store // nil: cannot be used
	ledger          *s3store.Store // nil: there is none, or it cannot be used
	guard           *zdr.Guard
	signer          *presign.Signer // nil: cannot be made
}

// Run looks at everything that a configuration names, in no more than
// Options.Timeout.
func Run(ctx context.Context, c *config.Config, o Options) []Finding {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	x := &checkup{c: c, o: o}
	for _, k := range checks {
		x.check = k.name
		x.one(ctx, k)
	}
	return x.found
}

// one makes a check, or says why it is not made.
func (x *checkup) one(ctx context.Context, k check) {
	if why := x.lacks(k.needs); why != "" {
		x.unknown("", "not looked at: "+why, "mend what is said above")
		return
	}
	if ctx.Err() != nil {
		x.unknown("", "not looked at: no time was left", "run it again, nearer to the buckets or with a longer --timeout")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, x.o.Timeout/5)
	defer cancel()
	k.look(ctx, x)
}

func (x *checkup) lacks(n need) string {
	switch {
	case n == buckets && (x.store == nil || x.exchange == nil), n == signer && x.exchange == nil:
		return "a bucket cannot be used"
	case n == signer && x.signer == nil, n == client && x.guard == nil:
		return "the configuration cannot be used"
	}
	return ""
}

func (x *checkup) add(f Finding) {
	f.Check = x.check
	x.found = append(x.found, f)
	if x.o.Each != nil {
		x.o.Each(f)
	}
}

func (x *checkup) ok(of, saw string, args ...any) {
	x.add(Finding{Of: of, Status: OK, Saw: fmt.Sprintf(saw, args...)})
}

func (x *checkup) warn(of, saw, do string) {
	x.add(Finding{Of: of, Status: Warn, Saw: saw, Do: do})
}

func (x *checkup) unknown(of, saw, do string) {
	x.add(Finding{Of: of, Status: Unknown, Saw: saw, Do: do})
}

func (x *checkup) fail(of, saw, do string) {
	x.add(Finding{Of: of, Status: Fail, Saw: saw, Do: do, Cause: Configuration})
}
