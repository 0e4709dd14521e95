package worker_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// What is printed or logged says no document's name and no piece of one.
func TestNamesDoNotPrint(t *testing.T) {
	marks := zdrtest.New(t)
	key := "inbox/" + marks.Mark("key") + ".pdf"
	head := []byte(marks.Mark("content"))
	unprinted(t, marks, worker.Document{Key: key, Version: "3"})
	unprinted(t, marks, worker.File{Ext: "pdf", Head: head, Body: bytes.NewReader(head)})
	unprinted(t, marks, worker.Capture{Name: "tenant", Value: key})
	unprinted(t, marks, worker.Match{Captures: []worker.Capture{{Name: "tenant", Value: key}}, Rest: key})
	unprinted(t, marks, worker.Verdict{Match: worker.Match{Rest: key}})
	unprinted(t, marks, worker.BackfillPlan{Prefixes: []string{key}})
	unprinted(t, marks, worker.Backfill{ID: "5f0c", Prefixes: []string{key}, Lanes: []worker.Lane{{At: worker.Place{Key: key}}}})
	unprinted(t, marks, worker.Lane{At: worker.Place{Key: key}})
	unprinted(t, marks, worker.Place{Key: key})
}

func unprinted[T any](t *testing.T, marks *zdrtest.Sentinels, v T) {
	t.Helper()
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x"}
	if _, ok := any(v).(fmt.Stringer); !ok {
		verbs = append(verbs, "%d", "%t")
	}
	var b bytes.Buffer
	for _, x := range []any{v, &v, []T{v}, struct{ V T }{v}, map[string]T{"v": v}} {
		for _, verb := range verbs {
			fmt.Fprintf(&b, verb+"\n", x)
		}
		b.WriteString(errors.Join(fmt.Errorf("put %v", x)).Error())
	}
	slog.New(slog.NewTextHandler(&b, nil)).Error("m", "value", v, slog.Group("g", "value", v))
	if _, ok := any(v).(slog.LogValuer); ok {
		slog.New(slog.NewJSONHandler(&b, nil)).Error("m", "value", v, slog.Group("g", "value", v))
	}
	marks.Assert(t, fmt.Sprintf("%T", v), b.Bytes())
}
