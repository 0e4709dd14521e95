package worker

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// Rule is a rule of the protocol that a simulation can take away.
type Rule = rule

// The rules, for the simulator.
const (
	RuleFence         = ruleFence
	RuleExpiryNoProof = ruleExpiryNoProof
	RuleExpiryFirst   = ruleExpiryFirst
	RuleOneRecord     = ruleOneRecord
	RuleMarkerGen     = ruleMarkerGen
	RuleSealedFirst   = ruleSealedFirst
	RuleSealFixes     = ruleSealFixes
	RuleDrain         = ruleDrain
	RuleOrphans       = ruleOrphans
	RuleNewToken      = ruleNewToken
	RuleListLag       = ruleListLag
	RuleTwoWalks      = ruleTwoWalks
	RuleNonce         = ruleNonce
	RuleDeadline      = ruleDeadline
	RuleStaleAnswer   = ruleStaleAnswer
	RuleMerge         = ruleMerge
	RuleConditional   = ruleConditional
	RuleNewest        = ruleNewest
	RulePostOnce      = rulePostOnce
	RuleMarkFirst     = ruleMarkFirst
	RuleMarkerWaits   = ruleMarkerWaits
	RuleClock         = ruleClock
	RuleParsedCopy    = ruleParsedCopy
	RuleOneParse      = ruleOneParse
	RuleStepBack      = ruleStepBack
	RulePaceLost      = rulePaceLost
	RulePaceEnds      = rulePaceEnds
	RuleTold          = ruleTold
)

// SwapKey is where it is noted that a store's conditional writes were checked.
const SwapKey = swapKey

// Without takes rules away.
func (p *Pipeline) Without(r Rule) { p.off |= r }

// SetClock gives the pipeline a clock that is wrong by that much.
func (p *Pipeline) SetClock(ahead time.Duration) {
	p.now = func() time.Time { return time.Now().Add(ahead) }
	p.pacer.control.wall, p.pages.control.wall, p.duty.wall = p.now, p.now, p.now
}

// WhenTaken is told of each submission that is taken from the pace of extract
// jobs or of parses, and of each that is given back.
func (p *Pipeline) WhenTaken(told func(ctx context.Context, parse bool, n int)) {
	p.pacer.took = func(ctx context.Context, n int) { told(ctx, false, n) }
	p.pages.took = func(ctx context.Context, n int) { told(ctx, true, n) }
}

// PaceKey, PagesKey and DutyKey are what the fleet shares; budgets lie below
// BudgetPrefix.
const (
	PaceKey      = paceKey
	PagesKey     = pagesKey
	DutyKey      = dutyKey
	BudgetPrefix = budgetPrefix
)

// Holder is the pipeline's name in leases.
func (p *Pipeline) Holder() string { return p.holder }

// TokenIn decodes the token in a staging or outbox key.
func (p *Pipeline) TokenIn(key string) (id ID, attempt int, ok bool) {
	id, attempt, err := p.secret.open(tokenOf(key))
	return id, attempt, err == nil
}

// IDOf is the job of a document version under a route.
func (p *Pipeline) IDOf(key, version, route string, revision int) ID {
	return p.secret.id(p.store.Name(), key, version, route, revision)
}

// ClaimAndGo claims a document and goes on with it, as Run does with each.
func (p *Pipeline) ClaimAndGo(ctx context.Context, d Document) error {
	r := run{p: p}
	_, _, _, err := r.claimAndGo(ctx, d)
	return err
}

// Trust makes the pipeline take the next document for a new one, and list the
// failures instead of looking for one.
func (p *Pipeline) Trust() {
	p.trust.n.Store(trusted)
	p.failures.turn <- struct{}{}
	p.failures.looks = looksBefore
	<-p.failures.turn
}

// Transient: the same call may work later.
func Transient(err error) bool { return transient(err) }

// RecordView is what a simulation looks at in a record.
type RecordView struct {
	Seq      int64
	Nonce    string
	Ref      string
	Gen      int
	State    State
	Source   string // version
	Document string // its key
	Key      string // of the result, while the record has it
	Attempts []AttemptView
	Event    Event // the newest
	Hold     string
	Status   string
	SealETag string
	Failure  string
	Billed   string
	Step     string
	Parse    ID     // of an extract record whose document is parsed first
	Pin      string // ETag of the parse result that its Markdown is from
	PinGen   int    // its generation
	Want     int    // least generation of the parse
	Events   []Event
}

// AttemptView is one attempt of a RecordView.
type AttemptView struct {
	N, Gen      int
	Token       string
	Staging     string
	Outbox      string
	Signed      bool
	Until       time.Time
	Deadline    time.Time
	ProviderJob string
	End         string
}

// ViewRecord decodes a record as the worker would, its history checked.
func ViewRecord(b []byte) (RecordView, error) {
	r, err := decodeRecord(b)
	if err != nil {
		return RecordView{}, err
	}
	v := RecordView{
		Seq: r.Seq, Nonce: r.Nonce, Ref: r.Ref, Gen: r.Gen, State: r.State, Source: versionOf(r.Source), Document: r.Source.Key,
		Key: r.Route.Result, Hold: r.Hold, Step: r.Step,
	}
	if r.Parse != nil {
		v.Parse, v.Pin, v.PinGen, v.Want = r.Parse.ID, r.Parse.ETag, r.Parse.Gen, r.Parse.Want
	}
	for _, h := range r.History {
		v.Events = append(v.Events, h.Event)
		v.Event = h.Event
	}
	for _, a := range r.Attempts {
		v.Attempts = append(v.Attempts, AttemptView{
			N: a.N, Gen: a.Gen, Token: a.Token, Staging: a.staging(), Outbox: outboxKey(a.Token),
			Signed: !a.SignedAt.IsZero(), Until: a.until(), Deadline: a.PostDeadline, ProviderJob: a.ProviderJob, End: a.End,
		})
	}
	if r.Result != nil {
		v.Status, v.SealETag = r.Result.Status, r.Result.SourceETag
	}
	if r.Failure != nil {
		v.Failure, v.Billed = r.Failure.Code, r.Failure.Billed
	}
	return v, nil
}

// Next is the transition table.
func Next(from State, e Event) (State, error) { return next(from, e) }

// IDInKey reads the id in a record's or marker's key; gen is 0 for a record.
func IDInKey(key string) (id ID, gen int, ok bool) {
	if id, err := parseRecordKey(key); err == nil {
		return id, 0, true
	}
	id, gen, err := parseMarkerKey(key)
	return id, gen, err == nil
}

// ParsedOf is where the result of a parse's generation lies.
func ParsedOf(id ID, gen int) string { return parsedKey(id, gen) }

// MarkerOf and RecordOf are the keys of a job.
func MarkerOf(id ID, gen int) string { return markerKey(id, gen) }
func RecordOf(id ID) string          { return recordKey(id) }

// OnSlip gives the jobs, with their generations, that an object names if it is a
// slip.
func OnSlip(key string, body []byte) (jobs map[ID]int, ok bool) {
	if !strings.HasPrefix(key, slipPrefix) {
		return nil, false
	}
	var s slip
	if json.Unmarshal(body, &s) != nil {
		return nil, true
	}
	jobs = map[ID]int{}
	for _, e := range s.entries() {
		jobs[e.id] = e.gen
	}
	return jobs, true
}
