package worker

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// recordFormat is the version of the record's layout. A worker reads this one
// and the one before; a newer one it leaves alone.
const recordFormat = 1

// maxRecord bounds a record, in bytes: it has a few attempts and a short
// history, never content.
const maxRecord = 1 << 20

// maxHistory is how many of the newest events a record keeps.
const maxHistory = 64

// errNewerFormat: a newer program wrote the record. It is left alone.
var errNewerFormat = errors.New("record has a newer format than this program knows")

// record is a job's whole state. It lives under one key for ever and is
// changed only by compare-and-swap on its ETag.
type record struct {
	Format int    `json:"format"`
	Seq    int64  `json:"seq"`   // one more at each write
	Nonce  string `json:"nonce"` // random at each write
	Ref    string `json:"ref"`
	Gen    int    `json:"gen"` // from 1; one more at each retry of a closed job
	State  State  `json:"state"`
	Step   string `json:"step"` // StepExtract or StepParse

	Source    source    `json:"source"`
	Route     routeRef  `json:"route"`
	Attempts  []attempt `json:"attempts,omitempty"`
	Lease     *lease    `json:"lease,omitempty"` // who prepares the claimed attempt; only to avoid double work
	Seal      *seal     `json:"seal,omitempty"`
	Result    *sealed   `json:"result,omitempty"`
	Receipt   *receipt  `json:"receipt,omitempty"`
	Failure   *failure  `json:"failure,omitempty"`
	Hold      string    `json:"hold,omitempty"` // why held: a code
	FencedAt  time.Time `json:"fenced_at,omitzero"`
	NotBefore time.Time `json:"not_before,omitzero"` // no new attempt before this
	Waiting   Reason    `json:"waiting_for,omitempty"`
	Backfill  bool      `json:"backfill,omitempty"` // of a backfill: what is live is submitted first

	// Parse is what an extract job waits for before it stages; nil when its
	// document is Markdown.
	Parse *parseRef `json:"parse,omitempty"`
	// Options and Dependents are of a parse job: how it parses, and the extract
	// jobs that wait for it, the one that began it first.
	Options    *parseOptions `json:"parse_options,omitempty"`
	Dependents []ID          `json:"dependents,omitempty"`

	Dev bool `json:"development,omitempty"` // everything was loopback

	ClaimedAt time.Time `json:"claimed_at"`
	UpdatedAt time.Time `json:"updated_at"`
	History   []entry   `json:"history"`
}

// source is the document version that the job is about.
type source struct {
	Bucket   string    `json:"bucket"`
	Key      string    `json:"key,omitempty"` // dropped when the job closes and nothing needs it
	Version  string    `json:"version,omitempty"`
	ETag     string    `json:"etag,omitempty"`
	Size     int64     `json:"size"` // bytes
	Modified time.Time `json:"modified"`
	Pages    int       `json:"pages,omitempty"` // where somebody has counted them
}

// routeRef is the route as it was at claim: a changed configuration does not
// change a job that is under way.
type routeRef struct {
	Name     string `json:"name"`
	Revision int    `json:"revision"`
	Schema   string `json:"schema"` // digest; the schema itself lies under zdr/schemas
	Model    string `json:"model,omitempty"`
	Strict   bool   `json:"strict,omitempty"`
	// PartialFails: an incomplete result becomes a failure.
	PartialFails bool   `json:"partial_fails,omitempty"`
	Result       string `json:"result,omitempty"`  // key
	Failure      string `json:"failure,omitempty"` // key
}

// attempt is one submission: one token, one staging object, one outbox object.
type attempt struct {
	N            int       `json:"n"` // from 1, counted over all generations
	Gen          int       `json:"gen"`
	Token        string    `json:"token"`
	Ext          string    `json:"ext,omitempty"`       // of the staged object; "" is "md"
	SignedAt     time.Time `json:"signed_at,omitzero"`  // X-Amz-Date
	ExpiresS     int64     `json:"expires_s,omitempty"` // X-Amz-Expires, seconds
	PostDeadline time.Time `json:"post_deadline,omitzero"`
	IntendedAt   time.Time `json:"intended_at,omitzero"` // the store's clock, before the first POST
	Clock        *offset   `json:"clock,omitempty"`      // the provider's, then; nil: not measured
	Tries        int       `json:"tries,omitempty"`      // POSTs that may have gone out
	ProviderJob  string    `json:"provider_job,omitempty"`
	Reserved     float64   `json:"reserved,omitempty"` // credits, of each of the budgets
	Budgets      []string  `json:"budgets,omitempty"`
	End          string    `json:"end,omitempty"` // why it is over and unbilled; "" while it may still deliver
}

// staging is the key of what the attempt stages.
func (a attempt) staging() string { return stagingKey(a.Token, cmp.Or(a.Ext, extMarkdown)) }

// until is when the last URL of the attempt ends, on S3's clock; zero when
// none was signed.
func (a attempt) until() time.Time {
	if a.SignedAt.IsZero() {
		return time.Time{}
	}
	return a.SignedAt.Add(time.Duration(a.ExpiresS) * time.Second)
}

type lease struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

// seal is the one landing that this generation publishes (I5).
type seal struct {
	Attempt int    `json:"attempt"`
	ETag    string `json:"etag"`
	Size    int64  `json:"size"`
}

type sealed struct {
	ETag       string    `json:"etag,omitempty"`
	Status     string    `json:"status"` // ok, partial, schema-violation, superseded, discarded
	At         time.Time `json:"at"`
	SourceETag string    `json:"outbox_etag,omitempty"`

	// Of a parse: since when it is due to be removed, when a job took it in spite
	// of that, and when it was said to be gone.
	AgedAt time.Time `json:"aged_at,omitzero"`
	UsedAt time.Time `json:"used_at,omitzero"`
	GoneAt time.Time `json:"gone_at,omitzero"`
}

