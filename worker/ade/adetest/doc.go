// Package adetest is a local stand-in for the Parse and Extract APIs of LandingAI's
// Agentic Document Extraction (ADE), v1, to develop and test against: the
// vendor has no sandbox.
//
// [Start] serves it over HTTP; [New] makes it without a socket, for tests in
// the process ([Provider.Handler], [Provider.RoundTripper]). The vendor's
// unmodified SDKs work with it when their base URL says so.
//
// It answers
//
//	POST /v1/ade/extract/jobs            202 {"job_id": …}
//	GET  /v1/ade/extract/jobs/{job_id}   200, or 206 for a result with problems
//	GET  /v1/ade/extract/jobs            ?page=0&pageSize=10&status=completed
//	POST /v1/ade/extract                 the result at once
//	POST /v1/ade/parse/jobs              202 {"job_id": …}
//	GET  /v1/ade/parse/jobs/{job_id}     200, or 206 where pages failed
//	GET  /v1/ade/parse/jobs              a list of its own
//	POST /v1/ade/parse                   the result at once, up to 100 pages
//
// as the published OpenAPI says, with zero data retention on or off. It fetches
// markdown_url or document_url, puts the result to output_save_url, and keeps an [Account] of
// what it was told, what it did and what it billed.
//
// # It is no model
//
// Values come from rules that compare the schema's names with the labels of
// the Markdown, see package extract. Parse does no OCR: it takes the text that a
// PDF carries, with the boxes in which it stands, and says of pictures and of
// pages without text that they are figures, see package parse. Every reply says "Server: adetest". The
// version in replies is nevertheless the snapshot that was asked for, or
// [DefaultVersion], because code reads it; a model named "adetest-…" is taken
// too, and echoed.
//
// # What it cannot know
//
// Much of the provider is not documented: [Undocumented] sets the behaviours
// that code must not rest on. Beside those, these are guesses: the order in
// which a request is checked; the form of a key ("Bearer" and a token of
// RFC 6750); every text that is not quoted in public, and the ends of two that
// are; metadata.filename of a document from a URL (the last part of its path);
// that a document which cannot be parsed is refused at submit where it is fetched
// then; that pages which failed are not billed; progress of a parse (the share of
// its time) and of a failed job (0.0); lists newest first; "1 MB" as 1,048,576
// bytes of the result's JSON. It bills when a job completes, keeps jobs until
// it is closed, and forgets all of them then.
//
// # Faults
//
// [Faults] decides case by case what goes wrong; [Provider.FailNext] and
// [Provider.BreakNext] queue faults for the next requests and jobs.
//
// # Time
//
// Delays are timers, one for each waiting job and no goroutine, so that it can
// run in a testing/synctest bubble; make it inside of the bubble. Close it
// there, too.
package adetest
