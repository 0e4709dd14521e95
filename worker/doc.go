// Package worker moves documents of a bucket through the provider's extract
// jobs and brings the results back, with zero data retention: the provider
// reads and writes through two presigned URLs and holds nothing.
//
// # The one idea
//
// The bucket is the only database, and every trigger is only a nudge. A job is
// one small record in the store bucket, changed by compare-and-swap on its
// ETag. [Pipeline.Advance] reads the record, does the one next thing and writes
// the record. Whatever calls it — a command, a timer, a message — adds nothing
// but the call, so any number of workers may run, each may be killed at any
// instruction, and the outcome is the same.
//
// # A job's life
//
//	             ┌────────── defer · prove · ended · resubmit ──────────┐
//	             ▼                                                      │
//	claim ──► claimed ──intend──► submitting ──accept──► submitted ─────┤
//	             │ ▲                  │                     │           │
//	           begin               fence                   land         │
//	                                  ▼                     ▼           │
//	                               fencing ──land──►     sealing        │
//	                                  │ └─accept─► submitted │          │
//	                                 hold                   seal        │
//	                                  ▼                      ▼          │
//	                                held ──────────────►  sealed        │
//	                                  │                      │ remove   │
//	             fail                 │                      ▼          │
//	  any open ──────► failing ──remove──────────────►  draining        │
//	                                                         │ close    │
//	                              retry (next generation)    ▼          │
//	             claimed ◄───────────────────────────────  closed       │
//
// The table in state.go is the whole of it; a record's history is always a path
// through that table.
//
//   - claimed: the record exists. Whoever finds it here mints a new token.
//   - submitting: staged, signed, and the intent to POST is durable. Whoever
//     reads this cannot know whether the POST went out.
//   - submitted: the provider's job id is known.
//   - sealing: one landed result was chosen; it is being checked and published.
//   - sealed: the result stands at its key. What was staged is removed at once,
//     with that of other jobs; they stand on a slip then, in place of their
//     markers, until the last of their URLs has ended, and close together.
//   - draining: the staged objects of a failed job were removed once; a signed
//     URL may still live. The job may be tried again from here, its next
//     generation beginning with the same record.
//   - closed: every URL has ended and one more listing was empty.
//   - fencing: a POST's answer was lost. What its URL points at is deleted, the
//     provider's list gets time to show the job, then outbox and list decide.
//   - held: neither could. Nothing is submitted again unless a later look at the
//     list proves that it was not billed, or somebody says so.
//   - failing: failed for good; the failure object is being written.
//
// # What is no Markdown
//
// A document that is no Markdown is parsed first. The parse is a job of its own,
// with a record of the same states, under an id that depends on the document's
// version and the parse options alone: routes and revisions share it, so that a
// version is parsed, and paid for, once. Its result is sealed below zdr/parsed/,
// where no URL can write.
//
// The document's extract job waits in claimed: it makes sure that the parse's
// record exists, has itself put on that record's list of dependents, and moves
// the parse on where it can. Whoever brings the parse to its end nudges the
// dependents; a nudge that is lost costs one sweep. Then the job is pinned to the
// ETag of the parse result, and the markdown member of that is decoded, as a
// stream, into the attempt's staging object, which is written once like any
// other. A parse that fails fails its documents, with the parse's code; one that
// is held holds them, and it is the parse that somebody must decide about. A
// pinned result that is gone is not parsed again before somebody says so: that
// bills again.
//
// Where Settings.KeepParsed bounds how long a parse result is kept, a sweep marks
// it in the parse's record when it is due. A job that takes it until a day later
// unmarks it. After that the record says that it is gone, unless an open job is
// pinned to it, and then it is removed. A job that comes later has the document
// parsed, and billed, in the parse's next generation, whose result has a key of
// its own: what a sweeper removes late is never what was parsed since.
//
// # What holds at every moment
//
//	I1  A POST is preceded by a confirmed write of the intent for its token, and
//	    only the worker that made that write sends it.
//	I2  A token's staging object is made once, before the intent. After a fence
//	    it is gone for good.
//	I3  A new attempt exists only if every earlier one is proven unbilled, or
//	    the policy says so.
//	I4  An outbox object is deleted only after the record says sealed, or when
//	    its attempt was never accepted, or the job has failed.
//	I5  Sealing fixes one landing for a generation; no attempt is made after it.
//	I6  A record is never deleted while a scan may find its document, and every
//	    open record has a marker of its generation, or is done and stands on a slip.
//	I7  No unconditional write or delete touches a key that another generation,
//	    attempt or version may use.
//	I8  No safety argument uses a worker's clock or a lease.
//	I9  Markdown is staged from the sealed copy of a parse result, never from an
//	    outbox, and only under the ETag that the extract job was pinned to.
//	I10 What a job has told stands: where its result is at its key, or in
//	    history, its record comes to say so, and no failure object of it stays.
//
// # What is retried
//
//	document that the store denies
//	      3 times in a backfill, 5 s or more apart; an event comes again; 10 in a row halt all [bills again: no]
//	document gone or changed since its event
//	      fails for good; a newer version is a job of its own [bills again: no]
//	copy to staging lost, slow or refused
//	      another token, when the job is next looked at [bills again: no]
//	credentials for URLs end too early
//	      later, when there are new ones [bills again: no]
//	POST provably not sent
//	      again after 1 to 8 s, signed anew, 5 times; then later with another token [bills again: no]
//	POST answered 429
//	      later, as told or doubling; the fleet slows down [bills again: no]
//	POST answered 401, 402, 403
//	      the breaker stops the fleet; later [bills again: no]
//	POST answered 400, 413, 415, 422
//	      fails for good [bills again: no]
//	POST answered 400: the URL could not be read
//	      again after 4 to 30 s; 3 attempts in all, then fails [bills again: no]
//	POST's answer lost, timed out, 5xx, unreadable
//	      fenced after its deadline (1 m) and 30 s; the list is asked 2 m later [bills again: no]
//	  the list proves that it made no job
//	      another attempt, at once; 10 such, then fails [bills again: no]
//	  not proven
//	      the list is asked again every minute until the URL's end and 1 h [bills again: no]
//	  not proven by then
//	      held; later looks may prove it for a day; else on_uncertain decides [bills again: it may]
//	provider's job failed or cancelled
//	      again after 1 to 30 s; 3 attempts in all, then fails [bills again: no]
//	provider's job unknown to it, or in no known state
//	      asked again every minute until the URL's end and 1 h; then held [bills again: it may]
//	completed, nothing delivered
//	      as above: held, billed and not delivered [bills again: it may]
//	result is no JSON, cut, or another job's
//	      fails; again by command [bills again: yes]
//	result too large
//	      fails for good [bills again: yes]
//	result breaks the schema
//	      sealed and marked, or fails if the route says so; again by command [bills again: yes]
//	outbox overwritten while it is read
//	      read again; the newest counts [bills again: no]
//	store slow, away, or not sure
//	      later, from the record; a write is read back first [bills again: no]
//	another worker was faster
//	      the record is read again [bills again: no]
//	a worker dies
//	      another goes on: from claimed after 2 m with another token, else at once [bills again: no]
//	a worker is told to leave (SIGTERM)
//	      the POST in hand (1 m) and the writing down of its answer (30 s) end first [bills again: no]
//
// # The fleet's pace
//
// Limits are kept by two objects in the store bucket, one for extract jobs and
// one for the pages of parses. A worker leases a few submissions at a time, for
// 20 seconds, by compare-and-swap; what it may not have leased it does not use,
// and what a dead worker had leased ends by itself. What comes free in an hour,
// a full burst and the life of a lease together make the limit, so that no hour
// sees more. Documents in flight are counted where they lie, in the staging
// prefix, and leases are added. A job that waits for room takes its own leftover
// away first; sweeps take those of others. Times in these objects are the
// store's: a worker learns that clock before it writes one, and no sleep of it
// is taken for a difference of clocks. A 429 holds all until its time and halves
// the rate, and five minutes without one take a halving back.
//
// # What is taken for granted
//
// "At most one billed submission per document and revision" rests on what the
// provider does not document:
//
//   - Settings.ListLag after a document was taken away from under its URL, the
//     list shows every job that had read it: the time of a fetch that had begun,
//     and then the list's own lag.
//   - A job is stamped on a clock that the Date of the provider's answers tells
//     within half a minute. That clock is compared with the store's before a
//     submission, at most ten minutes earlier, and again at the proof; the proof
//     covers both. What lies beyond is a clock that jumps away after the one look
//     and comes back before the other. Where one look failed, or both, a quarter
//     of an hour on both sides stands for it.
//   - The store's clock does not go back.
//   - The list remembers a job for a day. Nothing is proven by it later.
//   - Failed and cancelled jobs are free, as is documented.
//   - No one else submits with the same API key.
//
// # In a program of your own
//
// Begin with [zdr.Harden]: net/http prints bytes that servers sent to the global
// log, which it silences, and a core dump would have documents in it. Put
// [zdr.RecoverTo] first into goroutines that handle documents: the runtime prints
// what a panic is about. The goroutines of this package do so. Names and keys are
// plain text in what a [Store] is asked and answers; log its errors, not those.
package worker
