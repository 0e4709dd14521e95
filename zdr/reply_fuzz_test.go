package zdr_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func FuzzReply(f *testing.F) {
	seeds := []string{
		fullJob, fullParseJob, `{"job_id":"a"}`, `{"jobs":[{"job_id":"a","status":"failed"}],"has_more":false}`,
		`{"detail":[{"loc":["a",1],"msg":"b"}]}`, `{"data":{"a":1},"data":null}`, `{"DATA":1}`, `{} {}`,
		`{"output_url":"https://ours/o/a"}`, `{"output_url":"https://theirs/a"}`, `[[[[`, `{"a":{"a":{"a":null}}}`,
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	ours := func(u string) bool { return strings.HasPrefix(u, "https://ours/o/") }
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, op := range []string{zdr.ExtractCreate, zdr.ExtractGet, zdr.ExtractList, zdr.ParseCreate, zdr.ParseGet, zdr.ParseList} {
			held, _, err := zdr.HoldForTest(op, true, body, ours)
			if err != nil {
				continue
			}
			if !json.Valid(body) || !json.Valid(held) {
				t.Fatalf("held %q of %q, which is not one JSON document", held, body)
			}
			noContent(t, body)
			if bytes.Contains(held, []byte("output_url_ours")) {
				continue // a word of ours, which no reply has
			}
			if again, _, err := zdr.HoldForTest(op, true, held, ours); err != nil || !bytes.Equal(again, held) {
				t.Fatalf("held %q, then %q (%v): not stable", held, again, err)
			}
		}
	})
}

// noContent reads as encoding/json does, case and all.
func noContent(t *testing.T, body []byte) {
	t.Helper()
	var lax struct {
		Data      json.RawMessage `json:"data"`
		OutputURL any             `json:"output_url"`
	}
	if json.Unmarshal(body, &lax) != nil {
		return
	}
	if d := string(lax.Data); d != "" && d != "null" {
		t.Fatalf("accepted %q with data", body)
	}
	if u, _ := lax.OutputURL.(string); u != "" && !strings.HasPrefix(u, "https://ours/o/") {
		t.Fatalf("accepted %q with a URL that is not ours", body)
	}
}
