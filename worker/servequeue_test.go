package worker

import (
	"testing"
	"testing/synctest"
	"time"
)

func always(bool) (time.Time, bool) { return time.Time{}, true }

// What is out comes home before anything new begins.
func TestQueueMovesFirst(t *testing.T) {
	q := newQueue(10)
	q.start(ID{1}, "r", false)
	q.start(ID{2}, "r", false)
	q.move(ID{3}, time.Time{}, false)
	for _, want := range []ID{{3}, {1}, {2}} {
		got, ok := q.next(always)
		if !ok || got.id != want {
			t.Fatalf("got %v, want %v", got.id, want)
		}
		q.done(got)
	}
}

// A nudge for a job that a worker has is not lost, and comes after it.
func TestQueueRemembersNudges(t *testing.T) {
	q := newQueue(10)
	q.move(ID{1}, time.Time{}, false)
	first, _ := q.next(always)
	q.move(ID{1}, time.Time{}, true)
	q.move(ID{1}, time.Time{}, false)
	q.done(first)
	second, ok := q.next(always)
	if !ok || second.id != (ID{1}) || !second.ask {
		t.Fatalf("got %+v", second)
	}
	q.done(second)
	if len(q.tasks) != 0 {
		t.Errorf("%d tasks are left", len(q.tasks))
	}
}

// A job that was to be looked at later, since its submission was under way, and
// then has to be submitted anew waits for its turn from now on.
func TestQueueStartsWhatItPutOff(t *testing.T) {
	q := newQueue(10)
	q.move(ID{1}, time.Now().Add(24*time.Hour), false)
	q.start(ID{1}, "r", true)
	t1, first, _, _ := q.look()
	if t1 != nil || first == nil || !first.back {
		t.Fatalf("got %+v, %+v, want the job in line", t1, first)
	}
	got, ok := q.next(always)
	if !ok || got.id != (ID{1}) || got.route != "r" || len(q.moves) != 0 {
		t.Fatalf("got %+v", got)
	}
	q.done(got)
	if len(q.tasks) != 0 || q.starts.len() != 0 {
		t.Errorf("%d tasks are left", len(q.tasks))
	}
}

// What waits for its turn keeps nothing out that has come home, and what does
// not fit is remembered to be read again.
func TestQueueHasRoomForResults(t *testing.T) {
	q := newQueue(2)
	for i := range 5 {
		q.start(ID{byte(i)}, "r", false)
	}
	if n, _ := q.room(false); len(q.tasks) != 2 || n != 0 {
		t.Fatalf("%d tasks of 2", len(q.tasks))
	}
	q.move(ID{9}, time.Time{}, false)
	got, _ := q.next(func(bool) (time.Time, bool) { return time.Now().Add(time.Hour), false })
	if got == nil || got.id != (ID{9}) {
		t.Fatalf("got %+v", got)
	}
	q.done(got)
	for range 2 {
		got, _ := q.next(always)
		q.done(got)
	}
	if n, spilt := q.room(false); n != 2 || !spilt {
		t.Errorf("room for %d, want 2", n)
	}
	if n, _ := q.room(false); n != 0 {
		t.Error("the room for what did not fit is given once")
	}
	if n, spilt := q.room(true); n != 2 || spilt {
		t.Error("a walk under way has room too")
	}
}

// Workers rest until something is due, until they may start, or until the end.
func TestQueueRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10)
		began := time.Now()
		q.move(ID{1}, began.Add(time.Minute), false)
		q.start(ID{2}, "r", false)
		open := began.Add(2 * time.Minute)
		asked := 0
		may := func(bool) (time.Time, bool) { asked++; return open, !time.Now().Before(open) }
		first, _ := q.next(may)
		if first.id != (ID{1}) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", first.id, time.Since(began))
		}
		second, _ := q.next(may)
		if second.id != (ID{2}) || time.Since(began) != 2*time.Minute || asked > 3 {
			t.Errorf("%v after %v, asked %d times", second.id, time.Since(began), asked)
		}
		ended := make(chan bool)
		go func() { _, ok := q.next(may); ended <- ok }()
		synctest.Wait()
		q.close()
		if <-ended {
			t.Error("a closed queue gave a task")
		}
	})
}
