package worker_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

// What would surely be refused fails at once, with a failure object of our own
// words; the provider hears nothing of it.
func TestServeFailsUnfitDocuments(t *testing.T) {
	onFloor(t, adetest.Options{}, func(t *testing.T, f *floor) {
		s, stop := f.serve(f.pipelineWith(worker.Routes{
			{Name: "files", Prefix: "files/", Suffixes: []string{".pdf", ".png"}, Schema: simSchema},
		}), worker.ServeOptions{Sweep: 24 * time.Hour})
		want := map[string]string{
			"files/encrypted.pdf": "document_encrypted",
			"files/broken.pdf":    "document_broken",
			"files/none.pdf":      "document_no_pages",
			"files/picture.png":   "document_mismatch",
			"files/empty.pdf":     "document_empty",
		}
		bodies := map[string][]byte{
			"files/encrypted.pdf": pdftest.Encrypted("lamplight", pdftest.Page{}),
			"files/broken.pdf":    pdftest.Broken(t),
			"files/none.pdf":      pdftest.Empty(t),
			"files/picture.png":   pdftest.Text(t, "no picture"),
			"files/empty.pdf":     nil,
			"files/good.pdf":      pdftest.Text(t, "Invoice number: 17"),
		}
		for key, body := range bodies {
			f.server.PutRaw(storeName, key, body, http.Header{})
			for range 2 { // a doubled event finds the same job
				if err := s.Arrived(t.Context(), worker.Document{Key: key}); err != nil {
					t.Errorf("%s: %v", key, err)
				}
			}
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		stop()
		for key, code := range want {
			v, err := f.server.Lookup(storeName).Get("failures/"+key+".json", "")
			if err != nil {
				t.Errorf("%s: no failure object: %v", key, err)
				continue
			}
			var got struct{ Code, Billed, Step string }
			if json.Unmarshal(v.Body, &got) != nil || got.Code != code || got.Billed != "no" || got.Step != "parse" {
				t.Errorf("%s: got %+v, want %s at step parse", key, got, code)
			}
		}
		if f.results() != 1 || f.provider.Billed().Jobs != 2 {
			t.Errorf("%d results, %d jobs billed, want the good one's", f.results(), f.provider.Billed().Jobs)
		}
		if n := f.count(storeName, "zdr/open/"); n != 0 {
			t.Errorf("%d markers are left", n)
		}
	})
}
