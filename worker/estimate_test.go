package worker_test

import (
	"context"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

func schemaOf(t *testing.T, text string) zdr.Schema {
	t.Helper()
	s, err := zdr.ParseSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEstimateParse(t *testing.T) {
	for _, c := range []struct {
		name  string
		pages int
		size  int64
		want  worker.Credits
	}{
		{"counted", 421, 9 << 20, worker.Credits{Low: 1263, Likely: 1263, High: 1684}},
		{"one page", 1, 100, worker.Credits{Low: 3, Likely: 3, High: 4}},
		{"not counted, small", 0, 100, worker.Credits{Low: 3, Likely: 3, High: 4}},
		{"not counted", 0, 81920, worker.Credits{Low: 3, Likely: 9, High: 164}},
		{"more than a job takes", 0, 1 << 30, worker.Credits{Low: 3, Likely: 18000, High: 24000}},
	} {
		if got := worker.EstimateParse(c.pages, c.size); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestEstimateExtract(t *testing.T) {
	flat := schemaOf(t, `{"type":"object","properties":{"number":{"type":"string"},"total":{"type":"number"}}}`)
	list := schemaOf(t, `{"type":"object","properties":{"lines":{"type":"array","items":{"type":"object","properties":{"text":{"type":"string"}}}}}}`)
	for _, c := range []struct {
		name   string
		schema zdr.Schema
		size   int64
		want   worker.Credits
	}{
		// 2 + 10 + 9 + 8 characters of names, then 0, 25 or 400 for each of two values.
		{"nothing in it", flat, 0, worker.Credits{Low: 0.1, Likely: 0.1, High: 0.9}},
		{"a page", flat, 3000, worker.Credits{Low: 0.3, Likely: 0.7, High: 1.5}},
		{"a list says the document again", list, 10000, worker.Credits{Low: 0.7, Likely: 4.1, High: 19.1}},
		{"the longest answer", list, 10_000_000, worker.Credits{Low: 666.7, Likely: 2200.1, High: 3000}},
	} {
		if got := worker.EstimateExtract(c.schema, c.size); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// What is reserved is no less than what may come, whatever is known of pages.
func TestEstimateIsARange(t *testing.T) {
	s := schemaOf(t, invoiceSchema)
	for _, pages := range []int{0, 1, 17, 6000} {
		for _, size := range []int64{0, 1, 4096, 1 << 20, 1 << 30} {
			for name, c := range map[string]worker.Credits{
				"parse": worker.EstimateParse(pages, size), "extract": worker.EstimateExtract(s, size), "after": worker.EstimateAfterParse(s, pages, size),
			} {
				if c.Low <= 0 || c.Low > c.Likely || c.Likely > c.High {
					t.Errorf("%s of %d pages, %d bytes: %+v is no range", name, pages, size, c)
				}
			}
		}
	}
}

// The stand-in's receipts lie within the estimate.
func TestEstimateHoldsTheReceipt(t *testing.T) {
	onBudget(t, worker.Budget{}, func(t *testing.T, f *floor, p *worker.Pipeline) {
		var body string
		for range 200 {
			body += "Invoice number: 17\n\nTotal amount due: 12.50 of Zürich\n\n"
		}
		f.server.PutRaw(storeName, "inbox/a.md", []byte(body), nil)
		j, err := p.Put(t.Context(), worker.Document{Key: "inbox/a.md"})
		if err != nil {
			t.Fatal(err)
		}
		res, err := p.Wait(context.WithoutCancel(t.Context()), j.Ref)
		if err != nil {
			t.Fatal(err)
		}
		est := worker.EstimateExtract(simSchema, int64(len(body)))
		if got := res.Job.Credits; got < est.Low || got > est.High || got == 0 {
			t.Errorf("%v credits, estimated %+v", got, est)
		}
	})
}
