package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenRecord has every field set, so that a renamed one shows.
func goldenRecord() *record {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return &record{
		Format: 1, Seq: 6, Nonce: "00112233445566778899aabb", Ref: "3f0c00112233445566778899aabbccddeeff", Gen: 1, State: Held, Step: "extract",
		Source:   source{Bucket: "acme-docs", Key: "inbox/0001.md", Version: "v1", ETag: "e1", Size: 12, Modified: at},
		Route:    routeRef{Name: "invoices", Revision: 3, Schema: "sha256:aa", Model: "extract-20260314", Strict: true, PartialFails: true, Result: "results/invoices/0001.md.json", Failure: "failures/invoices/0001.md.json"},
		Attempts: []attempt{{N: 1, Gen: 1, Token: "tok", SignedAt: at, ExpiresS: 3600, PostDeadline: at, Tries: 1, ProviderJob: "job-1", End: "fenced"}},
		Lease:    &lease{Holder: "w1", Until: at},
		Seal:     &seal{Attempt: 1, ETag: "e2", Size: 34},
		Result:   &sealed{ETag: "e3", Status: "ok", At: at, SourceETag: "e2"},
		Receipt:  &receipt{Credits: 4.6, DurationMS: 1200, Model: "extract-20260314", Partial: true, Violation: true, Warnings: 1},
		Failure:  &failure{Code: "abandoned", Step: "extract", Retryable: true, Billed: "unknown", At: at},
		Hold:     "billing_uncertain", FencedAt: at, NotBefore: at, Waiting: WaitOperator, Dev: true,
		ClaimedAt: at, UpdatedAt: at,
		History: []entry{
			{At: at, Event: EventClaim, State: Claimed},
			{At: at, Event: EventIntend, State: Submitting, Attempt: 1},
			{At: at, Event: EventFence, State: Fencing, Attempt: 1},
			{At: at, Event: EventHold, State: Held, Attempt: 1, Code: "billing_uncertain"},
		},
		Parse: &parseRef{
			ID: ID{1}, Options: parseOptions{Model: "dpt-2-20260410", Split: "page", Figure: "Name the axes.", Password: "env:PDF"},
			Want: 2, Gen: 2, Ref: "0100112233445566778899aabbccddeeff", ETag: "e4", Partial: true, Pages: 7, Credits: 21, Reused: true, Markdown: 1234,
		},
	}
}

// goldenParse has every field that only a parse's record has.
func goldenParse() *record {
	r := goldenRecord()
	r.Step, r.Parse, r.Source.Pages, r.Attempts[0].Ext = StepParse, nil, 7, "pdf"
	r.Options = &parseOptions{Model: "dpt-2-20260410", Split: "page", Figure: "Name the axes.", Password: "env:PDF"}
	r.Dependents = []ID{{2}, {3}}
	r.Receipt.Pages, r.Receipt.Failed, r.Receipt.Markdown = 7, 1, 1234
	r.Result.AgedAt, r.Result.UsedAt, r.Result.GoneAt = r.UpdatedAt, r.UpdatedAt, r.UpdatedAt
	return r
}

func TestRecordFormatIsGolden(t *testing.T) {
	t.Run("extract", func(t *testing.T) { isGolden(t, goldenRecord(), "record-1.json") })
	t.Run("parse", func(t *testing.T) { isGolden(t, goldenParse(), "record-parse-1.json") })
}

func isGolden(t *testing.T, of *record, name string) {
	t.Helper()
	got, err := json.MarshalIndent(of, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("records lie in users' buckets: format 1 must not change\ngot  %s\nwant %s", got, want)
	}
	rec, err := decodeRecord(want)
	if err != nil {
		t.Fatal(err)
	}
	if back, _ := json.MarshalIndent(rec, "", " "); !bytes.Equal(back, want) {
		t.Errorf("decode → encode changed the record:\n%s", back)
	}
}

func TestDecodeRecordRefuses(t *testing.T) {
	edit := func(f func(*record)) []byte {
		r := goldenRecord()
		f(r)
		b, _ := json.Marshal(r)
		return b
	}
	for name, b := range map[string][]byte{
		"no json":                []byte("{"),
		"unknown field":          []byte(`{"format":1,"shoe":1}`),
		"unknown state":          edit(func(r *record) { r.State = "asleep" }),
		"no nonce":               edit(func(r *record) { r.Nonce = "" }),
		"history ends elsewhere": edit(func(r *record) { r.History = r.History[:1] }),
		"no path": edit(func(r *record) {
			r.History = []entry{{Event: EventClaim, State: Claimed}, {Event: EventSeal, State: Held}}
		}),
	} {
		if _, err := decodeRecord(b); err == nil || errors.Is(err, errNewerFormat) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	newer := edit(func(r *record) { r.Format = 2 })
	if _, err := decodeRecord(newer); !errors.Is(err, errNewerFormat) {
		t.Errorf("newer format: err = %v", err)
	}
}

func TestCloneIsDeep(t *testing.T) {
	r := goldenRecord()
	c := r.clone()
	c.Attempts[0].Token, c.Seal.ETag, c.Receipt.Credits, c.History[0].Code = "x", "x", 9, "x"
	c.Lease.Holder, c.Result.ETag, c.Failure.Code = "x", "x", "x"
	before, _ := json.Marshal(goldenRecord())
	after, _ := json.Marshal(r)
	if !bytes.Equal(before, after) {
		t.Error("a change of the clone changed the record")
	}
}

func FuzzDecodeRecord(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "record-1.json"))
	if err != nil {
		f.Fatal("no seed: ", err)
	}
	f.Add(golden)
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := decodeRecord(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeRecord(again); err != nil {
			t.Errorf("accepted, written, refused: %v", err)
		}
	})
}
