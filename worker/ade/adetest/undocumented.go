package adetest

import (
	"net/http"
	"time"
)

// FetchTime is when a markdown_url is read.
type FetchTime int

// When a markdown_url is read. The provider lists an unreachable URL among the
// reasons of a 400, so that AtSubmit is the default.
const (
	AtSubmit FetchTime = iota // within the create; unreachable: 400, no job
	AtRun                     // when the job is processed; unreachable: failed, not billed
)

// OutputURL is what output_url says of a result that was saved.
type OutputURL int

// What output_url says when an output_save_url was given.
const (
	Echo      OutputURL = iota // the given URL
	EchoBare                   // the given URL without its query
	EchoNever                  // null
)

// Undocumented collects what nothing public says of the provider. Code that
// works with one setting only rests on a guess. The zero value is the most
// likely behaviour.
type Undocumented struct {
	// Fetch is when a markdown_url is read; default AtSubmit.
	Fetch FetchTime
	// FollowRedirects makes it follow redirects; default false.
	FollowRedirects bool
	// PutHeader is sent with each PUT, such as a Content-Type; default none.
	PutHeader http.Header
	// PutTries is how often a PUT is tried while its connection fails or the
	// storage answers 429 or 5xx: a PUT can be repeated, and one that got through
	// without an answer was a delivery. Default 4.
	PutTries int
	// FetchTries is how often a fetch is tried while its connection fails;
	// default 3.
	FetchTries int
	// Backoff is the wait before the second try; it doubles with each. Default
	// 250 milliseconds.
	Backoff time.Duration
	// UndeliveredCompletes ends a job whose PUT failed as completed and billed;
	// default false: it ends as failed and costs nothing.
	UndeliveredCompletes bool
	// TransferTimeout bounds a fetch and a PUT each; default one minute.
	TransferTimeout time.Duration
	// OutputURL is what a saved job says in output_url; default Echo.
	OutputURL OutputURL
	// SavedPartialIs200 answers the GET of a saved job with schema violations
	// with 200; default false: 206.
	SavedPartialIs200 bool
	// OmitNull leaves absent fields out; default false: they are null.
	OmitNull bool
	// BusinessKey is the member that holds the text of 400, 402 and 422 on
	// creates: "error", "message" or "detail"; default "error".
	BusinessKey string
}

func (u Undocumented) withDefaults() Undocumented {
	u.PutTries = positive(u.PutTries, 4)
	u.FetchTries = positive(u.FetchTries, 3)
	u.Backoff = positive(u.Backoff, 250*time.Millisecond)
	u.TransferTimeout = positive(u.TransferTimeout, time.Minute)
	u.BusinessKey = either(u.BusinessKey, "error")
	return u
}
