package worker_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// faultKind is one thing that goes wrong in a simulation.
type faultKind int

const (
	// Workers.
	crashBefore faultKind = iota
	crashAfter
	pauseLease
	pauseURL
	pauseDays
	restartLate
	workerSkew
	credentialsEnd
	// The store, as seen by a worker.
	storeLost
	storeUnsure
	storeZombie
	storeConflict
	storeDoubled
	storeSlowDown
	storeDown
	storeOutage
	storeSmallPages
	storeSkew
	// The provider's front, as seen by a worker.
	notSent
	requestLost
	replyLost
	replyLate
	replyCut
	errorBefore
	errorAfter
	throttled
	throttledTold
	throttleStorm
	keyRefused
	creditsGone
	forbidden
	rejected
	zombiePost
	providerDown
	listOmits
	listLag
	getHidden
	clockOff
	clockDrifts
	clockJumps
	dateAside
	// The provider's jobs.
	jobFails
	jobCancelled
	jobUnheard
	jobNever
	jobSlow
	fetchLate
	fetchFails
	putSkipped
	putFails
	putFailsBilled
	putTwice
	putAgain
	putSlow
	resultGarbage
	resultCut
	resultHuge
	resultForeign
	resultViolates
	pagesUnread
	contentLeaks
	urlNotNamed
	providerRetries
	// Documents and events.
	eventDoubled
	eventLate
	overwritten
	backToOld
	deleted
	emptied
	parsedGone
	// People.
	retries
	abandons
	resubmits
	// The buckets.
	newerFormat
	upgraded
	staleMarker
	foreignObject
	twoFleets
	numFaults
)

// fault is a row of the table: what goes wrong, and how often per occasion when
// the seed has chosen it.
type fault struct {
	name string
	odds float64
}

