package worker_test

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// What a newer program, or a person, has put beside the backfills is left alone,
// and keeps nobody from the others.
func TestABackfillOfANewerFormatIsLeftAlone(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		const folder = "zdr/control/backfill/"
		f.server.PutRaw(storeName, "zdr/control/lists/theirs/000000.txt", []byte("inbox/0000.md\n"), nil)
		strange := map[string]string{"00newer00newer00.json": `{"format":2,"begun":"soon"}`, "notes.txt": "mine", "old/0123456789abcdef.json": "{}"}
		for name, body := range strange {
			f.server.PutRaw(storeName, folder+name, []byte(body), nil)
		}
		time.Sleep(8 * 24 * time.Hour)
		f.lay("inbox", 3)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		if all, err := p.Backfills(t.Context()); err != nil || len(all) != 1 || all[0].ID != b.ID {
			t.Errorf("the backfills are %+v, %v", all, err)
		}
		if n, err := p.FillBackfills(t.Context()); err != nil || n != 3 {
			t.Errorf("a timer took up %d of 3: %v", n, err)
		}
		if _, err := p.Sweep(t.Context(), false); err != nil {
			t.Error(err)
		}
		f.lay("inbox", 6)
		f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true, Name: "another"})
		_, stop := f.serve(p, worker.ServeOptions{})
		time.Sleep(5 * time.Minute)
		stop()
		f.once(6)
		if f.count(storeName, "zdr/control/lists/") != 1 {
			t.Error("the list that a newer backfill may go through was removed")
		}
		if got := f.count(storeName, folder); got != len(strange)+2 {
			t.Errorf("%d objects beside the backfills, want %d and two of ours", got, len(strange))
		}
	})
}
