package pipeline

import (
	"errors"
	"testing"

	"github.com/zdrworker/zdrworker/cmd/zdrworker/samples"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/zdr"
)

// TestDevelopmentIsLoopbackOnly: with the development policy there is no way
// to a provider or a bucket that is not on this machine. 192.0.2.1 and
// example.com are reserved for documentation (RFC 5737, RFC 2606).
func TestDevelopmentIsLoopbackOnly(t *testing.T) {
	for _, base := range []string{
		"https://api.va.landing.ai", "https://127.0.0.1:8443", "http://192.0.2.1:8080", "http://example.com", "http://localhost:8080",
		"http://127.0.0.1.example.com", "http://0.0.0.0:8080", "http://[::ffff:127.0.0.1]:8080",
	} {
		_, err := zdr.NewGuard(zdr.Policy{Development: true, Hosts: []string{base}}, &zdr.Tally{})
		if !isPolicyError(err) {
			t.Errorf("provider at %s: got %v, want a *zdr.PolicyError", base, err)
		}
	}
	guard, err := zdr.NewGuard(zdr.Policy{Development: true, Hosts: []string{nowhere}}, &zdr.Tally{})
	if err != nil {
		t.Fatal(err)
	}
	if err := guard.UseBaseURL("https://api.va.landing.ai"); err == nil {
		t.Error("the real provider was chosen under the development policy")
	}
}

// TestDevelopmentSendsNoForeignBucket: with an exchange bucket that lies
// elsewhere no pipeline is made; one that is made all the same, with a guard
// that is not told where the bucket lies, submits nothing.
func TestDevelopmentSendsNoForeignBucket(t *testing.T) {
	for _, endpoint := range []string{"", "https://192.0.2.1:9000", "https://s3.example.com"} {
		at := inMemory(t, options{})
		at.sign.Endpoint = endpoint
		s := samples.All()[0]
		r := newRig(t, at, sampleRoutes(t), adetest.Options{})
		r.put(nil, map[string][]byte{keyOf(s): s.Markdown})
		if _, err := r.open(); !isPolicyError(err) {
			t.Errorf("endpoint %q: got %v, want a *zdr.PolicyError", endpoint, err)
		}
		r.anywhere = true
		sum, _, err := r.run(r.pipeline(), keyOf(s))
		if err == nil || sum.Sealed != 0 || sum.Open != 1 {
			t.Errorf("endpoint %q: got %+v, %v", endpoint, sum, err)
		}
		// The clock is compared by a page of the list, which names nothing.
		if a := r.provider.Account(); len(a.Requests) != a.Counts[adetest.OpList] {
			t.Errorf("endpoint %q: the provider heard %v", endpoint, a.Counts)
		}
	}
}

func isPolicyError(err error) bool {
	_, ok := errors.AsType[*zdr.PolicyError](err)
	return ok
}

// TestPlainHTTPIsLoopbackOnly: a signer makes no URL over plain http for
// anything but this machine.
func TestPlainHTTPIsLoopbackOnly(t *testing.T) {
	at := inMemory(t, options{})
	for _, endpoint := range []string{"http://192.0.2.1:9000", "http://example.com", "http://127.0.0.1.example.com:9000"} {
		c := at.sign
		c.Endpoint, c.Depository = endpoint, depository{}
		if _, err := presign.New(c); err == nil {
			t.Errorf("%s was taken", endpoint)
		}
	}
}

// TestWhatIsNoDocumentIsNotSent: refused before anything is staged or signed.
func TestWhatIsNoDocumentIsNotSent(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		r := newRig(t, at, sampleRoutes(t), adetest.Options{})
		documents := map[string][]byte{
			"inbox/acme/invoice/empty.md":  nil,
			"inbox/acme/invoice/blank.md":  []byte(" \n\t\n"),
			"inbox/acme/invoice/binary.md": {0x25, 0x50, 0x44, 0x46, 0x00, 0xff, 0xfe},
			"inbox/acme/invoice/a.pdf":     []byte("%PDF-1.7"),
			"elsewhere/a.md":               []byte("# A\n"),
		}
		r.put(nil, documents)
		want := map[string]worker.Code{
			"inbox/acme/invoice/empty.md":  worker.CodeEmpty,
			"inbox/acme/invoice/blank.md":  worker.CodeEmpty,
			"inbox/acme/invoice/binary.md": worker.CodeBinary,
			"inbox/acme/invoice/a.pdf":     worker.CodeNoRoute,
			"elsewhere/a.md":               worker.CodeNoRoute,
			"inbox/acme/invoice/gone.md":   worker.CodeSourceGone,
		}
		var keys []string
		for key := range want {
			keys = append(keys, key)
		}
		sum, outcomes, err := r.run(r.pipeline(), keys...)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Sealed+sum.Open != 0 || sum.Failed != 3 || sum.Failed+sum.Refused+sum.Skipped != len(want) {
			t.Errorf("got %+v", sum)
		}
		for key, code := range want {
			if got := outcomes[key].Code; got != code {
				t.Errorf("%s: got %q, want %q", key, got, code)
			}
		}
		if n := len(r.provider.Account().Requests); n != 0 {
			t.Errorf("the provider heard %d requests", n)
		}
		if n := len(under(all(t, r.store), "failures/")); n != 3 {
			t.Errorf("%d failure objects, want one for each that no answer can be had for", n)
		}
		checkExchange(t, r)
	})
}
