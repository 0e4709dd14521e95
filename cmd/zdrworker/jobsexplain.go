package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newJobsExplain(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "explain " + jobArg, Short: "Say why a job waits, what comes next and what you can do", Args: args(jobArg),
		Long: `Say in a few lines what a job waits for and since when, what has happened so far,
what happens next and when, and what you can do about it and what that can cost.

` + jobArgHelp + `

A job waits for: slot, rate_limit, budget, result, provider, uncertain, credentials,
breaker, paused or operator.`,
		Example: "  zdrworker jobs explain 7f3c9a1e\n  zdrworker jobs explain s3://acme-docs/inbox/a.pdf",
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.withJob(cmd, given[0], a.jobsExplain)
		},
	}
}

func (a *app) jobsExplain(ctx context.Context, w *opened, j worker.Job) error {
	d, err := w.Pipeline.Explain(ctx, j.ID)
	if err != nil {
		return err
	}
	stop, err := w.Pipeline.Breaker(ctx)
	if err != nil {
		return err
	}
	halt, err := w.Pipeline.Paused(ctx)
	if err != nil {
		return err
	}
	usual, err := w.Pipeline.Usual(ctx, d.Route)
	if err != nil {
		return err
	}
	x := explanationOf(d, stop, usual, time.Now())
	if !stop.Open && halt.Stops(d.Job) {
		x.pausedSince(halt, d.Route)
	}
	if a.json {
		line := a.jobLine(j)
		line["type"], line["so_far"], line["next"], line["you_can"] = "explanation", x.soFar, x.next, x.can
		if x.reason != worker.WaitNothing {
			line["waiting_for"], line["since"] = x.reason, x.since
		}
		if usual.Jobs >= leastUsual {
			line["usual_s"] = []float64{usual.Least.Seconds(), usual.Most.Seconds()}
		}
		return a.line(line)
	}
	if err := a.printf("%s\n", title(j)); err != nil {
		return err
	}
	return a.explained("waiting for", x.waiting(), "so far", strings.Join(x.soFar, " · "), "next", x.next, "you can", strings.Join(x.can, " · "))
}

// pausedSince makes a pause the reason: it stands in no record, since it is of
// all jobs.
func (x *explanation) pausedSince(halt worker.Pause, route string) {
	resume := "zdrworker resume"
	if x.since = halt.All; x.since.IsZero() {
		x.since, resume = halt.Routes[route], resume+" --route "+route
	}
	x.reason, x.next = worker.WaitPaused, "nothing is submitted until somebody ends the pause"
	x.can = append([]string{resume}, x.can...)
}

