package presign_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// depository keeps what was deposited and refuses from the n-th on.
type depository struct {
	mu     sync.Mutex
	grants []zdr.Grant
	failAt int // 1 is the first; 0 never
	err    error
}

func (d *depository) Deposit(_ context.Context, g zdr.Grant) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failAt > 0 && len(d.grants)+1 >= d.failAt {
		return d.err
	}
	d.grants = append(d.grants, g)
	return nil
}

// vault is a source of credentials that counts how often it is asked.
type vault struct {
	mu    sync.Mutex
	id    string
	lives []time.Duration // of the first, second, … credentials; the last one stays
	errs  []error         // likewise
	asked int
}

func (v *vault) Retrieve(context.Context) (aws.Credentials, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.asked
	v.asked++
	if n < len(v.errs) && v.errs[n] != nil {
		return aws.Credentials{}, v.errs[n]
	}
	c := aws.Credentials{AccessKeyID: v.id, SecretAccessKey: "secret-of-" + v.id}
	if len(v.lives) > 0 {
		life := v.lives[min(n, len(v.lives)-1)]
		c.CanExpire, c.Expires, c.SessionToken = true, time.Now().Add(life), "token+/="
	}
	return c, nil
}

func (v *vault) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked
}

func config(d presign.Depository, reader, writer aws.CredentialsProvider) presign.Config {
	return presign.Config{
		Bucket: "x7k2-9fq4", Region: "us-east-2",
		Reader: presign.Identity{Credentials: reader}, Writer: presign.Identity{Credentials: writer},
		Depository: d,
	}
}

func newSigner(t *testing.T, c presign.Config) *presign.Signer {
	t.Helper()
	s, err := presign.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var ask = presign.Ask{StagingKey: "s/ab12.md", OutboxKey: "o/ab12.json", Ref: "7f3c9a1e", Attempt: 2}

func TestSignDepositsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &depository{}
		s := newSigner(t, config(d, &vault{id: "READER"}, &vault{id: "WRITER"}))
		start := time.Now()
		p, err := s.Sign(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got != 0 {
			t.Errorf("signing took %v of waiting", got)
		}
		if !p.SignedAt.Equal(start) || !p.Until.Equal(start.Add(6*time.Hour)) || p.Limit != presign.LimitAsked {
			t.Errorf("window is %v to %v by %q", p.SignedAt, p.Until, p.Limit)
		}
		common := zdr.Grant{Ref: "7f3c9a1e", Attempt: 2, SignedAt: p.SignedAt, Until: p.Until}
		get, put := common, common
		get.Role, get.Method, get.Key, get.AccessKeyID = zdr.Reader, "GET", "s/ab12.md", "READER"
		put.Role, put.Method, put.Key, put.AccessKeyID = zdr.Writer, "PUT", "o/ab12.json", "WRITER"
		want := []zdr.Grant{zdr.GrantFor(p.Get.Reveal(), get), zdr.GrantFor(p.Put.Reveal(), put)}
		if len(d.grants) != 2 || d.grants[0] != want[0] || d.grants[1] != want[1] {
			t.Errorf("deposited %+v, want %+v", d.grants, want)
		}
		if d.grants[0].URL != p.Get.Digest() || d.grants[1].URL != p.Put.Digest() {
			t.Error("a deposited digest is not the URL's")
		}
		for _, u := range []presign.URL{p.Get, p.Put} {
			if !u.SignedAt().Equal(p.SignedAt) || !u.Until().Equal(p.Until) {
				t.Error("the two URLs do not share the window")
			}
		}
	})
}

func TestNoURLWithoutDeposit(t *testing.T) {
	cause := errors.New("disk full at /srv/acme-invoices")
	for failAt := 1; failAt <= 2; failAt++ {
		d := &depository{failAt: failAt, err: cause}
		s := newSigner(t, config(d, &vault{id: "R"}, &vault{id: "W"}))
		p, err := s.Sign(t.Context(), ask)
		if !errors.Is(err, presign.ErrDeposit) || !errors.Is(err, cause) {
			t.Errorf("deposit %d failed, the error is %v", failAt, err)
		}
		if !p.Get.IsZero() || !p.Put.IsZero() {
			t.Errorf("deposit %d failed and a URL came out", failAt)
		}
		if err != nil && strings.Contains(err.Error(), "acme") {
			t.Errorf("the error quotes the depository: %v", err)
		}
	}
	d := &depository{failAt: 1, err: cause}
	s := newSigner(t, config(d, &vault{id: "R"}, &vault{id: "W"}))
	get, err1 := s.SignGet(t.Context(), presign.Single{Key: "s/a.md"})
	put, err2 := s.SignPut(t.Context(), presign.Single{Key: "o/a.json"})
	if err1 == nil || err2 == nil || !get.IsZero() || !put.IsZero() {
		t.Error("a single URL came out without its deposit")
	}
}

