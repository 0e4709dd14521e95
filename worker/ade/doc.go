// Package ade speaks the part of LandingAI's ADE API that turns documents into
// Markdown and extracts fields from that, without the provider keeping them:
// Parse Jobs and Extract Jobs, version 1.
//
// A [Client] is made from a zdr.Guard, not from an http.Client, and no function
// of it takes the content of a document. An extraction is two presigned URLs and
// a schema: the provider reads the Markdown from one, writes the result to the
// other, and answers with receipts only. A parse is two presigned URLs: the
// document is read from one, its Markdown and where that stands on the pages are
// written to the other. Synchronous Parse, [Client.ParseTo], is answered with
// content and is refused unless the policy allows it.
//
//	guard, err := zdr.NewGuard(policy, recorder)
//	client := ade.New(guard, zdr.NewAPIKey(os.Getenv("VISION_AGENT_API_KEY")))
//	id, err := client.CreateExtractJob(ctx, ade.ExtractJob{
//		Ref: ref, Attempt: 1, Schema: schema, Markdown: pair.Get, OutputSave: pair.Put,
//	})
//	job, err := client.ExtractJob(ctx, id, ref)
//
// # Sent once
//
// The provider has no idempotency key and no cancel: a create that is sent
// twice is billed twice. So nothing here sends one again, not on 401, not on
// 429, not on a broken connection, and neither does anything beneath. When the
// answer is lost, the error is [ErrUnknownOutcome] and the decision is the
// caller's. A get or list is sent again only when its key was refused and the
// [KeySource] has another.
//
// # Time
//
// The caller's context bounds every call; without a deadline it is
// [DefaultTimeout]. Retry-After is reported, never slept.
//
// # What is read
//
// Replies are read tolerantly: null, absent and mistyped members are zero
// values, unknown statuses are kept as words, and every shape of error body is
// understood. Texts of the provider can quote a document and are zdr.Text,
// which prints as redacted. Which reply to believe is the guard's decision:
// one that carries content is [ErrViolation].
//
// # Schemas
//
// [CheckSchema] says what the provider does with each keyword of an extraction
// schema, and [Prune] takes away what it ignores, so that the schema that is
// approved is the schema that is sent.
package ade
