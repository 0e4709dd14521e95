package worker_test

import (
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
)

const (
	theResult  = "results/" + routeName + "/0001.md.json"
	theFailure = "failures/" + routeName + "/0001.md.json"
)

// remove deletes an object as its owner does.
func (f *floor) remove(key string) {
	f.t.Helper()
	if _, err := f.server.Lookup(storeName).Delete(key, "", time.Now()); err != nil {
		f.t.Fatal(err)
	}
}

// change overwrites the first document, and gives its version.
func (f *floor) change() bucket.Info {
	return f.server.PutRaw(storeName, "inbox/0001.md", []byte("Invoice number: 77\n\nTotal amount due: 77\n"), nil)
}

// begun claims and submits the first document.
func (f *floor) begun(p *worker.Pipeline) worker.Job {
	f.t.Helper()
	j, err := p.Advance(f.t.Context(), putDocument(f.t, p, f.document("inbox", 1)).ID)
	if err != nil || j.State != worker.Submitted {
		f.t.Fatalf("the job is %s: %v", j.State, err)
	}
	return j
}

// Somebody takes a result out of the bucket once it is used. A document that was
// answered stays answered, and looking at it again stops nobody.
func TestAResultThatWasTakenAwayStopsNobody(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		if _, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 2)}); err != nil {
			t.Fatal(err)
		}
		f.remove(theResult)
		sum, err := p.Run(t.Context(), worker.RunOptions{Documents: f.these("inbox", 3)})
		if err != nil || sum.Unchanged != 2 || sum.Sealed != 1 {
			t.Errorf("the next run: %+v, %v", sum, err)
		}
		if bills, stand := f.provider.Billed().Jobs, f.results(); bills != 3 || stand != 2 {
			t.Errorf("%d bills and %d results, want 3 and 2", bills, stand)
		}
	})
}

// A result is discarded because its document is gone. The same bytes are back
// while its URLs live still: they are wanted, now and not once the job is closed.
func TestADiscardedResultIsWantedWhileItDrains(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		f.settings.OnSourceDeleted = worker.DeletedDiscard
		p := f.pipeline(worker.Limits{}, nil)
		first := f.begun(p)
		f.remove("inbox/0001.md")
		time.Sleep(time.Minute)
		if j := settle(t, p, first.ID); j.Status != worker.StatusDiscarded || j.State == worker.Closed {
			t.Fatalf("the result is %s, the job %s", j.Status, j.State)
		}
		j := putDocument(t, p, f.document("inbox", 1))
		if j.ID != first.ID || j.Gen != 2 {
			t.Fatalf("back again the document has generation %d of its job", j.Gen)
		}
		if j = settle(t, p, j.ID); j.Status != worker.StatusOK || f.results() != 1 {
			t.Errorf("the result is %s, and %d stand", j.Status, f.results())
		}
		f.sweepUntil(p, worker.Closed)
	})
}

// An event may come twice, and name a version that stands below a delete marker
// by then. Its result was discarded, and it is not paid for again before the
// document is back.
func TestADeletedVersionIsNotWantedAgain(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		store := f.server.Lookup(storeName)
		store.SetVersioning(bucket.Enabled)
		f.settings.OnSourceDeleted = worker.DeletedDiscard
		p := f.pipeline(worker.Limits{}, nil)
		first := f.begun(p)
		seen, err := store.Get("inbox/0001.md", "")
		if err != nil {
			t.Fatal(err)
		}
		marker, err := store.Delete("inbox/0001.md", "", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if j := settle(t, p, first.ID); j.Status != worker.StatusDiscarded {
			t.Fatalf("the result is %s", j.Status)
		}
		twice := worker.Document{Key: "inbox/0001.md", Version: seen.ID}
		if j := putDocument(t, p, twice); j.Gen != 1 {
			t.Errorf("the event that came twice began generation %d", j.Gen)
		}
		if _, err := store.DeleteVersion("inbox/0001.md", marker.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		if j := putDocument(t, p, twice); j.Gen != 2 {
			t.Errorf("the document is back in generation %d", j.Gen)
		}
	})
}

// A document is deleted while it waits for its turn, and results of deleted
// documents are not wanted: none is paid for.
func TestADeletedDocumentIsNotSubmittedToBeDiscarded(t *testing.T) {
	for _, prefix := range []string{"inbox", "files"} {
		t.Run(prefix, func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				store := f.server.Lookup(storeName)
				store.SetVersioning(bucket.Enabled)
				f.settings.OnSourceDeleted = worker.DeletedDiscard
				p := f.pipeline(worker.Limits{}, nil)
				d := f.document("inbox", 1)
				if prefix == "files" {
					d = f.file(1)
				}
				first := putDocument(t, p, d)
				marker, err := store.Delete(d.Key, "", time.Now())
				if err != nil {
					t.Fatal(err)
				}
				if j := settle(t, p, first.ID); j.Code != worker.CodeSourceGone || j.Billed != "no" || f.billed() != 0 {
					t.Fatalf("the job is %s %s, %d billed", j.Status, j.Code, f.billed())
				}
				if _, err := store.DeleteVersion(d.Key, marker.ID, time.Now()); err != nil {
					t.Fatal(err)
				}
				if j := settle(t, p, putDocument(t, p, d).ID); j.ID != first.ID || j.Status != worker.StatusOK {
					t.Errorf("the document is back, and its job is %s %s", j.State, j.Code)
				}
			})
		})
	}
}