func (a *app) explained(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := a.printf("%-14s %s\n", pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// explanation is why a job is where it is.
type explanation struct {
	reason worker.Reason
	since  time.Time
	now    time.Time
	usual  worker.Usual
	soFar  []string
	next   string
	can    []string
}

// waiting is "result, since 13:41:07Z (52 min)".
func (x explanation) waiting() string {
	if x.reason == worker.WaitNothing {
		return "nothing"
	}
	text := fmt.Sprintf("%s, since %s (%s)", x.reason, clock(x.since, x.now), ago(x.now.Sub(x.since)))
	if x.reason == worker.WaitResult && x.usual.Jobs >= leastUsual {
		text += "      usual for this route: " + span(x.usual.Least, x.usual.Most)
	}
	return text
}

// leastUsual is how many jobs it takes to say what is usual.
const leastUsual = 3

// span is "2 to 9 min".
func span(least, most time.Duration) string {
	unit, word := time.Second, "s"
	if most >= 2*time.Minute {
		unit, word = time.Minute, "min"
	}
	if most >= 2*time.Hour {
		unit, word = time.Hour, "h"
	}
	a, b := int(least/unit), int((most+unit-1)/unit)
	if a == b {
		return fmt.Sprintf("%d %s", a, word)
	}
	return fmt.Sprintf("%d to %d %s", a, b, word)
}

func explanationOf(d worker.Detail, stop worker.Breaker, usual worker.Usual, now time.Time) explanation {
	x := explanation{reason: d.Waits(), now: now, since: d.Updated, usual: usual}
	if d.State == worker.Claimed && d.Parse != nil && d.Parse.State != "" {
		x.reason = d.Parse.Waits()
	}
	if stop.Open && d.State == worker.Claimed {
		x.reason, x.since = worker.WaitBreaker, stop.Since
	}
	for _, h := range d.History {
		x.soFar = append(x.soFar, fmt.Sprintf("%s %s", past(h.Event), moment(h.At, now, time.TimeOnly)))
	}
	if parse := parsedSoFar(d.Parse); parse != "" {
		x.soFar = append(x.soFar[:1:1], append([]string{parse}, x.soFar[1:]...)...)
	}
	if over := len(x.soFar) - maxSoFar; over > 0 {
		x.soFar = append([]string{fmt.Sprintf("(%d earlier)", over)}, x.soFar[over:]...)
	}
	x.next, x.can = nextOf(d, stop, now), canOf(d, stop, usual)
	return x
}

// maxSoFar is how many events are told in one line.
const maxSoFar = 8

// past is an event as something that has happened.
func past(e worker.Event) string {
	words := map[worker.Event]string{
		worker.EventClaim: "claimed", worker.EventBegin: "begun", worker.EventIntend: "staged", worker.EventRepeat: "signed anew",
		worker.EventAccept: "accepted", worker.EventDefer: "put off", worker.EventFence: "answer lost", worker.EventFenced: "fenced",
		worker.EventProve: "proven unbilled", worker.EventHold: "held", worker.EventLand: "result landed", worker.EventReland: "result landed again",
		worker.EventSeal: "sealed", worker.EventEnded: "ended at the provider", worker.EventFail: "failed", worker.EventRemove: "staged objects removed",
		worker.EventClose: "closed", worker.EventRetry: "tried again", worker.EventResubmit: "submitted again by choice", worker.EventNote: "noted",
	}
	if w, ok := words[e]; ok {
		return w
	}
	return string(e)
}

// nextOf says what happens next, and when.
func nextOf(d worker.Detail, stop worker.Breaker, now time.Time) string {
	switch d.State {
	case worker.Claimed:
		return nextClaimed(d, stop, now)
	case worker.Submitting:
		return "the answer to the request" + by(lastAnswer(d), now) + "; without one the attempt is fenced, so that it is not billed twice"
	case worker.Fencing:
		return "the provider's list is asked" + at(d.Listed, now) + ": it says whether the lost request arrived"
	case worker.Submitted:
		return "provider is asked at " + moment(worker.NextLook(d.Claimed, now), now, "15:04") + " at the latest; URLs end " +
			moment(d.Ends, now, "15:04") + "; without a result the job is held after that"
	case worker.Sealing:
		return "the result has landed; it is checked and put at its key"
	case worker.Failing:
		return "staged objects are removed"
	case worker.Held:
		return "a late result, or a later proof from the provider's list, is still taken; without one nothing is submitted again unless you say so"
	case worker.Sealed, worker.Draining:
		return "staged objects are removed at once; the last look for late objects" + at(d.Drained, now) + ", when no URL can be used any more; then the job closes"
	}
	return "nothing: the job is closed"
}

func nextClaimed(d worker.Detail, stop worker.Breaker, now time.Time) string {
	switch {
	case stop.Open && stop.Reason == worker.BreakerViolation:
		return "nothing is submitted until a person releases the breaker"
	case stop.Open:
		return "nothing is submitted while the breaker is open; one worker tries again" + at(stop.Probe, now)
	case d.Parse != nil && !d.Parse.Ready && d.Parse.Ref != "" && !d.Parse.State.Settled():
		return "its parse, which is a job of its own: zdrworker jobs explain " + shortRef(d.Parse.Ref)
	case !d.Beyond.IsZero():
		return "nothing: it never begins while budget.credits_per_day is " + setting(d.Beyond.Day) + ", since up to " + credits(d.Beyond.Credits) + " credits would be reserved for it"
	case d.WaitingFor == worker.WaitBudget:
		return "submitted when the budget has room for the most that it may cost: another job ends for less, the day (UTC) turns" + at(dayTurns(now), now) + ", or budget.credits_per_day or --max-credits is raised"
	case d.Until.After(now):
		return "a new attempt" + at(d.Until, now)
	}
	return "submitted by whichever worker looks next: zdrworker run, or zdrworker sweep --once"
}

// lastAnswer is when the newest attempt's request must have been answered.
func lastAnswer(d worker.Detail) time.Time {
	if len(d.Attempts) == 0 {
		return time.Time{}
	}
	return d.Attempts[len(d.Attempts)-1].Answer
}

func at(t, now time.Time) string { return when(" at ", t, now) }
func by(t, now time.Time) string { return when(" by ", t, now) }

func when(word string, t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return word + clock(t, now)
}

// abandonCosts is abandonBills with what the route's jobs cost.
func abandonCosts(j worker.Job, usual worker.Usual) string {
	if j.State == worker.Submitted && usual.Credits > 0 {
		return "the provider may still bill about " + credits(usual.Credits) + " credits"
	}
	return abandonBills(j)
}

// moment is a time of day in a layout, with the day where it is another one.
func moment(t, now time.Time, layout string) string {
	t, now = t.UTC(), now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(layout)
	}
	return t.Format(time.DateOnly + " " + layout)
}

// canOf lists what a person can do about a job.
func canOf(d worker.Detail, stop worker.Breaker, usual worker.Usual) []string {
	ref := shortRef(d.Ref)
	var can []string
	if stop.Open && d.State == worker.Claimed {
		can = append(can, "mend the cause, then zdrworker breaker release")
	}
	switch {
	case !d.Beyond.IsZero():
		can = append(can, "raise budget.credits_per_day to "+credits(math.Ceil(d.Beyond.Credits))+" or more", "split the document")
	case d.State.Open() && d.State != worker.Held:
		can = append(can, "wait")
	}
	if retryable(d.Job) == nil {
		can = append(can, fmt.Sprintf("zdrworker jobs retry %s (%s)", ref, retryBills(d.Job)))
	}
	if abandonable(d.State) {
		can = append(can, fmt.Sprintf("zdrworker jobs abandon %s (%s)", ref, abandonCosts(d.Job, usual)))
	}
	if d.Sealed() || d.Failed() {
		can = append(can, fmt.Sprintf("zdrworker jobs show %s --content", ref))
	}
	if len(can) == 0 {
		can = append(can, "nothing: it is done")
	}
	return can
}
