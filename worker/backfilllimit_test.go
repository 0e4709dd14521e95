package worker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
)

// A limit counts documents that are meant: of a list, those that are young
// enough, wherever they stand in it.
func TestALimitCountsWhatIsYoungEnough(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		f.lay("inbox", 10)
		time.Sleep(time.Hour)
		since := time.Now().Add(-time.Minute)
		for i := 10; i < 20; i++ {
			f.document("inbox", i)
		}
		keys := func(yield func(string, error) bool) {
			for i := range 20 {
				if !yield(fmt.Sprintf("inbox/%04d.md", i), nil) {
					return
				}
			}
		}
		sum, err := f.fill(p, worker.BackfillPlan{Keys: keys, Since: since, Limit: 4}, 0, 0)
		if err != nil || sum.Sealed != 4 || sum.Found != 4 {
			t.Errorf("%+v, %v", sum, err)
		}
	})
}
