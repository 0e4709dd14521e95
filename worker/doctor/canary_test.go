package doctor

import (
	"net/http"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
)

// signed is a canary whose URLs are signed and lead to a handler.
func signed(t *testing.T, h http.HandlerFunc, more ...string) *canary {
	t.Helper()
	x := prepared(t, served(t, h), more...)
	c := &canary{
		x: x, http: newBare(x),
		staging: worker.StagingPrefix + "CANARY.md", other: worker.StagingPrefix + "CANARY.other.md", outbox: worker.OutboxPrefix + "CANARY.json",
	}
	if !c.sign(t.Context()) {
		t.Fatal(x.found)
	}
	return c
}

// says answers everything with a status and a text.
func says(status int, text string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// TestFetch: what a bare client may find at the GET URL.
func TestFetch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   line
	}{
		{"the object", says(200, canaryText), line{"reader", OK, "fetched the staged object by its URL", "", ""}},
		{"denied", says(403, "patient Jane"), line{"reader", Fail, "does not give the staged object: HTTP 403", "s3:GetObject on s/*", Configuration}},
		{"something else", says(200, "patient Jane"), line{"reader", Fail, "does not give the staged object: HTTP 200", "s3:GetObject", Configuration}},
		{"a redirect", says(307, "", "Location", "http://127.0.0.1:1/"), line{"reader", Fail, "answered with a redirect, which the provider does not follow", "s3.region", Configuration}},
		{"somebody's metadata", says(200, canaryText, "X-Amz-Meta-Name", "patient Jane"), line{"reader", Fail, "has header x-amz-meta-*, which nobody set", "who writes metadata", Configuration}},
		{"a file name", says(200, canaryText, "Content-Disposition", "patient Jane"), line{"reader", Fail, "has header Content-Disposition", "", Configuration}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := signed(t, tt.answer)
			c.fetch(t.Context())
			expect(t, c.x.found, tt.want)
		})
	}
}

// TestDeliver: what a bare client may find at the PUT URL, and the worker then.
func TestDeliver(t *testing.T) {
	taking := func(read http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPut {
				read(w, r)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   line
	}{
		{"taken", taking(says(200, canaryJSON, "ETag", `"e"`)), line{"writer", OK, "delivered a result by its URL, and the worker read it", "", ""}},
		{"denied", says(403, "patient Jane"), line{"writer", Fail, "does not take a result: HTTP 403", "s3:PutObject on o/*", Configuration}},
		{"a redirect", says(301, "", "Location", "http://127.0.0.1:1/"), line{"writer", Fail, "answered with a redirect", "signing.endpoint", Configuration}},
		{"not to be read", taking(says(403, "<Error><Code>AccessDenied</Code></Error>")), line{"worker", Fail, "cannot read what was delivered", "let the worker s3:GetObject", Configuration}},
		{"changed on the way", taking(says(200, `{"other": 1}`, "ETag", `"e"`)), line{"worker", Fail, "cannot be read as it was sent", "settings", Configuration}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := signed(t, tt.answer)
			c.deliver(t.Context())
			expect(t, c.x.found, tt.want)
		})
	}
}

// TestAnUnreachableURLIsNoMistake of the rights.
func TestAnUnreachableURLIsNoMistake(t *testing.T) {
	c := signed(t, says(200, ""), "ZDRWORKER_SIGNING_ENDPOINT", nobody)
	c.fetch(t.Context())
	c.deliver(t.Context())
	expect(t, c.x.found,
		line{"reader", Fail, "the URL cannot be used from here: no connection", "signing.endpoint", Unreachable},
		line{"writer", Fail, "the URL cannot be used from here: no connection", "signing.endpoint", Unreachable})
}

// letting refuses all requests but the n-th, counted from 0.
func letting(n, status int) http.HandlerFunc {
	asked := -1
	return func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked != n {
			status := http.StatusForbidden
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<Error><Code>AccessDenied</Code></Error>"))
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<ListBucketResult/>"))
	}
}

