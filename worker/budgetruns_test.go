package worker_test

import (
	"sync"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// Two Runs of one pipeline at the same time: what bounds the one is not lifted
// when the other ends.
func TestRunsAreBoundedSideBySide(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		const docs = 100
		most := 5 * mostOf
		var short sync.WaitGroup
		short.Go(func() {
			if sum, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("other", 1), MaxCredits: 1000}); err != nil || sum.Sealed != 1 {
				t.Errorf("the short one: %+v, %v", sum, err)
			}
		})
		time.Sleep(time.Second)
		_, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", docs), MaxCredits: most})
		wantCode(t, err, worker.CodeBudget)
		short.Wait()
		if billed := f.provider.Billed().Credits; billed > most+mostOf {
			t.Errorf("%.1f credits were billed, %.1f and one document were to be spent", billed, most)
		}
	})
}
