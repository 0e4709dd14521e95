package doctor

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWhyThereWasNoAnswer, without the URL, whose query is a signature.
func TestWhyThereWasNoAnswer(t *testing.T) {
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	slow := served(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	cut := served(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("x"))
	})
	for name, tt := range map[string]struct{ address, want string }{
		"refused":     {nobody, "no connection"},
		"no address":  {"http://host.invalid", "its host has no address"},
		"untrusted":   {untrusted.URL, "its certificate is not trusted"},
		"slow":        {slow, "no answer in time"},
		"cut off":     {cut, "the answer was cut off"},
		"no request":  {"http://%zz", "it makes no request"},
		"not its own": {"ftp://127.0.0.1", "no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if name == "slow" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Second)
				defer cancel()
			}
			_, why := newBare(checkupOf(t, at(nobody))).send(ctx, http.MethodGet, tt.address+"/k?X-Amz-Signature=0", "")
			if why != tt.want || strings.Contains(why, "Signature") {
				t.Errorf("got %q, want %q", why, tt.want)
			}
		})
	}
}

// TestTheBundleIsTrusted, as the worker trusts it.
func TestTheBundleIsTrusted(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	r, why := newBare(checkupOf(t, at(nobody), "ZDRWORKER_CA_BUNDLE", file)).send(t.Context(), http.MethodGet, s.URL, "")
	if why != "" || r.status != http.StatusNotFound {
		t.Errorf("%d %q", r.status, why)
	}
}

// TestBareKnowsNothing: it follows no redirect, and sends what it is given only.
func TestBareKnowsNothing(t *testing.T) {
	address := served(t, func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); r.Method != http.MethodPut || string(body) != "text" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s with %q", r.Method, body)
		}
		w.Header().Set("X-Amz-Meta-Name", "patient Jane")
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
	})
	r, why := newBare(checkupOf(t, at(nobody))).send(t.Context(), http.MethodPut, address, "text")
	if why != "" || r.status != http.StatusTemporaryRedirect || r.named != "x-amz-meta-*" || r.date.IsZero() {
		t.Errorf("%+v %q", r, why)
	}
}

func TestTelling(t *testing.T) {
	for header, want := range map[string]string{"X-Amz-Meta-Anything": "x-amz-meta-*", "Content-Disposition": "Content-Disposition", "X-Amz-Tagging-Count": "X-Amz-Tagging-Count", "Etag": ""} {
		if got := telling(http.Header{header: {"v"}}); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if got := inOurWords(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}); got != "no answer in time" {
		t.Error(got)
	}
}
