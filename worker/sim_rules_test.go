package worker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// proof is what shows that a rule is needed: faults under which its absence
// breaks a promise, and the promises that may break.
type proof struct {
	name    string
	rule    worker.Rule
	faults  faultSet
	breaks  string // kinds of problem, space separated
	options func(*options)
}

var proofs = []proof{
	{"FenceDeletesStaging", worker.RuleFence, only(pauseLease, crashAfter), "bill", latePost},
	{"ExpiryIsNoProof", worker.RuleExpiryNoProof, only(replyLost, jobSlow, putSkipped, pauseURL, urlNotNamed), "bill", patient},
	{"ExpiryBeforeOutbox", worker.RuleExpiryFirst, only(replyLost, jobSlow, pauseURL, pauseLease, urlNotNamed), "held", patient},
	{"ClosedIsLookedAt", worker.RuleOneRecord, only(eventDoubled, eventLate), "bill", nil},
	{"MarkerGeneration", worker.RuleMarkerGen, only(retries, abandons, overwritten), "I6 marker", lateRemoval},
	{"SealedBeforeDelete", worker.RuleSealedFirst, only(crashAfter, crashBefore), "I4 lost", nil},
	{"SealingFixesWinner", worker.RuleSealFixes, only(pauseLease, putTwice, putAgain), "sealed order", busy},
	{"DrainUntilURLsEnd", worker.RuleDrain, only(putAgain), "after+close left", nil},
	{"OrphanSweep", worker.RuleOrphans, only(storeZombie, pauseURL), "left", patient},
	{"TakeoverMintsToken", worker.RuleNewToken, only(crashAfter, crashBefore, pauseLease), "I2 bill", nil},
	{"ListLag", worker.RuleListLag, only(replyLost, listLag, jobSlow), "bill", patient},
	{"TwoWalks", worker.RuleTwoWalks, only(replyLost, crashAfter, listOmits, jobSlow), "bill", patient},
	{"NonceConfirmed", worker.RuleNonce, only(storeLost, storeZombie), "I1 bill lost history", nil},
	{"PostDeadline", worker.RuleDeadline, only(pauseLease), "deadline", nil},
	{"StaleAnswer", worker.RuleStaleAnswer, only(rejected), "bill", lateRefusal},
	{"LateAcceptIsMerged", worker.RuleMerge, only(pauseLease, jobFails, jobSlow), "forgotten", busy},
	{"ConditionalPublish", worker.RuleConditional, only(overwritten, pauseLease), "order version", twice},
	{"NewerVersionStays", worker.RuleNewest, only(overwritten, jobSlow, eventLate), "order version", many},
	{"PostOnce", worker.RulePostOnce, only(replyLost, errorAfter, replyCut), "bill", nil},
	{"ClockBeforeAndAfter", worker.RuleClock, only(replyLost, clockJumps, jobSlow, putSkipped, urlNotNamed), "bill", patient},
	{"MarkerWaits", worker.RuleMarkerWaits, only(pauseLease, pauseURL), "I6 stuck", markAndSleep},
	{"ParsedIsCopied", worker.RuleParsedCopy, only(), "failed", files},
	{"OneParse", worker.RuleOneParse, only(), "parse+bill", files},
	{"StepsBack", worker.RuleStepBack, only(crashAfter, crashBefore), "stuck", oneAtATime},
	{"OrphansMakeRoom", worker.RuleOrphans, only(storeZombie, crashAfter), "stuck", oneAtATime},
	{"UnsureLeaseIsNone", worker.RulePaceLost, only(storeLost, storeZombie), "pace lease", fewAnHour},
	{"LeaseEnds", worker.RulePaceEnds, only(pauseLease, eventLate), "lease", manyAnHour},
	{"MarkerFirst", worker.RuleMarkFirst, only(crashAfter, pauseLease), "I6", nil},
	{"ToldStands", worker.RuleTold, only(abandons, crashAfter), "told", givenUp},
	{"ToldLateStands", worker.RuleTold, only(abandons, pauseLease), "told", publishAndSleep},
}