// A document fails for want of it after a try that had URLs. It is back while
// those live still.
func TestADocumentThatIsBackIsTriedWhileItsJobDrains(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		f.provider.BreakNext(1, adetest.JobFault{End: adetest.EndFailed})
		first := f.begun(p)
		f.remove("inbox/0001.md")
		time.Sleep(time.Minute)
		if j := settle(t, p, first.ID); j.Code != worker.CodeSourceGone || j.State != worker.Draining || j.Billed != "no" {
			t.Fatalf("the job is %s, %s, billed %s", j.State, j.Code, j.Billed)
		}
		j := putDocument(t, p, f.document("inbox", 1))
		if j = settle(t, p, j.ID); j.Status != worker.StatusOK || f.failureOf("0001") != "" {
			t.Errorf("the document is back, and its job is %s %s, its failure %q", j.State, j.Code, f.failureOf("0001"))
		}
	})
}

// A result goes to history because another version stands, and comes back with
// its document's bytes. The job says so, as the bucket does.
func TestAResultThatIsBackIsNamed(t *testing.T) {
	for _, versioning := range []bucket.Versioning{bucket.Unversioned, bucket.Enabled} {
		t.Run(string(versioning), func(t *testing.T) {
			onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
				f.server.Lookup(storeName).SetVersioning(versioning)
				p := f.pipeline(worker.Limits{}, nil)
				first := f.begun(p)
				other := f.change()
				time.Sleep(time.Minute)
				if j := settle(t, p, first.ID); j.Status != worker.StatusSuperseded {
					t.Fatalf("the result is %s", j.Status)
				}
				f.undo(other)
				j := putDocument(t, p, worker.Document{Key: "inbox/0001.md"})
				if j.ID != first.ID || j.Status != worker.StatusOK || j.Result.Reveal() != theResult {
					t.Errorf("the job says %s, at %q", j.Status, j.Result.Reveal())
				}
				if _, h, err := f.server.GetRaw(storeName, theResult); err != nil || h.Get("X-Amz-Meta-Zdr-Status") != worker.StatusOK {
					t.Errorf("its result: %v, %v", h, err)
				}
				if got := f.provider.Billed().Jobs; got != 1 {
					t.Errorf("%d jobs were billed", got)
				}
			})
		})
	}
}

// undo takes a version of the first document away: for good where there are
// versions, else by the bytes that stood there before.
func (f *floor) undo(v bucket.Info) {
	f.t.Helper()
	if v.Version == "" {
		f.document("inbox", 1)
		return
	}
	if _, err := f.server.Lookup(storeName).DeleteVersion("inbox/0001.md", v.Version, time.Now()); err != nil {
		f.t.Fatal(err)
	}
}

// A failure of other bytes does not stay beside the result of those that are
// back.
func TestAFailureOfOtherBytesGoes(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipeline(worker.Limits{}, nil)
		first := settle(t, p, f.begun(p).ID)
		f.provider.BreakNext(1, adetest.JobFault{Landing: adetest.Landing{Alter: adetest.Garbage}})
		f.change()
		if j := settle(t, p, putDocument(t, p, worker.Document{Key: "inbox/0001.md"}).ID); j.Code != worker.CodeResultInvalid {
			t.Fatalf("the other bytes ended as %s", j.Code)
		}
		if j := putDocument(t, p, f.document("inbox", 1)); j.ID != first.ID || f.count(storeName, theFailure) != 0 {
			t.Errorf("%d failure objects beside the result", f.count(storeName, theFailure))
		}
	})
}

// A parse fails for want of its document, which is there again when somebody
// wants its Markdown.
func TestAParseIsDoneOnceItsDocumentIsBack(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		p := f.pipelineWith(filesOf("first"))
		j := putFile(t, f, p)
		f.remove(j.Document.Reveal())
		if j = settle(t, p, j.ID); j.Code != worker.CodeSourceGone || j.FailedAt != worker.StepParse {
			t.Fatalf("the job is %s, %s at %s", j.State, j.Code, j.FailedAt)
		}
		sum, err := p.Run(t.Context(), worker.RunOptions{Documents: theOne(f.file(1)), ParseOnly: true})
		if err != nil || sum.Sealed != 1 {
			t.Errorf("the parse: %+v, %v", sum, err)
		}
	})
}
