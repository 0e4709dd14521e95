package main

import (
	"fmt"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// dayTurns is when the day's budget begins anew.
func dayTurns(now time.Time) time.Time {
	return now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}

// budgetLine is the day's budget in the JSON line of a status.
func budgetLine(b worker.BudgetStatus) map[string]any {
	return map[string]any{"limit": b.Limit, "spent": added(b.Spent), "reserved": added(b.Reserved), "jobs": b.Jobs}
}

// budgetText is the day's budget for a person. What workers write into the
// account is of the day's budget alone, and only where they have one.
func budgetText(b worker.BudgetStatus, now time.Time) string {
	if b.Limit <= 0 && b.Spent == 0 && b.Reserved == 0 {
		return "none for the day (budget.credits_per_day)"
	}
	limit := "no limit here (budget.credits_per_day)"
	if b.Limit > 0 {
		limit = credits(b.Limit) + " credits a day"
	}
	return fmt.Sprintf("%s: %s spent, %s reserved by %s; the day turns at %s", limit, credits(b.Spent), credits(b.Reserved), count(b.Jobs, "job"), clock(dayTurns(now), now))
}
