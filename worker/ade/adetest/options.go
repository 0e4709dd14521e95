package adetest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"time"
)

// Defaults of [Options].
const (
	// DefaultVersion is the model snapshot that extract-latest and an absent
	// model stand for; the published default of the API, v1.
	DefaultVersion = "extract-20260314"
	// DefaultOrgID has the form of the provider's: 12 characters of base 36.
	DefaultOrgID = "adetest0org0"
	// DefaultResultURLThreshold is the size in bytes over which a result is
	// given as a URL. The API says "1 MB" and not how it counts.
	DefaultResultURLThreshold = 1 << 20
	// DefaultMaxMarkdown bounds a document, in bytes. The provider publishes
	// no limit for extraction.
	DefaultMaxMarkdown = 50 << 20

	// DefaultParseVersion is the model snapshot that dpt-2, dpt-2-latest and an
	// absent model stand for.
	DefaultParseVersion = "dpt-2-20260410"
	// DefaultMaxDocument is the provider's bound on a document to parse, in
	// bytes.
	DefaultMaxDocument = 1 << 30

	defaultRemember = 64 << 20
	defaultWorkers  = 64
)

// Options says how a [Provider] behaves. The zero value is a provider without
// zero data retention, that takes any well-formed key, answers at once and
// works without faults.
type Options struct {
	// Addr is where [Start] listens; default 127.0.0.1:0, a free port.
	Addr string
	// Keys are the API keys that are accepted; default any well-formed one.
	// Jobs are seen with the key that made them and with no other.
	Keys []string
	// ZDR switches zero data retention on for the whole organisation, as the
	// provider does; default off.
	ZDR bool
	// OrgID is the organisation in every reply; default DefaultOrgID.
	OrgID string
	// Version is the model snapshot used by default; default DefaultVersion.
	Version string
	// ParseVersion is the same for parses; default DefaultParseVersion.
	ParseVersion string
	// Delay is how long a job stays in each state; default not at all.
	Delay Delay
	// ListLag is how long after its 202 a job is missing from lists; default 0.
	ListLag time.Duration
	// Limit is the rate limit; default none.
	Limit Limit
	// Credits is what the account may spend before creates are refused with
	// 402; default 0, without end.
	Credits float64
	// ResultURLThreshold is the size in bytes over which a result that is not
	// saved elsewhere is given as a URL; default DefaultResultURLThreshold.
	ResultURLThreshold int64
	// MaxMarkdown bounds a document, in bytes; default DefaultMaxMarkdown.
	MaxMarkdown int64
	// MaxDocument bounds a document to parse, in bytes, all of which are held
	// until the job has ended; default DefaultMaxDocument.
	MaxDocument int64
	// RefusePrivateHosts refuses URLs at loopback and private addresses, as a
	// provider on the internet must; default false, because what a developer
	// points this at is a bucket on the same machine.
	RefusePrivateHosts bool
	// PublicURL is the address in the URLs of large results; default the Host
	// of the request, over http.
	PublicURL string
	// Client fetches each markdown_url and puts each result; default a client
	// of its own, without proxy. Its redirect policy is replaced, see
	// [Undocumented].
	Client *http.Client
	// Workers is how many jobs are worked on at once; default 64. Jobs that
	// wait for their time need no worker.
	Workers int
	// Remember bounds the bytes of requests kept for [Provider.Heard]; the
	// oldest are forgotten first. Default 64 MB.
	Remember int64
	// Undocumented sets what the provider does not document.
	Undocumented Undocumented
	// Faults is what goes wrong; see also [Provider.SetFaults].
	Faults Faults
	// Now is the provider's clock; default time.Now. Delays are timers, and
	// not counted with it.
	Now func() time.Time
	// NewID makes job ids; default random UUIDs.
	NewID func() string
}

// Delay is how long a job stays in the two states before its end.
type Delay struct {
	Pending    time.Duration // accepted, not begun; default 0
	Processing time.Duration // before the document is worked on; default 0
}

// Limit is a rate limit: each organisation has one pool for jobs and one for
// sync calls, spread over the hour by the minute.
type Limit struct {
	PerHour int // jobs accepted in an hour; default 0, no limit
	// PagesPerHour is that of parse jobs and sync parses together, by pages. A
	// document is taken whole once there is room for a page; default 0, no limit.
	PagesPerHour int
	// TellRetryAfter sends Retry-After with 429. Nothing documents that the
	// provider does; default false.
	TellRetryAfter bool
}

func (o Options) withDefaults() Options {
	o.Addr = either(o.Addr, "127.0.0.1:0")
	o.OrgID = either(o.OrgID, DefaultOrgID)
	o.Version = either(o.Version, DefaultVersion)
	o.ResultURLThreshold = positive(o.ResultURLThreshold, DefaultResultURLThreshold)
	o.ParseVersion = either(o.ParseVersion, DefaultParseVersion)
	o.MaxDocument = positive(o.MaxDocument, DefaultMaxDocument)
	o.MaxMarkdown = positive(o.MaxMarkdown, DefaultMaxMarkdown)
	o.Remember = positive(o.Remember, defaultRemember)
	o.Workers = positive(o.Workers, defaultWorkers)
	o.Undocumented = o.Undocumented.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = newUUID
	}
	return o
}

func either(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func positive[N int | int64 | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// newUUID makes a random UUID, version 4: the form of job ids in the
// published API.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
