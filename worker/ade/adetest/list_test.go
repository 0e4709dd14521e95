package adetest_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade/adetest"
)

// listed gives the ids of a page.
func listed(a answer) []string {
	ids := []string{}
	jobs, _ := a.fields["jobs"].([]any)
	for _, j := range jobs {
		ids = append(ids, j.(map[string]any)["job_id"].(string))
	}
	return ids
}

func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{Delay: adetest.Delay{Pending: time.Hour}})
		var made []string
		for range 12 {
			made = append(made, r.submit())
		}
		slices.Reverse(made)
		time.Sleep(time.Hour)
		r.p.BreakNext(1, adetest.JobFault{Delay: &adetest.Delay{}, End: adetest.EndFailed, Reason: "no luck"})
		failed := r.submit()
		synctest.Wait()
		r.key = "key-2"
		foreign := r.submit()
		r.key = "key-1"
		for _, tt := range []struct {
			query string
			want  []string
			more  bool
		}{
			{"", append([]string{failed}, made[:9]...), true},
			{"?page=1", made[9:], false},
			{"?page=2", []string{}, false},
			{"?pageSize=100", append([]string{failed}, made...), false},
			{"?pageSize=13", append([]string{failed}, made...), false},
			{"?status=completed&pageSize=5&page=1", made[5:10], true},
			{"?status=failed", []string{failed}, false},
			{"?status=pending", []string{}, false},
		} {
			a := r.get(jobs + tt.query)
			if got := listed(a); !slices.Equal(got, tt.want) || a.fields["has_more"] != tt.more || a.fields["org_id"] != adetest.DefaultOrgID {
				t.Errorf("%s: got %v, has_more %v", tt.query, got, a.fields["has_more"])
			}
		}
		r.key = "key-2"
		if got := listed(r.get(jobs)); !slices.Equal(got, []string{foreign}) {
			t.Errorf("the other key: got %v", got)
		}
	})
}

func TestListRefuses(t *testing.T) {
	r := newRig(t, adetest.Options{})
	for query, want := range map[string]string{
		"?page=-1":      `{"detail":[{"type":"greater_than_equal","loc":["query","page"],"msg":"Input should be greater than or equal to 0","input":"-1","ctx":{"ge":0}}]}`,
		"?pageSize=101": `{"detail":[{"type":"less_than_equal","loc":["query","pageSize"],"msg":"Input should be less than or equal to 100","input":"101","ctx":{"le":100}}]}`,
		"?pageSize=x":   `{"detail":[{"type":"int_parsing","loc":["query","pageSize"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}]}`,
		"?status=done":  `{"detail":[{"type":"literal_error","loc":["query","status"],"msg":"Input should be 'cancelled', 'completed', 'failed', 'pending' or 'processing'","input":"done","ctx":{"expected":"'cancelled', 'completed', 'failed', 'pending' or 'processing'"}}]}`,
	} {
		if a := r.get(jobs + query); a.status != http.StatusUnprocessableEntity || string(a.body) != want {
			t.Errorf("%s: got %d %s", query, a.status, a.body)
		}
	}
}

func TestListLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adetest.Options{ListLag: time.Minute})
		first := r.submit()
		r.p.BreakNext(1, adetest.JobFault{Unlisted: true})
		r.submit()
		r.p.BreakNext(1, adetest.JobFault{ListLag: time.Minute})
		third := r.submit()
		for after, want := range [][]string{{}, {first}, {third, first}} {
			if got := listed(r.get(jobs)); !slices.Equal(got, want) {
				t.Errorf("after %d min: got %v, want %v", after, got, want)
			}
			time.Sleep(time.Minute)
		}
	})
}
