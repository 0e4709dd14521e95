package worker_test

import "strings"

// told holds what a job has told against its record: a result and a failure are
// never both a job's, and neither is of a job whose record says the other.
func (w *watch) told(s *sim) {
	said := s.said()
	for _, id := range w.sortedIDs() {
		r := w.records[id]
		result, failed := said[resultBy(r.Ref)], said[failureBy(r.Ref)]
		switch {
		case result && failed:
			s.violate("told", "%s (%s%s) has told both a result and a failure", short(id), r.Status, r.Failure)
		case result && r.Failure != "":
			s.violate("told", "%s has told a result, and its record says that it failed (%s)", short(id), r.Failure)
		case failed && r.Status != "":
			s.violate("told", "%s has told a failure, and its record says %s", short(id), r.Status)
		}
	}
}

// resultBy and failureBy are what a job can say, by its ref.
type (
	resultBy  string
	failureBy string
)

// said is all that stands where jobs say what they came to.
func (s *sim) said() map[any]bool {
	said := map[any]bool{}
	for _, o := range s.everything(storeName) {
		ref := o.header["X-Amz-Meta-Zdr-Ref"]
		switch {
		case strings.HasPrefix(o.key, "results/"), strings.HasPrefix(o.key, "zdr/history/"):
			said[resultBy(ref)] = true
		case strings.HasPrefix(o.key, "failures/"):
			said[failureBy(ref)] = true
		}
	}
	return said
}
