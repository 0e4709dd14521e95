package worker

import "fmt"

// State is where a job is in its life. The zero State is invalid.
type State string

// The states, in the order of the main road and then of the side roads.
const (
	// Claimed: the record exists. An attempt may be minted; nothing was sent.
	Claimed State = "claimed"
	// Submitting: the document is staged and the intent to POST is durable.
	// Whoever reads this cannot know whether the POST went out.
	Submitting State = "submitting"
	// Submitted: the provider's job id is known.
	Submitted State = "submitted"
	// Sealing: one landed result (attempt and ETag) was chosen for this
	// generation; it is checked and published from here on.
	Sealing State = "sealing"
	// Sealed: the result stands at its key. Staged objects may be removed now.
	Sealed State = "sealed"
	// Draining: staged objects were removed once; a signed URL may still live,
	// so a late PUT may bring one back.
	Draining State = "draining"
	// Closed: every signed URL has ended and nothing staged was left.
	Closed State = "closed"

	// Fencing: the outcome of a POST is unknown. What its URL points at is
	// deleted first; then the outbox and the provider's list are asked.
	Fencing State = "fencing"
	// Held: neither the outbox nor the provider's list could settle whether an
	// attempt was billed, or a billed result was not delivered. A person or the
	// policy decides.
	Held State = "held"
	// Failing: the job has failed for good; the failure object is being written.
	Failing State = "failing"
)

// Event is a reason for a record to change. Each change of a record is one
// event, and the record's history lists them.
type Event string

// The events.
const (
	EventBegin    Event = "begin"    // a new attempt: new token, never an old one again
	EventIntend   Event = "intend"   // signed and staged; the POST may go out after this
	EventRepeat   Event = "repeat"   // the POST was provably not sent; signed anew
	EventAccept   Event = "accept"   // 202, or an unknown provider job turned out to be ours
	EventDefer    Event = "defer"    // definitely not accepted (429, 401, 402, 403, unreachable URL): later, with a new token
	EventFence    Event = "fence"    // the POST's outcome is unknown past its deadline
	EventFenced   Event = "fenced"   // staging is gone for good; the list's lag runs from here
	EventProve    Event = "prove"    // fenced, and the list shows no job that could be ours
	EventHold     Event = "hold"     // not settled, or billed and not delivered
	EventLand     Event = "land"     // a result lies in an outbox
	EventReland   Event = "reland"   // the outbox was overwritten while we sealed it
	EventSeal     Event = "seal"     // the result stands at its key
	EventEnded    Event = "ended"    // the provider says failed or cancelled (unbilled): another attempt
	EventFail     Event = "fail"     // for good
	EventRemove   Event = "remove"   // staging and outbox removed once
	EventClose    Event = "close"    // all URLs have ended, nothing is left
	EventRetry    Event = "retry"    // next generation: a person asked, the document is back, or its result stands after all
	EventResubmit Event = "resubmit" // a person or the policy accepts a possible second bill
	EventNote     Event = "note"     // facts added, state unchanged (a late 202 of an older attempt)
	EventClaim    Event = "claim"    // creation
)

// transitions is the whole life of a job: what may follow on what. doc.go draws
// it; a test walks it; the record codec refuses a history that leaves it.
var transitions = map[State]map[Event]State{
	Claimed: {
		EventBegin:  Claimed,
		EventIntend: Submitting,
		EventLand:   Sealing, // an earlier attempt's result: the same document, already paid
		EventFail:   Failing,
		EventNote:   Claimed,
	},
	Submitting: {
		EventRepeat: Submitting,
		EventAccept: Submitted,
		EventDefer:  Claimed,
		EventFence:  Fencing,
		EventLand:   Sealing, // a landing proves that the POST was accepted
		EventFail:   Failing,
		EventNote:   Submitting,
	},
	Fencing: {
		EventFenced: Fencing,
		EventAccept: Submitted,
		EventProve:  Claimed,
		EventLand:   Sealing,
		EventHold:   Held,
		EventNote:   Fencing,
	},
	Submitted: {
		EventLand:  Sealing,
		EventEnded: Claimed,
		EventHold:  Held,
		EventFail:  Failing,
		EventNote:  Submitted,
	},
	Held: {
		EventAccept:   Submitted,
		EventProve:    Claimed,
		EventLand:     Sealing,
		EventResubmit: Claimed,
		EventFail:     Failing,
		EventNote:     Held,
	},
	Sealing: {
		EventReland: Sealing,
		EventSeal:   Sealed,
		EventFail:   Failing,
		EventNote:   Sealing,
	},
	Sealed:  {EventRemove: Draining, EventNote: Sealed},
	Failing: {EventRemove: Draining, EventNote: Failing},
	// A failed job need not drain first: its old URLs stay in the record, and what
	// lands by them is the same document's.
	Draining: {EventClose: Closed, EventRetry: Claimed, EventNote: Draining},
	Closed:   {EventRetry: Claimed, EventNote: Closed},
}

// next gives the state that an event leads to, or an error for a step that the
// table does not have: a defect of ours, never of a document.
func next(from State, e Event) (State, error) {
	to, ok := transitions[from][e]
	if !ok {
		return "", fmt.Errorf("no transition from %q by %q", from, e)
	}
	return to, nil
}

// Open reports whether the job still has work to do: anything but closed.
func (s State) Open() bool { return s != Closed }

// Settled reports whether the document's outcome is known: the result stands
// at its key or the job has failed for good. Removal may still go on.
func (s State) Settled() bool {
	return s == Sealed || s == Failing || s == Draining || s == Closed
}

// ended: the outcome is told, and another try may begin.
func (s State) ended() bool { return s == Draining || s == Closed }

// pressing: there is something to do that people wait for. A failure is known
// when it is written down, but not told yet.
func (s State) pressing() bool { return !s.Settled() || s == Failing }

// Reason says what a job waits for: a closed set, for people and for labels.
type Reason string

// The reasons.
const (
	WaitNothing     Reason = ""
	WaitSlot        Reason = "slot"
	WaitRate        Reason = "rate_limit"
	WaitBudget      Reason = "budget"
	WaitResult      Reason = "result"
	WaitProvider    Reason = "provider"
	WaitUncertain   Reason = "uncertain"
	WaitCredentials Reason = "credentials"
	WaitBreaker     Reason = "breaker"
	WaitPaused      Reason = "paused"
	WaitOperator    Reason = "operator"
)
