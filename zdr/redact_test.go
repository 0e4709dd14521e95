package zdr_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%b", "%o", "%c", "%U", "%e", "%w", "%10v", "%.3s", "%z"}

// outer holds a value where its methods can be called, inner where they cannot.
type outer[T any] struct {
	Value T
	Ptr   *T
	List  []T
	Map   map[string]T
	Any   any
}

type inner[T any] struct {
	value T
	ptr   *T
	list  []T
	any   any
	deep  struct{ value T }
}

// failure is an error of somebody else that holds a value.
type failure[T any] struct{ value T }

func (f failure[T]) Error() string {
	return fmt.Sprintf("failed: %v %+v", f.value, struct{ T T }{f.value})
}

func TestNothingPrints(t *testing.T) {
	marks := zdrtest.New(t)
	m := marks.Mark("secret")
	shapesOf(t, marks, "Document", zdr.NewDocument([]byte(m)))
	shapesOf(t, marks, "Name", zdr.NewName(m))
	shapesOf(t, marks, "Text", zdr.NewText(m))
	shapesOf(t, marks, "APIKey", zdr.NewAPIKey(m))
	shapesOf(t, marks, "Password", zdr.NewPassword(m))
	shapesOf(t, marks, "Prompts", mustPrompts(t, m))
	shapesOf(t, marks, "Schema", mustSchema(t, `{"type":"object","properties":{"`+m+`":{}}}`))
	shapesOf(t, marks, "zero Document", zdr.Document{})
	shapesOf(t, marks, "zero Name", zdr.Name{})
	shapesOf(t, marks, "zero Schema", zdr.Schema{})
	shapesOf(t, marks, "zero Password", zdr.Password{})
	shapesOf(t, marks, "zero Prompts", zdr.Prompts{})
}

func shapesOf[T any](t *testing.T, marks *zdrtest.Sentinels, name string, v T) {
	in := inner[T]{value: v, ptr: &v, list: []T{v}, any: v}
	in.deep.value = v
	shapes := map[string]any{
		"bare": v, "pointer": &v, "slice": []T{v}, "array": [1]T{v}, "map": map[string]T{"a": v},
		"exported": outer[T]{v, &v, []T{v}, map[string]T{"a": v}, v},
		"hidden":   in, "hidden pointer": &in, "error": failure[T]{v}, "wrapped": fmt.Errorf("x: %w", failure[T]{v}),
		"joined": errors.Join(failure[T]{v}, errors.New("x")),
	}
	for shape, x := range shapes {
		t.Run(name+"/"+shape, func(t *testing.T) { marks.Assert(t, shape, printed(x)) })
	}
}

// printed is a value in all the ways in which programs print values.
func printed(x any) []byte {
	var b bytes.Buffer
	for _, verb := range verbs {
		fmt.Fprintf(&b, verb+"\n", x)
	}
	fmt.Fprintln(&b, x)
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		l := slog.New(h)
		l.Error("m", "x", x, slog.Group("g", "x", x))
		l.With("x", x).Error("m", slog.Any("y", x))
	}
	for _, v := range []any{x, map[string]any{"x": x}, []any{x}} {
		j, err := json.Marshal(v)
		fmt.Fprintf(&b, "%s %v", j, err)
		j, err = xml.Marshal(v)
		fmt.Fprintf(&b, "%s %v", j, err)
		fmt.Fprintln(&b, gob.NewEncoder(&b).Encode(v))
	}
	return b.Bytes()
}

// A reply's body is plain bytes for its one reader, so it is not as tight as the
// types above: its ordinary ways out are closed.
func TestReplyPrintsItsStatus(t *testing.T) {
	marks := zdrtest.New(t)
	r := &zdr.Reply{Status: 200, Body: []byte(marks.Mark("reply"))}
	var b bytes.Buffer
	for _, x := range []any{r, []*zdr.Reply{r}, struct{ R *zdr.Reply }{r}, map[string]any{"r": r}, *r, struct{ R zdr.Reply }{*r}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb, x)
		}
		slog.New(slog.NewJSONHandler(&b, nil)).Error("m", "x", x)
		j, err := json.Marshal(x)
		fmt.Fprintf(&b, "%s %v", j, err)
	}
	marks.Assert(t, "a reply", b.Bytes())
}

// The scan would find a leak: a plain string in the same shapes leaks in all.
func TestPlainStringPrints(t *testing.T) {
	marks := zdrtest.New(t)
	m := marks.Mark("plain")
	for _, x := range []any{m, []string{m}, outer[string]{Value: m}, inner[string]{value: m}, failure[string]{m}} {
		marks.AssertFound(t, fmt.Sprintf("%T", x), printed(x))
	}
}

func TestPlaceholders(t *testing.T) {
	for want, v := range map[string]any{
		"[zdr.Document redacted]": zdr.NewDocument(nil), "[zdr.Name redacted]": zdr.NewName("a"),
		"[zdr.Text redacted]": zdr.NewText("a"), "[zdr.APIKey redacted]": zdr.NewAPIKey("a"), "[zdr.Password redacted]": zdr.NewPassword("a"),
		"[zdr.Reply HTTP 202]": &zdr.Reply{Status: 202},
	} {
		encoded, err := json.Marshal(v)
		if err != nil || fmt.Sprintf("%#v", v) != want || string(encoded) != `"`+want+`"` {
			t.Errorf("got %#v and %s (%v), want %s", v, encoded, err, want)
		}
	}
}

func TestReveal(t *testing.T) {
	if string(zdr.NewDocument([]byte("a")).Reveal()) != "a" || zdr.NewName("a").Reveal() != "a" ||
		zdr.NewText("a").Reveal() != "a" || zdr.NewAPIKey("a").Reveal() != "a" || zdr.NewPassword("a").Reveal() != "a" {
		t.Error("a value is lost")
	}
	if (zdr.Document{}).Reveal() != nil || (zdr.Name{}).Reveal() != "" {
		t.Error("a zero value holds something")
	}
	if !(zdr.Name{}).IsZero() || !(zdr.Text{}).IsZero() || !(zdr.APIKey{}).IsZero() || zdr.NewName("a").IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestJobID(t *testing.T) {
	for _, bad := range []string{"", ".", "..", "a/b", "a b", "a?b", "a%2f", "ä", strings.Repeat("a", 129), "a\n"} {
		if id, err := zdr.RecordedJobID(bad); refusedBy(err) != zdr.RuleJob || !id.IsZero() {
			t.Errorf("%q is taken for a job id", bad)
		}
	}
	id := mustJob(t, "cmgmldz540004mj8do5uwzf0l")
	encoded, err := json.Marshal(map[string]zdr.JobID{"id": id, "none": {}})
	if err != nil || string(encoded) != `{"id":"cmgmldz540004mj8do5uwzf0l","none":""}` {
		t.Errorf("got %s and %v", encoded, err)
	}
	var back map[string]zdr.JobID
	if err := json.Unmarshal(encoded, &back); err != nil || back["id"] != id || !back["none"].IsZero() {
		t.Errorf("got %v and %v back", back, err)
	}
	if err := json.Unmarshal([]byte(`{"id":"a/b"}`), &back); err == nil {
		t.Error("a path was taken for a job id")
	}
}