// TestMisuse: each thing that a holder of a URL must not get away with.
func TestMisuse(t *testing.T) {
	tried := []string{
		"PUT by the GET URL", "DELETE by the GET URL", "GET by the PUT URL", "DELETE by the PUT URL",
		"another key by the GET URL", "another key by the PUT URL", "a listing by the GET URL", "a URL without its signature",
	}
	for n, what := range tried {
		t.Run(what, func(t *testing.T) {
			c := signed(t, letting(n, 204))
			c.misuse(t.Context())
			expect(t, c.x.found, line{"exchange", Fail, what + " is not refused: HTTP 204", "nobody but worker, reader and writer", Configuration})
		})
	}
	asked := map[string]bool{}
	c := signed(t, func(w http.ResponseWriter, r *http.Request) {
		asked[r.Method+" "+strings.TrimPrefix(r.URL.Path, "/x7k2-9fq4/")+" "+map[bool]string{true: "signed"}[r.URL.Query().Has("X-Amz-Signature")]] = true
		w.WriteHeader(http.StatusForbidden)
	})
	c.misuse(t.Context())
	expect(t, c.x.found, line{"exchange", OK, "another method, another key, a listing and no signature are refused", "", ""})
	for _, want := range []string{
		"PUT s/CANARY.md signed", "DELETE s/CANARY.md signed", "GET o/CANARY.json signed", "DELETE o/CANARY.json signed",
		"GET s/CANARY.other.md signed", "PUT s/CANARY.other.md signed", "GET  signed", "GET s/CANARY.md ",
	} {
		if !asked[want] {
			t.Errorf("not tried: %s, of %v", want, asked)
		}
	}
}

// TestRights: what each signer must not be able to do, by what it is let do: three
// requests by URLs, then a listing of each bucket.
func TestRights(t *testing.T) {
	rest := line{"writer", OK, "may do nothing else that was tried", "", ""}
	for n, saw := range []string{"may read what was delivered", "may write a result", "may write a document", "may list the exchange bucket", "may list the store bucket"} {
		t.Run(saw, func(t *testing.T) {
			c := signed(t, letting(n, 200))
			c.rights(t.Context())
			expect(t, c.x.found, line{"reader", Fail, saw, "let the reader GET s/* and nothing else", Configuration}, rest)
		})
	}
	for n, saw := range []string{"may read a document", "may read what was delivered", "may write a document"} {
		t.Run("the writer "+saw, func(t *testing.T) {
			c := signed(t, letting(5+n, 200))
			c.rights(t.Context())
			expect(t, c.x.found, line{"reader", OK, "may do nothing else", "", ""}, line{"writer", Fail, saw, "let the writer PUT o/* and nothing else", Configuration})
		})
	}
	t.Run("an answer that says neither", func(t *testing.T) {
		c := signed(t, letting(0, 404))
		c.rights(t.Context())
		expect(t, c.x.found, line{"reader", Unknown, "whether it may read what was delivered cannot be told: HTTP 404", "", ""}, rest)
	})
	t.Run("one identity", func(t *testing.T) {
		c := signed(t, letting(-1, 200), "ZDRWORKER_SIGNING_WRITER_PREFIX", "READING")
		c.rights(t.Context())
		expect(t, c.x.found, line{"writer", Warn, "one identity signs both", "identities of their own", ""})
	})
}

// TestCanaryStopsWhereItCannotStage, and says who lacks what.
func TestCanaryStopsWhereItCannotStage(t *testing.T) {
	x := prepared(t, saying(t, map[string]string{"": denied, "x-id=PutObject": denied, "versions": denied, "uploads": denied, "delete": denied, "x-id=DeleteObject": denied}))
	lookAtCanary(t.Context(), x)
	if len(x.found) == 0 {
		t.Fatal("nothing was said")
	}
	expect(t, x.found[:1], line{"worker", Fail, "cannot stage", "s3:PutObject in the exchange bucket", Configuration})
	for _, f := range x.found {
		if f.Of != "worker" {
			t.Errorf("the canary went on: %+v", f)
		}
	}
}