var faults = [numFaults]fault{
	crashBefore:     {"worker-crashes-before-effect", 0.01},
	crashAfter:      {"worker-crashes-after-effect", 0.01},
	pauseLease:      {"worker-paused-past-lease", 0.01},
	pauseURL:        {"worker-paused-past-urls", 0.003},
	pauseDays:       {"worker-paused-for-days", 0.001},
	restartLate:     {"worker-restarts-hours-later", 0.5},
	workerSkew:      {"worker-clock-wrong-by-minutes", 1},
	credentialsEnd:  {"credentials-for-urls-end", 0.003},
	storeLost:       {"store-request-lost", 0.02},
	storeUnsure:     {"store-answer-lost", 0.02},
	storeZombie:     {"store-write-applied-late", 0.015},
	storeConflict:   {"store-409", 0.02},
	storeDoubled:    {"store-write-sent-twice", 0.02},
	storeSlowDown:   {"store-slow-down", 0.03},
	storeDown:       {"store-500", 0.02},
	storeOutage:     {"store-away-for-an-hour", 0.002},
	storeSmallPages: {"store-lists-two-a-page", 1},
	storeSkew:       {"store-clock-wrong-by-minutes", 1},
	notSent:         {"provider-connection-refused", 0.1},
	requestLost:     {"provider-request-lost", 0.08},
	replyLost:       {"provider-answer-lost", 0.15},
	replyLate:       {"provider-answer-late", 0.1},
	replyCut:        {"provider-answer-cut", 0.05},
	errorBefore:     {"provider-5xx-not-accepted", 0.1},
	errorAfter:      {"provider-5xx-accepted", 0.1},
	throttled:       {"provider-429", 0.15},
	throttledTold:   {"provider-429-retry-after", 0.1},
	throttleStorm:   {"provider-429-storm", 0.01},
	keyRefused:      {"provider-401-window", 0.01},
	creditsGone:     {"provider-402-window", 0.01},
	forbidden:       {"provider-403-window", 0.01},
	rejected:        {"provider-422", 0.03},
	zombiePost:      {"provider-post-delivered-late", 0.1},
	providerDown:    {"provider-gets-and-lists-fail", 0.1},
	listOmits:       {"provider-list-omits-for-one-walk", 0.2},
	listLag:         {"provider-list-lags", 0.7},
	getHidden:       {"provider-404-after-202", 0.5},
	clockOff:        {"provider-clock-wrong-by-an-hour", 1},
	clockDrifts:     {"provider-clock-drifts", 1},
	clockJumps:      {"provider-clock-jumps", 0.004},
	dateAside:       {"provider-dates-from-another-clock", 1},
	jobFails:        {"job-failed", 0.2},
	jobCancelled:    {"job-cancelled", 0.1},
	jobUnheard:      {"job-status-unheard-of", 0.1},
	jobNever:        {"job-never-ends", 0.05},
	jobSlow:         {"job-takes-hours", 0.2},
	fetchLate:       {"document-fetched-when-job-runs", 1},
	fetchFails:      {"document-fetch-fails", 0.1},
	putSkipped:      {"result-completed-not-delivered", 0.1},
	putFails:        {"result-put-fails", 0.1},
	putFailsBilled:  {"result-put-fails-and-is-billed", 1},
	putTwice:        {"result-put-twice", 0.2},
	putAgain:        {"result-put-again-hours-later", 0.2},
	putSlow:         {"result-lands-long-after-put-began", 0.1},
	resultGarbage:   {"result-is-no-json", 0.1},
	resultCut:       {"result-is-truncated", 0.1},
	resultHuge:      {"result-is-too-large", 0.1},
	resultForeign:   {"result-of-another-job", 0.1},
	resultViolates:  {"result-breaks-schema", 0.1},
	pagesUnread:     {"parse-misses-pages", 0.2},
	contentLeaks:    {"provider-keeps-content", 0.05},
	urlNotNamed:     {"provider-names-no-output-url", 1},
	providerRetries: {"provider-repeats-transfers", 1},
	eventDoubled:    {"event-doubled", 0.3},
	eventLate:       {"event-late", 0.3},
	overwritten:     {"document-overwritten", 0.01},
	backToOld:       {"document-a-b-a", 0.01},
	deleted:         {"document-deleted", 0.005},
	emptied:         {"document-emptied", 0.005},
	parsedGone:      {"parse-result-removed", 0.01},
	retries:         {"person-retries-failed", 0.01},
	abandons:        {"person-abandons", 0.01},
	resubmits:       {"person-resubmits-held", 0.01},
	newerFormat:     {"record-of-newer-format", 0.003},
	upgraded:        {"record-held-by-a-newer-worker", 0.005},
	staleMarker:     {"marker-without-record", 0.005},
	foreignObject:   {"object-of-a-stranger", 0.005},
	twoFleets:       {"second-fleet-on-the-exchange", 0.01},
}

// String is the fault's name.
func (f faultKind) String() string { return faults[f].name }

// faultSet is which faults a simulation has.
type faultSet [numFaults]bool

func (s faultSet) String() string {
	var on []string
	for f := range numFaults {
		if s[f] {
			on = append(on, f.String())
		}
	}
	if on == nil {
		return "none"
	}
	return strings.Join(on, ",")
}

// parseFaults is the inverse of String.
func parseFaults(names string) (s faultSet) {
	for f := range numFaults {
		s[f] = slices.Contains(strings.Split(names, ","), f.String())
	}
	return s
}

func only(kinds ...faultKind) (s faultSet) {
	for _, f := range kinds {
		s[f] = true
	}
	return s
}

// chooseFaults draws what goes wrong in one seed: nothing in a few, a handful
// in most, very much in some.
func chooseFaults(r *rand.Rand) (s faultSet) {
	share := []float64{0, 0.05, 0.1, 0.15, 0.25, 0.5}[r.IntN(6)]
	for f := range s {
		s[f] = r.Float64() < share
	}
	return s
}

// between draws a duration.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}