// receipt is what the provider says of a job that is done: no content.
type receipt struct {
	Credits    float64 `json:"credits"`
	DurationMS int64   `json:"duration_ms,omitempty"`
	Model      string  `json:"model,omitempty"`
	Partial    bool    `json:"partial,omitempty"`
	Violation  bool    `json:"schema_violation,omitempty"`
	Warnings   int     `json:"warnings,omitempty"`
	// Of a parse: pages of the document, those without text, bytes of Markdown.
	Pages    int   `json:"pages,omitempty"`
	Failed   int   `json:"failed_pages,omitempty"`
	Markdown int64 `json:"markdown,omitempty"`
}

// failure is why a job failed for good: our own words only.
type failure struct {
	Code      string    `json:"code"`
	Step      string    `json:"step"`
	Retryable bool      `json:"retryable"`
	Billed    string    `json:"billed"` // no, yes, unknown
	At        time.Time `json:"at"`
}

type entry struct {
	At      time.Time `json:"at"`
	Event   Event     `json:"event"`
	State   State     `json:"state"` // after the event
	Attempt int       `json:"attempt,omitempty"`
	Code    string    `json:"code,omitempty"`
}

// current is the newest attempt, or nil before the first.
func (r *record) current() *attempt {
	if len(r.Attempts) == 0 {
		return nil
	}
	return &r.Attempts[len(r.Attempts)-1]
}

func (r *record) attempt(n int) *attempt {
	for i := range r.Attempts {
		if r.Attempts[i].N == n {
			return &r.Attempts[i]
		}
	}
	return nil
}

// live are the attempts whose outbox may still receive something.
func (r *record) live() []attempt {
	var out []attempt
	for _, a := range r.Attempts {
		if !a.SignedAt.IsZero() {
			out = append(out, a)
		}
	}
	return out
}

// mayDeliver: an attempt was given up that the provider may have taken.
func (r *record) mayDeliver() bool {
	return slices.ContainsFunc(r.live(), func(a attempt) bool { return a.End == "" || a.End == endResubmitted })
}

// lastURL is when the last URL that was ever signed for this job ends.
func (r *record) lastURL() time.Time {
	var last time.Time
	for _, a := range r.Attempts {
		if u := a.until(); u.After(last) {
			last = u
		}
	}
	return last
}

// endedIn counts the attempts of this generation that ended in this way.
func (r *record) endedIn(end string) int {
	n := 0
	for _, a := range r.Attempts {
		if a.Gen == r.Gen && a.End == end {
			n++
		}
	}
	return n
}

// clone is a deep copy, so that a change that loses its race leaves no trace.
func (r *record) clone() *record {
	c := *r
	c.Attempts = append([]attempt(nil), r.Attempts...)
	c.History = append([]entry(nil), r.History...)
	c.Lease, c.Seal, c.Result = ptr(r.Lease), ptr(r.Seal), ptr(r.Result)
	c.Receipt, c.Failure = ptr(r.Receipt), ptr(r.Failure)
	c.Parse, c.Options = ptr(r.Parse), ptr(r.Options)
	c.Dependents = append([]ID(nil), r.Dependents...)
	return &c
}

func ptr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// apply moves the record along one transition and writes it down.
func (r *record) apply(e Event, at time.Time, code string) error {
	to, err := next(r.State, e)
	if err != nil {
		return err
	}
	r.State = to
	n := 0
	if a := r.current(); a != nil {
		n = a.N
	}
	r.History = append(r.History, entry{At: at.UTC(), Event: e, State: to, Attempt: n, Code: code})
	if over := len(r.History) - maxHistory; over > 0 {
		r.History = append([]entry(nil), r.History[over:]...)
	}
	r.UpdatedAt = at.UTC()
	return nil
}

// encode gives the bytes of the next write: sequence and nonce are new.
func (r *record) encode() ([]byte, error) {
	r.Format, r.Seq, r.Nonce = recordFormat, r.Seq+1, newNonce()
	return json.MarshalIndent(r, "", " ")
}

// decodeRecord reads a record. A newer format is errNewerFormat; anything that
// no writer of ours can have written is an error.
func decodeRecord(b []byte) (*record, error) {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, errors.New("record is not JSON")
	}
	if head.Format > recordFormat {
		return nil, errNewerFormat
	}
	var r record
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return nil, errors.New("record has fields or values that format 1 does not have")
	}
	return &r, r.check()
}

func (r *record) check() error {
	switch {
	case r.Format != recordFormat:
		return fmt.Errorf("record has format %d", r.Format)
	case transitions[r.State] == nil:
		return errors.New("record has an unknown state")
	case (r.Step == StepParse) != (r.Options != nil) || r.Step != StepParse && r.Step != StepExtract:
		return errors.New("record has an unknown step, or options that do not belong to it")
	case r.Gen < 1 || r.Seq < 1 || r.Nonce == "" || r.Ref == "":
		return errors.New("record lacks generation, sequence, nonce or ref")
	case len(r.History) == 0 || r.History[len(r.History)-1].State != r.State:
		return errors.New("record's history does not end in its state")
	}
	return r.checkHistory()
}

// checkHistory holds the history to the transition table.
func (r *record) checkHistory() error {
	for i := 1; i < len(r.History); i++ {
		to, err := next(r.History[i-1].State, r.History[i].Event)
		if err != nil || to != r.History[i].State {
			return errors.New("record's history is no path of the transition table")
		}
	}
	return nil
}
