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
//   - sealed: the result stands at its key.
//   - draining: staged objects were removed once; a signed URL may still live.
//     A failed job may be tried again from here, its next generation beginning
//     with the same record.
//   - closed: every URL has ended and one more listing was empty.
//   - fencing: a POST's answer was lost. What its URL points at is deleted, the
//     provider's list gets time to show the job, then outbox and list decide.
//   - held: neither could. Nothing is submitted again unless a later look at the
//     list proves that it was not billed, or somebody says so.
//   - failing: failed for good; the failure object is being written.
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
//	    open record has a marker of its generation.
//	I7  No unconditional write or delete touches a key that another generation,
//	    attempt or version may use.
//	I8  No safety argument uses a worker's clock or a lease.
//
// # What is retried
//
//	what                                   what happens                       bills again?
//	document gone or changed               fails for good                     no
//	copy to staging: unknown outcome       new token                          no
//	POST provably not sent                 again, signed anew, 5 times        no
//	POST answered 429                      later, as told; all slow down      no
//	POST answered 400, 413, 415, 422       fails for good                     no
//	the URL could not be fetched           new attempt, Settings.Attempts     no
//	401, 402, 403                          breaker; later                     no
//	POST's answer lost, 5xx                fence; new attempt if proven, 10   no
//	                                       of those at most
//	  not proven                           held; a later look may prove it,   it may
//	                                       else OnUncertain decides
//	provider's job failed, cancelled       new attempt, Settings.Attempts     no (failed jobs are free)
//	completed, nothing landed              held after the URL's end           it may
//	result is no JSON, or another job's    fails; retry by command            yes
//	store slow or away                     later, from the record             no
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
package worker
