package main

// The exit codes. Others rely on them: they are never renumbered.
const (
	exitOK         = 0
	exitError      = 1
	exitCrash      = 2
	exitWaiting    = 3
	exitFailed     = 4
	exitStopped    = 5
	exitUsage      = 64
	exitViolation  = 70
	exitInterrupt  = 130
	exitTerminated = 143
)

// exits explains them, for `zdrworker help exit-codes`.
var exits = []struct {
	exit    int
	meaning string
	job     string // what a Kubernetes Job should do
}{
	{exitOK, "all that was asked for is sealed, or was before", ""},
	{exitError, "an error not listed here", "retry"},
	{exitCrash, "a crash of the program; never used on purpose", "retry"},
	{exitWaiting, "a wait ended, work goes on", ""},
	{exitFailed, "finished; some documents failed for good", "FailIndex"},
	{exitStopped, "stopped by something that is no document's fault: credits, key, breaker, budget, pause", "retry later"},
	{exitUsage, "usage or configuration", "FailJob"},
	{exitViolation, "violation, or a broken ledger", "FailJob, tell a person"},
	{exitInterrupt, "SIGINT; state is safe", ""},
	{exitTerminated, "SIGTERM; state is safe", ""},
}
