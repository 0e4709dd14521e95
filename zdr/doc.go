// Package zdr is the boundary between a team's documents and the provider that
// reads them: zero data retention, held by code that refuses by default.
//
// Content reaches the provider by two presigned URLs and by nothing else. This
// package sees to it:
//
//   - Guard is the only way to the provider. It checks a request against a small
//     table of operations, then makes a new one of the same parts. It owns its
//     transport. Bytes of a refused request never reach the wire.
//   - Policy says what may leave: hosts, schemas, the lifetime of URLs.
//   - Grant is a capability. The signer deposits what it signed; a URL that was
//     not deposited does not leave, nor one for another job, attempt, role or
//     field, nor one twice. The URL is read: without a signature, for another
//     key, for longer or with more in its query than its grant says, it is not
//     taken.
//   - Schema and Prompts are what goes out in the clear, so they must be approved.
//   - Recorder gets every verdict before it takes effect. A ledger stands there.
//   - Reply holds what comes back to the fields of a receipt. Content in a reply
//     is a Violation, and nothing of it is kept. The one call that is answered
//     with content goes through Guard.Stream, and is refused unless the policy
//     says SyncCalls.
//   - Document, Name, Text, APIKey, Password and JobID are types that print as a
//     placeholder everywhere, except JobID, which is safe to print.
//   - Harden and RecoverTo keep the process from telling by other ways.
//
// # Start
//
//	var policy zdr.Policy
//	policy.Approve(schema, "policy-file")
//	guard, err := zdr.NewGuard(policy, recorder) // records the policy
//	…
//	err = guard.Deposit(ctx, grant)              // the signer does this, for each URL
//	reply, err := guard.Do(ctx, req, zdr.Call{Operation: zdr.ExtractCreate, Ref: ref, Attempt: 1})
//
// The body of a create comes from a Form; any other bytes are refused, also
// where they mean the same. Package zdrtest finds marked text in what a program
// emits.
//
// # Order
//
// Do goes through these steps, and the first that fails ends it:
//
//	check     method, host, path, query, headers, body, fields, schema
//	claim     both URLs at once, each once
//	intent    into the recorder, durable
//	send      a new request on a connection of its own
//	hold      the reply to receipt fields
//	answer    into the recorder
//
// A refusal, a violation and the end of every request are recorded as well.
//
// # Errors
//
// *Refusal and *RecordError: nothing went out. *TransportError: no usable
// answer, and Sent says whether the request may have arrived. *Violation: the
// reply carried what it must not. None of them quotes a request, a URL or a
// server.
//
// # Development
//
// Policy.Development is all or nothing. Provider and URLs are then literal
// loopback addresses over plain http, which is checked again at each dial; no
// other host can be reached. Without it, plain http and loopback are refused.
package zdr
