package worker_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A person who releases the breaker needs not wait for the next probe: servers
// see it as soon as a pause that ends.
func TestServeSeesTheBreakerReleased(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipeline(worker.Limits{}, nil), worker.ServeOptions{})
		defer stop()
		f.provider.FailNext(ade.OpCreate, 1, adetest.RequestFault{Status: http.StatusPaymentRequired})
		f.arrive("inbox", 1, s)
		time.Sleep(20 * time.Second)
		f.arrive("other", 5, s)
		time.Sleep(20 * time.Second)
		if n := len(f.accepts()); n != 0 {
			t.Fatalf("%d jobs accepted while the breaker is open", n)
		}
		if err := f.pipeline(worker.Limits{}, nil).Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		released := time.Now()
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		for _, at := range f.accepts() {
			if after := at.Sub(released); after > 20*time.Second {
				t.Errorf("a job was submitted %v after the release", after)
			}
		}
		f.once(6)
	})
}
