package worker

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Budget bounds what the pipeline spends. Zero fields are no bound.
type Budget struct {
	// CreditsPerDay is what all workers on one store may spend on what they
	// submit in one day (UTC). Default: no bound.
	CreditsPerDay float64
}

// Account is one budget: a day's, or a run's. It is one object in the store
// bucket, changed by compare-and-swap: before a submission the most that it may
// cost is reserved there, and when the submission is over what it did cost takes
// the reservation's place. So what is spent and what is reserved never exceed
// the budget, and what is billed exceeds it at most by what receipts say beyond
// their estimates.
//
// A reservation bears the name of its attempt. One that a worker left behind
// when it died is found by whoever finds the budget used up, and settled by what
// the attempt's record says.
type Account struct {
	Format int     `json:"format"`
	Nonce  string  `json:"nonce"`
	Limit  float64 `json:"limit"` // of the worker that wrote last
	Spent  float64 `json:"spent"` // by attempts that are over

	Open map[string]float64 `json:"open,omitempty"` // reserved, by job and attempt
}

// maxReserved bounds the open reservations of an account, so that it stays a
// small object: what comes beyond waits.
const maxReserved = 12_000

// Reserved is what is reserved of it.
func (a Account) Reserved() float64 {
	sum := 0.0
	for _, n := range a.Open {
		sum += n
	}
	return round4(sum)
}

// Left is what may still be reserved under a limit.
func (a Account) Left(limit float64) float64 { return round4(limit - a.Spent - a.Reserved()) }

// dayAccount names the account of a time's day.
func dayAccount(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// reservation is a part of a budget that an attempt asks for.
type reservation struct {
	key     string // of the attempt
	credits float64

	done, granted bool
	err           error
}

// reservationKey names an attempt of a job.
func reservationKey(id ID, attempt int) string { return id.String() + "." + strconv.Itoa(attempt) }

func parseReservationKey(key string) (id ID, attempt int, ok bool) {
	hex, n, _ := strings.Cut(key, ".")
	id, err := parseID(hex)
	if err != nil {
		return id, 0, false
	}
	attempt, err = strconv.Atoi(n)
	return id, attempt, err == nil && reservationKey(id, attempt) == key
}

// booked is the account after settlements and grants. changed: it differs.
func (a Account) booked(limit float64, over map[string]float64, asks []*reservation) (to Account, changed bool) {
	to = Account{Format: 1, Nonce: newNonce(), Limit: limit, Spent: a.Spent, Open: maps.Clone(a.Open)}
	if to.Open == nil {
		to.Open = map[string]float64{}
	}
	for key, cost := range over {
		if _, open := to.Open[key]; open {
			delete(to.Open, key)
			to.Spent, changed = round4(to.Spent+cost), true
		}
	}
	left := to.Left(limit)
	for _, r := range asks {
		if _, r.granted = to.Open[r.key]; r.granted {
			continue // an earlier write of unknown outcome
		}
		if r.credits > left || len(to.Open) >= maxReserved {
			continue
		}
		to.Open[r.key], left = r.credits, round4(left-r.credits)
		r.granted, changed = true, true
	}
	return to, changed
}

// BudgetStatus is what stands in an account.
type BudgetStatus struct {
	Limit    float64 // 0: no bound is set, or none of this account is kept
	Spent    float64
	Reserved float64
	Jobs     int // that hold a reservation
}

// Today is the account of the present day, as the store's clock has it.
func (p *Pipeline) Today(ctx context.Context) (BudgetStatus, error) {
	s := BudgetStatus{Limit: p.purse.daily}
	t := p.purse.till(dayAccount(p.now()), s.Limit)
	a, err := t.control.view(ctx, p.store, p.now())
	s.Spent, s.Reserved, s.Jobs = a.Spent, a.Reserved(), len(a.Open)
	return s, fault("budget", "", err)
}

// errBudget ends a Run that has nothing else to do than to wait for budget.
func errBudget() error {
	return &Fault{Op: "submit", Code: CodeBudget, Hint: "the budget is used up; what is done is kept, and the rest goes on when the day (UTC) turns or the budget is raised; zdrworker status says whether some cost more than a whole day has"}
}

// budgetAgain is when a job that waits for budget is looked at again: the end of
// another may leave something over.
const budgetAgain = 30 * time.Second

// someOf draws keys, each as likely as any other.
func someOf(open map[string]float64, most int) []string {
	keys := make([]string, 0, len(open))
	for key := range open {
		keys = append(keys, key)
	}
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys[:min(most, len(keys))]
}

func budgetKey(name string) string { return fmt.Sprintf("%s%s.json", budgetPrefix, name) }
