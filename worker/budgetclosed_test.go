package worker

import (
	"context"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/memstore"
)

// A reservation that is written while its day becomes long over is none, and is
// given back: the account may have been removed and made anew by it.
func TestADaysAccountThatIsOverGrantsNothing(t *testing.T) {
	day := time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		before time.Duration // from the day to the reservation,
		sleeps time.Duration // and while it is written
		want   bool
	}{
		{"at once", 0, 0, true},
		{"a day later, by another's clock", 24 * time.Hour, 0, true},
		{"days later", 4 * 24 * time.Hour, 0, false},
		{"it sleeps in the write", 0, 40 * 24 * time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := memstore.NewServer()
			now := day.Add(c.before)
			server.Intercept(func(_ context.Context, call memstore.Call, do func() error) error {
				if call.Op == memstore.Put {
					now = now.Add(c.sleeps)
				}
				return do()
			})
			p := &Pipeline{store: server.Bucket("store"), now: func() time.Time { return now }}
			account := newPurse(Budget{}).till(dayAccount(day), 10)
			got, err := account.reserve(t.Context(), p, reservationKey(ID{}, 1), 1)
			if err != nil || got != c.want {
				t.Errorf("granted %v, %v, want %v", got, err, c.want)
			}
			if err := account.flush(t.Context(), p); err != nil {
				t.Error(err)
			}
			a, err := account.control.view(t.Context(), p.store, now)
			if open := len(a.Open) == 1; err != nil || open != c.want || a.Spent != 0 {
				t.Errorf("the account has %+v, %v", a, err)
			}
		})
	}
}

// A Run's account that it has seen and that is there no more is not made anew.
func TestARunsAccountThatWasRemovedGrantsNothing(t *testing.T) {
	server, now := memstore.NewServer(), time.Now()
	p := &Pipeline{store: server.Bucket("store"), now: func() time.Time { return now }}
	account := newPurse(Budget{}).till(runAccount+"a", 10)
	reserve := func(attempt int, want bool) {
		t.Helper()
		if got, err := account.reserve(t.Context(), p, reservationKey(ID{}, attempt), 1); err != nil || got != want {
			t.Errorf("granted %v, %v, want %v", got, err, want)
		}
	}
	reserve(1, true)
	if err := p.store.Remove(t.Context(), budgetKey(runAccount+"a")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	reserve(2, false)
	reserve(3, false)
}
