package worker

import (
	"errors"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

func unknownJobs(t *testing.T, ids ...string) map[string]zdr.JobID {
	t.Helper()
	out := map[string]zdr.JobID{}
	for _, s := range ids {
		id, err := zdr.RecordedJobID(s)
		if err != nil {
			t.Fatal(err)
		}
		out[s] = id
	}
	return out
}

// TestRecordsAreReadOnceForManyProofs: what one proof read serves the others; a
// job that was in no record is looked for again, a moment later or further back.
func TestRecordsAreReadOnceForManyProofs(t *testing.T) {
	k, now := newKnown(), time.Now()
	since, reads := now.Add(-time.Hour), 0
	read := func() error {
		reads++
		k.note(&record{Attempts: []attempt{{ProviderJob: "job-a"}, {}}})
		return nil
	}
	for _, step := range []struct {
		name   string
		ids    []string
		since  time.Time
		now    time.Time
		reads  int
		remain int
	}{
		{"nothing unknown", nil, since, now, 0, 0},
		{"first", []string{"job-b"}, since, now, 1, 1},
		{"known by then", []string{"job-a"}, since, now.Add(time.Hour), 1, 0},
		{"again at once", []string{"job-a", "job-b"}, since, now.Add(time.Second), 1, 1},
		{"further back", []string{"job-b"}, since.Add(-time.Minute), now.Add(time.Second), 2, 1},
		{"later", []string{"job-b"}, since, now.Add(time.Second + knownFresh), 3, 1},
	} {
		unknown := unknownJobs(t, step.ids...)
		if err := k.readOnce(t.Context(), unknown, step.since, step.now, read); err != nil {
			t.Fatal(err)
		}
		if reads != step.reads || len(unknown) != step.remain {
			t.Errorf("%s: %d reads, %d unknown; want %d, %d", step.name, reads, len(unknown), step.reads, step.remain)
		}
	}
}

// TestReadingThatFailedIsNone: it does not keep the next proof from reading.
func TestReadingThatFailedIsNone(t *testing.T) {
	k, now, cut := newKnown(), time.Now(), errors.New("cut")
	if err := k.readOnce(t.Context(), unknownJobs(t, "job-a"), now, now, func() error { return cut }); !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
	read := false
	_ = k.readOnce(t.Context(), unknownJobs(t, "job-a"), now, now, func() error { read = true; return nil })
	if !read {
		t.Error("the records were not read again")
	}
}

// TestNamedOwnerIsRemembered: a job that named another's outbox need not be
// asked for again; one that named this job's own is never struck so.
func TestNamedOwnerIsRemembered(t *testing.T) {
	k, mine, other := newKnown(), ID{1}, ID{2}
	id := unknownJobs(t, "job-a")["job-a"]
	if k.delivers(id, mine) {
		t.Error("known before anybody said so")
	}
	k.noteOwner(id, other)
	if !k.delivers(id, mine) || k.delivers(id, other) {
		t.Error("the owner is not who was named")
	}
}
