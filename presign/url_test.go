package presign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"
)

const secretQuery = "X-Amz-Signature=5e4c3e7f00aa11bb22cc33dd44ee55ff"

func secretURL() URL {
	return newURL(signed{
		raw:    "https://x7k2.example.com/s/ab.md?" + secretQuery,
		method: "GET", key: "s/ab.md",
		signedAt: time.Unix(100, 0), until: time.Unix(200, 0),
	})
}

// leaks tells whether text holds the query in a form that can be read back.
func leaks(text string) bool {
	plain := strings.ToLower(text)
	for _, secret := range []string{secretQuery, "5e4c3e7f", url.QueryEscape(secretQuery), fmt.Sprintf("%x", secretQuery)} {
		if strings.Contains(plain, strings.ToLower(secret)) {
			return true
		}
	}
	// fmt's %d and %v print bytes as numbers.
	return strings.Contains(text, strings.Trim(fmt.Sprint([]byte(secretQuery)), "[]"))
}

type (
	exported         struct{ URL URL }
	unexported       struct{ url URL }
	pointing         struct{ url *URL }
	embedding        struct{ URL }
	embeddingPointer struct{ *URL }
	deep             struct{ inner []map[string]unexported }
	failing          struct{ url URL }
)

func (failing) Error() string { return "failed" }

func shapes() map[string]any {
	u := secretURL()
	var asAny any = u
	return map[string]any{
		"bare":                u,
		"pointer":             &u,
		"pointer to pointer":  func() **URL { p := &u; return &p }(),
		"slice":               []URL{u},
		"slice of pointers":   []*URL{&u},
		"array":               [1]URL{u},
		"map value":           map[string]URL{"a": u},
		"map of any":          map[string]any{"a": u},
		"interface":           &asAny,
		"exported field":      exported{u},
		"exported, pointer":   &exported{u},
		"unexported field":    unexported{u},
		"unexported, pointer": &unexported{u},
		"unexported pointer":  pointing{&u},
		"embedded":            embedding{u},
		"embedded pointer":    embeddingPointer{&u},
		"deep":                deep{[]map[string]unexported{{"a": {u}}}},
		"in an error":         fmt.Errorf("wrapped: %w", failing{u}),
		"joined errors":       errors.Join(failing{u}, errors.New("x")),
		"pair":                Pair{Get: u, Put: u},
	}
}

func TestURLNeverPrints(t *testing.T) {
	verbs := []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%b", "%o", "%e", "%g", "%p", "%T", "%w", "%z",
		"% x", "%#x", "%#q", "%+q", "%10.3s", "%-v", "%08d",
		"no verb at all", "%!", "%*d", "%[2]d", "%",
	}
	for name, shape := range shapes() {
		for _, verb := range verbs {
			if got := fmt.Sprintf(verb, shape); leaks(got) {
				t.Errorf("%s of %s prints the query", verb, name)
			}
		}
		for how, got := range map[string]string{
			"Sprint":        fmt.Sprint(shape),
			"Sprintln":      fmt.Sprintln(shape),
			"Errorf":        fmt.Errorf("x: %v", shape).Error(),
			"slog text":     logged(shape, func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }),
			"slog json":     logged(shape, func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }),
			"encoding/json": marshalled(shape),
		} {
			if leaks(got) {
				t.Errorf("%s of %s prints the query", how, name)
			}
		}
	}
}

func logged(v any, handler func(*bytes.Buffer) slog.Handler) string {
	var b bytes.Buffer
	log := slog.New(handler(&b))
	log.With("with", v).WithGroup("g").Info("message", "attr", v, slog.Group("group", "inner", v))
	return b.String()
}

func marshalled(v any) string {
	b, err := json.Marshal(v)
	return fmt.Sprint(string(b), err)
}

// The scanner of this test must find what it looks for, else the test above
// proves nothing.
func TestLeaksFinds(t *testing.T) {
	raw := secretURL().Reveal()
	for _, verb := range []string{"%v", "%q", "%x", "%X"} {
		if !leaks(fmt.Sprintf(verb, raw)) {
			t.Errorf("a plain string under %s is not found", verb)
		}
	}
	if !leaks(fmt.Sprintf("%v", []byte(raw))) || !leaks(marshalled(raw)) {
		t.Error("plain bytes or JSON are not found")
	}
}

func TestURLPrintsConstant(t *testing.T) {
	u := secretURL()
	const want = "[presign.URL redacted]"
	got := []string{fmt.Sprint(u), fmt.Sprintf("%#v", &u), fmt.Sprintf("%d", u), u.String(), u.LogValue().String()}
	for _, g := range got {
		if g != want {
			t.Errorf("got %q, want %q", g, want)
		}
	}
	if got := marshalled(exported{u}); got != `{"URL":"`+want+`"}<nil>` {
		t.Errorf("JSON is %s", got)
	}
}

func TestURLKnowsItself(t *testing.T) {
	u := secretURL()
	if !strings.HasSuffix(u.Reveal(), secretQuery) || u.Method() != "GET" || u.Key() != "s/ab.md" {
		t.Error("Reveal, Method or Key differ from what was signed")
	}
	if !u.SignedAt().Equal(time.Unix(100, 0)) || !u.Until().Equal(time.Unix(200, 0)) || u.IsZero() {
		t.Error("SignedAt, Until or IsZero differ from what was signed")
	}
	if other := newURL(signed{raw: u.Reveal() + "0"}); other.Digest() == u.Digest() {
		t.Error("two URLs have one digest")
	}
}

func TestURLZero(t *testing.T) {
	var u URL
	if !u.IsZero() || u.Reveal() != "" || u.Method() != "" || u.Key() != "" || !u.Until().IsZero() || !u.SignedAt().IsZero() {
		t.Error("the zero URL has values")
	}
	if got := fmt.Sprint(u); got != redacted {
		t.Errorf("the zero URL prints %q", got)
	}
}