func TestSignRefusesForeignKeys(t *testing.T) {
	d := &depository{}
	reader, writer := &vault{id: "R"}, &vault{id: "W"}
	s := newSigner(t, config(d, reader, writer))
	for _, key := range []string{
		"", "s/", "s", "o/a.json", "inbox/acme.md", "/s/a.md", "s//a.md", "s/../o/a.json", "s/./a.md", "s/.a",
		"s/a b.md", "s/a%2e.md", "s/a?x=1", "s/a#b", "s/ü.md", "s/a\nb", "S/a.md", "s/a/", "s/" + strings.Repeat("a", 1023),
	} {
		if u, err := s.SignGet(t.Context(), presign.Single{Key: key}); !errors.Is(err, presign.ErrKey) || !u.IsZero() {
			t.Errorf("a GET of %q is signed: %v", key, err)
		}
	}
	for _, key := range []string{"s/a.md", "o/", "oo/a.json", "o/../s/a.md"} {
		_, err := s.SignPut(t.Context(), presign.Single{Key: key, Ref: "7f3c"})
		if !errors.Is(err, presign.ErrKey) {
			t.Errorf("a PUT of %q is signed: %v", key, err)
		}
	}
	swapped := presign.Ask{StagingKey: ask.OutboxKey, OutboxKey: ask.StagingKey, Ref: ask.Ref}
	if _, err := s.Sign(t.Context(), swapped); !errors.Is(err, presign.ErrKey) || strings.Contains(err.Error(), "ab12") {
		t.Errorf("swapped keys: %v", err)
	}
	if len(d.grants) != 0 || reader.asked != 0 || writer.asked != 0 {
		t.Error("a refused key touched depository or credentials")
	}
	for _, key := range []string{"s/a", "s/ab/cd-_.md", "s/" + strings.Repeat("a", 1022)} {
		if _, err := s.SignGet(t.Context(), presign.Single{Key: key}); err != nil {
			t.Errorf("a GET of a plain key is refused: %v", err)
		}
	}
}

func TestSignUsesOwnPrefixes(t *testing.T) {
	c := config(&depository{}, &vault{id: "R"}, &vault{id: "W"})
	c.ReaderPrefix, c.WriterPrefix = "in/a/", "out/"
	s := newSigner(t, c)
	if _, err := s.Sign(t.Context(), presign.Ask{StagingKey: "in/a/x.md", OutboxKey: "out/x.json"}); err != nil {
		t.Error(err)
	}
	if _, err := s.Sign(t.Context(), ask); !errors.Is(err, presign.ErrKey) {
		t.Errorf("default prefixes still work: %v", err)
	}
	const base = "https://x7k2-9fq4.s3.us-east-2.amazonaws.com/"
	if got := s.URLPrefixes(); len(got) != 1 || got[0] != base+"out/" || s.OutboxBase() != base+"out/" || s.StagingBase() != base+"in/a/" {
		t.Errorf("bases are %q, %q, %q", got, s.OutboxBase(), s.StagingBase())
	}
}

// What a Signer says of its outbox is what a policy takes.
func TestURLPrefixesFitPolicy(t *testing.T) {
	c := config(&depository{}, &vault{id: "R"}, &vault{id: "W"})
	p := zdr.Policy{URLPrefixes: newSigner(t, c).URLPrefixes()}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	c.Endpoint = "http://127.0.0.1:9000"
	p = zdr.Policy{Development: true, Hosts: []string{"http://127.0.0.1:9001"}, URLPrefixes: newSigner(t, c).URLPrefixes()}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
}

func TestSkewShiftsSigning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config(&depository{}, &vault{id: "R"}, &vault{id: "W"})
		skew := -20 * time.Minute
		c.Skew = func() time.Duration { return skew }
		s := newSigner(t, c)
		p, err := s.Sign(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		if want := time.Now().Add(skew); !p.SignedAt.Equal(want) {
			t.Errorf("signed at %v, want %v", p.SignedAt, want)
		}
		skew = 5*time.Minute + 300*time.Millisecond
		if p, err = s.Sign(t.Context(), ask); err != nil || !p.SignedAt.Equal(time.Now().Add(5*time.Minute)) {
			t.Errorf("a new skew is not used, or not in whole seconds: %v, %v", p.SignedAt, err)
		}
	})
}

func TestSeparate(t *testing.T) {
	same, other := &vault{id: "A"}, &vault{id: "B"}
	for _, tt := range []struct {
		writer aws.CredentialsProvider
		want   bool
	}{{same, false}, {other, true}} {
		s := newSigner(t, config(&depository{}, same, tt.writer))
		if got, err := s.Separate(t.Context()); err != nil || got != tt.want {
			t.Errorf("got %v, %v, want %v", got, err, tt.want)
		}
		if _, err := s.Sign(t.Context(), ask); err != nil {
			t.Errorf("signing is refused: %v", err)
		}
	}
	broken := &vault{id: "C", errs: []error{errors.New("GET http://169.254.169.254/role/acme failed")}}
	_, err := newSigner(t, config(&depository{}, same, broken)).Separate(t.Context())
	if !errors.Is(err, presign.ErrCredentials) || strings.Contains(err.Error(), "acme") {
		t.Errorf("got %v", err)
	}
}

func TestSignIsSharable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &depository{}
		reader := &vault{id: "R", lives: []time.Duration{time.Hour, 8 * time.Hour}}
		s := newSigner(t, config(d, reader, &vault{id: "W"}))
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				if p, err := s.Sign(t.Context(), ask); err != nil || p.Until.Sub(p.SignedAt) != 6*time.Hour {
					t.Errorf("window %v, error %v", p.Until.Sub(p.SignedAt), err)
				}
			})
		}
		wg.Wait()
		if len(d.grants) != 64 || reader.count() != 2 {
			t.Errorf("%d grants and %d retrievals, want 64 and 2", len(d.grants), reader.count())
		}
	})
}