// many: few documents and much contention.
func many(o *options) { o.docs, o.workers, o.intensity = 1+int(o.seed%2), 3, 4 }

// busy: every worker sleeps over and over.
func busy(o *options) { o.docs, o.workers, o.intensity = 1, 3, 8 }

// givenUp and publishAndSleep: jobs are abandoned while their results come.
func givenUp(o *options) { o.docs, o.workers, o.intensity = 1, 3, 8 }

func publishAndSleep(o *options) {
	o.docs, o.workers, o.intensity, o.pauseAt = 1, 3, 8, "put results/"
}

// twice: a few versions of one document, and sleepy workers.
func twice(o *options) {
	o.docs, o.workers, o.intensity, o.steps, o.pauseAt = 1, 3, 1, 400, "put results/"
}

// markAndSleep, lateRefusal, latePost and lateRemoval: workers sleep at the very place.
func markAndSleep(o *options) {
	o.docs, o.workers, o.intensity, o.steps, o.pauseAt = 2, 3, 2, 300, "put zdr/records/"
}

func lateRefusal(o *options) {
	o.docs, o.workers, o.intensity, o.steps, o.pauseAt = 1, 3, 8, 300, "put zdr/texts/"
}

func latePost(o *options) { o.docs, o.workers, o.intensity, o.steps, o.pauseAt = 1, 3, 4, 300, "post" }

func lateRemoval(o *options) {
	o.docs, o.workers, o.intensity, o.steps, o.pauseAt = 1, 3, 4, 300, "remove zdr/open/"
}

// files: documents that must be parsed, under two routes.
func files(o *options) { o.files, o.twoRoutes = 4, true }

// oneAtATime, fewAnHour and manyAnHour are limits of a fleet.
func oneAtATime(o *options) { o.limits.InFlight = 1 }

func fewAnHour(o *options) {
	o.docs, o.workers, o.intensity, o.limits.ExtractJobsPerHour = 4, 3, 8, 3
}

func manyAnHour(o *options) { o.docs, o.limits.ExtractJobsPerHour = 4, 900 }

// patient: time goes by in long pieces.
func patient(o *options) { o.docs, o.intensity, o.steps = 1, 4, 300 }

// most bounds the seeds that a switched-off rule may hide from.
const most = 3000

// Every rule of the protocol is needed: without it some promise breaks within a
// bounded number of simulations, and with it the same simulations keep all.
func TestSimulatorFinds(t *testing.T) {
	for _, p := range proofs {
		t.Run(p.name, func(t *testing.T) { p.find(t) })
	}
}

func (p proof) find(t *testing.T) {
	began := time.Now()
	for seed := uint64(1); seed <= most; seed++ {
		o := p.of(seed)
		o.without = p.rule
		s := play(t, o, false)
		if !p.broken(s) {
			continue
		}
		o.without = 0
		if with := play(t, o, false); with.failed() {
			report(t, o) // a promise breaks with all rules in force
			return
		}
		t.Logf("seed %d (%s): %s: %s", seed, time.Since(began).Truncate(time.Millisecond), s.problems[0].kind, s.problems[0].text)
		return
	}
	t.Errorf("no simulation of %d needs this rule", most)
}

func (p proof) of(seed uint64) options {
	o := options{
		seed: seed, docs: 2, workers: 2, steps: 250, intensity: 2, faults: p.faults,
		uncertain: worker.UncertainWait, deleted: worker.DeletedKeep, versioned: seed%2 == 0,
	}
	if p.options != nil {
		p.options(&o)
	}
	return o
}

// broken: a promise of the kind that the rule keeps is broken.
func (p proof) broken(s *sim) bool {
	for _, found := range s.problems {
		for kind := range strings.FieldsSeq(p.breaks) {
			if found.kind == strings.ReplaceAll(kind, "+", " ") {
				return true
			}
		}
	}
	return false
}
