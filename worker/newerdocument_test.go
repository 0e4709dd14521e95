package worker_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// A document whose job a newer program has is that program's: its event is done
// with, and a backfill goes on behind it.
func TestDocumentsOfNewerRecords(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		f.lay("inbox", 4)
		first := worker.Document{Key: "inbox/0000.md"}
		if _, err := p.Put(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		key, was := f.oneRecord()
		newer := bytes.Replace(was, []byte(`"format": 1`), []byte(`"format": 2`), 1)
		if bytes.Equal(newer, was) {
			t.Fatalf("no format in %s", was)
		}
		f.server.PutRaw(storeName, key, newer, nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		s, stop := f.serve(p, worker.ServeOptions{})
		defer stop()
		if err := s.Arrived(t.Context(), first); err != nil {
			t.Errorf("its event is to come again: %v", err)
		}
		e, err := p.Errand(nil, nil)
		if err == nil {
			err = e.Arrived(t.Context(), first)
		}
		if err != nil {
			t.Errorf("its event is to come again to a function: %v", err)
		}
		time.Sleep(5 * time.Minute)
		b, err = p.Backfill(t.Context(), b.ID)
		if n := b.Counts(); err != nil || n.Claimed != 3 || n.Unchanged != 1 || b.Ended.IsZero() {
			t.Errorf("the backfill: %+v, %v", n, err)
		}
		f.once(3)
		if now, _, _ := f.server.GetRaw(storeName, key); !bytes.Equal(newer, now) {
			t.Error("the newer record was changed")
		}
	})
}

// FillBackfills goes on behind it as well.
func TestFillGoesOnBehindNewerRecords(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		f.lay("inbox", 4)
		if _, err := p.Put(t.Context(), worker.Document{Key: "inbox/0000.md"}); err != nil {
			t.Fatal(err)
		}
		key, was := f.oneRecord()
		f.server.PutRaw(storeName, key, bytes.Replace(was, []byte(`"format": 1`), []byte(`"format": 2`), 1), nil)
		b := f.begin(p, worker.BackfillPlan{Prefixes: []string{"inbox/"}, Leave: true})
		_, err := p.FillBackfills(t.Context())
		if err == nil {
			b, err = p.Backfill(t.Context(), b.ID)
		}
		if n := b.Counts(); err != nil || n.Claimed != 3 || n.Unchanged != 1 {
			t.Errorf("the backfill: %+v, %v", n, err)
		}
	})
}
