package worker

// Retry is a row of the table of what is tried again.
type Retry struct {
	What  string // what went wrong
	Then  string // what happens, how often and after what wait
	Bills string // whether that can bill again
}

// Retries is the whole table: for people, `zdrworker help retries`, and in the
// package's documentation. The numbers are those of Settings' defaults.
var Retries = []Retry{
	{"document that the store denies", "3 times in a backfill, 5 s or more apart; an event comes again; 10 in a row halt all", "no"},
	{"document gone or changed since its event", "fails for good; a newer version is a job of its own", "no"},
	{"copy to staging lost, slow or refused", "another token, when the job is next looked at", "no"},
	{"credentials for URLs end too early", "later, when there are new ones", "no"},
	{"POST provably not sent", "again after 1 to 8 s, signed anew, 5 times; then later with another token", "no"},
	{"POST answered 429", "later, as told or doubling; the fleet slows down", "no"},
	{"POST answered 401, 402, 403", "the breaker stops the fleet; later", "no"},
	{"POST answered 400, 413, 415, 422", "fails for good", "no"},
	{"POST answered 400: the URL could not be read", "again after 4 to 30 s; 3 attempts in all, then fails", "no"},
	{"POST's answer lost, timed out, 5xx, unreadable", "fenced after its deadline (1 m) and 30 s; the list is asked 2 m later", "no"},
	{"  the list proves that it made no job", "another attempt, at once; 10 such, then fails", "no"},
	{"  not proven", "the list is asked again every minute until the URL's end and 1 h", "no"},
	{"  not proven by then", "held; later looks may prove it for a day; else on_uncertain decides", "it may"},
	{"provider's job failed or cancelled", "again after 1 to 30 s; 3 attempts in all, then fails", "no"},
	{"provider's job unknown to it, or in no known state", "asked again every minute until the URL's end and 1 h; then held", "it may"},
	{"completed, nothing delivered", "as above: held, billed and not delivered", "it may"},
	{"result is no JSON, cut, or another job's", "fails; again by command", "yes"},
	{"result too large", "fails for good", "yes"},
	{"result breaks the schema", "sealed and marked, or fails if the route says so; again by command", "yes"},
	{"outbox overwritten while it is read", "read again; the newest counts", "no"},
	{"store slow, away, or not sure", "later, from the record; a write is read back first", "no"},
	{"another worker was faster", "the record is read again", "no"},
	{"a worker dies", "another goes on: from claimed after 2 m with another token, else at once", "no"},
	{"a worker is told to leave (SIGTERM)", "the POST in hand (1 m) and the writing down of its answer (30 s) end first", "no"},
}
