package worker

// rule is one rule of the protocol. A program keeps all of them; a simulation
// takes one away at a time, to show that it would notice.
type rule uint32

const (
	// ruleFence: fencing deletes what a late POST would fetch.
	ruleFence rule = 1 << iota
	// ruleExpiryNoProof: the end of a URL proves no delivery, never no bill.
	ruleExpiryNoProof
	// ruleExpiryFirst: expiry is judged before the outbox is read.
	ruleExpiryFirst
	// ruleOneRecord: a closed job's record stays and is looked at.
	ruleOneRecord
	// ruleMarkerGen: a marker names its generation.
	ruleMarkerGen
	// ruleSealedFirst: nothing is deleted before the record says sealed.
	ruleSealedFirst
	// ruleSealFixes: sealing fixes one landing, and what is published stays.
	ruleSealFixes
	// ruleDrain: a job closes only when every URL has ended.
	ruleDrain
	// ruleOrphans: staged objects of nobody are swept.
	ruleOrphans
	// ruleNewToken: taking over a claim mints a new token.
	ruleNewToken
	// ruleListLag: the list is asked only after its lag.
	ruleListLag
	// ruleTwoWalks: two walks of the list must agree.
	ruleTwoWalks
	// ruleNonce: a write of unknown outcome is none until it is read back.
	ruleNonce
	// ruleDeadline: a POST begins before its own deadline.
	ruleDeadline
	// ruleStaleAnswer: an answer changes the record only at its own version.
	ruleStaleAnswer
	// ruleMerge: a 202 that comes late is merged into the record.
	ruleMerge
	// ruleConditional: a result is written under a condition.
	ruleConditional
	// ruleNewest: a result gives way to a newer version of its document.
	ruleNewest
	// rulePostOnce: a POST of unknown outcome is not repeated.
	rulePostOnce
	// ruleMarkFirst: the marker stands before the record.
	ruleMarkFirst
	// ruleMarkerWaits: a marker stands for a week without its record.
	ruleMarkerWaits
	// ruleClock: the provider's clock is what it was measured to be before the
	// POST or at the proof, whichever is farther.
	ruleClock
	// ruleParsedCopy: Markdown is staged from the sealed copy of a parse result.
	ruleParsedCopy
	// ruleOneParse: a parse is shared by all that need it.
	ruleOneParse
	// ruleStepBack: a job takes away what a dead worker staged for it before it
	// waits for room.
	ruleStepBack
	// rulePaceLost: what may not have been leased is not used.
	rulePaceLost
	// rulePaceEnds: a lease of submissions ends.
	rulePaceEnds
	// ruleTold: a record says what its job has told.
	ruleTold
)

// keeps reports whether a rule is in force; only tests set off.
func (p *Pipeline) keeps(r rule) bool { return p.off&r == 0 }
