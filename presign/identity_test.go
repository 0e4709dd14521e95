package presign_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/presign"
)

func hours(h ...float64) []time.Duration {
	d := make([]time.Duration, len(h))
	for i := range h {
		d[i] = time.Duration(h[i] * float64(time.Hour))
	}
	return d
}

// Credentials that end too early are asked for once more before the window is
// computed, and the better ones are used.
func TestCredentialsAreRenewedFirst(t *testing.T) {
	broken := errors.New("operation error STS, https://sts.example.com/acme")
	tests := []struct {
		name  string
		vault *vault
		need  time.Duration
		asked int
		want  time.Duration // of the window; 0 is a refusal
		binds presign.Limit
	}{
		{"never end", &vault{}, 0, 1, 6 * time.Hour, presign.LimitAsked},
		{"long enough", &vault{lives: hours(7)}, 0, 1, 6 * time.Hour, presign.LimitAsked},
		{"renewal helps", &vault{lives: hours(1, 8)}, 0, 2, 6 * time.Hour, presign.LimitAsked},
		{"renewal helps a little", &vault{lives: hours(1, 2)}, 0, 2, 2*time.Hour - time.Minute, presign.LimitCredentials},
		{"renewal brings the same", &vault{lives: hours(1)}, 0, 2, time.Hour - time.Minute, presign.LimitCredentials},
		{"renewal brings less", &vault{lives: hours(2, 1)}, 0, 2, 2*time.Hour - time.Minute, presign.LimitCredentials},
		{"renewal fails, the old ones do", &vault{lives: hours(2), errs: []error{nil, broken}}, time.Hour, 2, 2*time.Hour - time.Minute, presign.LimitCredentials},
		{"renewal never helps enough", &vault{lives: hours(0.5)}, time.Hour, 2, 0, presign.LimitCredentials},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &depository{}
				tt.vault.id = "R"
				s := newSigner(t, config(d, tt.vault, &vault{id: "W"}))
				a := ask
				a.Need = tt.need
				p, err := s.Sign(t.Context(), a)
				if got := tt.vault.count(); got != tt.asked {
					t.Errorf("the source was asked %d times, want %d", got, tt.asked)
				}
				if tt.want == 0 {
					wantTooShort(t, err, "reader", d)
					return
				}
				if err != nil || p.Until.Sub(p.SignedAt) != tt.want || p.Limit != tt.binds {
					t.Errorf("got %v by %q, %v; want %v by %q", p.Until.Sub(p.SignedAt), p.Limit, err, tt.want, tt.binds)
				}
			})
		})
	}
}

func wantTooShort(t *testing.T, err error, who string, d *depository) {
	t.Helper()
	short, ok := errors.AsType[*presign.TooShort](err)
	if !ok || short.Limit != presign.LimitCredentials || short.Who != who {
		t.Errorf("got %v, want a *TooShort by the credentials of the %s", err, who)
	}
	if len(d.grants) != 0 {
		t.Error("something was signed")
	}
}

// Both URLs end with the identity that ends first, and a refusal names it.
func TestWindowIsTheShorterIdentitys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &depository{}
		s := newSigner(t, config(d, &vault{id: "R", lives: hours(5)}, &vault{id: "W", lives: hours(3)}))
		p, err := s.Sign(t.Context(), ask)
		if err != nil || p.Get.Until() != p.Put.Until() || p.Until.Sub(p.SignedAt) != 3*time.Hour-time.Minute {
			t.Errorf("got %v, %v", p.Until.Sub(p.SignedAt), err)
		}
		d.grants = nil
		a := ask
		a.Need = 4 * time.Hour
		_, err = s.Sign(t.Context(), a)
		wantTooShort(t, err, "writer", d)
	})
}

// A platform that never gives longer credentials is asked once a minute, not
// at every signature; a job that needs longer ones asks at once.
func TestRenewalIsNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{id: "R", lives: hours(1)}
		s := newSigner(t, config(&depository{}, v, &vault{id: "W"}))
		sign := func(need time.Duration) {
			t.Helper()
			a := ask
			a.Need = need
			if _, err := s.Sign(t.Context(), a); err != nil {
				t.Error(err)
			}
		}
		for range 10 {
			sign(time.Minute)
		}
		if v.count() != 2 {
			t.Errorf("ten signatures asked %d times, want 2", v.count())
		}
		time.Sleep(30 * time.Second)
		sign(time.Minute)
		sign(59*time.Minute - 15*time.Second)
		if v.count() != 3 {
			t.Errorf("a job in need of fresh credentials: asked %d times, want 3", v.count())
		}
		time.Sleep(time.Minute)
		sign(time.Minute)
		if v.count() != 4 {
			t.Errorf("after a minute: asked %d times, want 4", v.count())
		}
	})
}

// What a source of credentials says quotes roles and endpoints: it stays here.
func TestCredentialErrorsAreClassesOnly(t *testing.T) {
	quoting := errors.New("operation error STS: AssumeRole, https://sts.example.com/role/acme-invoices")
	tests := map[string]*vault{
		"at once":          {errs: []error{quoting}},
		"at renewal":       {lives: hours(0.1), errs: []error{nil, quoting}},
		"keys are missing": nil,
	}
	for name, v := range tests {
		t.Run(name, func(t *testing.T) {
			d := &depository{}
			var reader aws.CredentialsProvider = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, nil
			})
			if v != nil {
				v.id, reader = "R", v
			}
			a := ask
			a.Need = time.Hour
			_, err := newSigner(t, config(d, reader, &vault{id: "W"})).Sign(t.Context(), a)
			if !errors.Is(err, presign.ErrCredentials) || errors.Is(err, quoting) || strings.Contains(err.Error(), "acme") {
				t.Errorf("got %v", err)
			}
			if want := "presign: sign for 7f3c9a1e: no usable credentials"; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
			if len(d.grants) != 0 {
				t.Error("something was signed")
			}
		})
	}
}

func TestSignStopsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			<-ctx.Done()
			return aws.Credentials{}, ctx.Err()
		})
		s := newSigner(t, config(&depository{}, aws.NewCredentialsCache(&vault{id: "R"}), lone{stuck}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Sign(ctx, ask); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// lone is a source that brings its own, useless, Invalidate.
type lone struct{ aws.CredentialsProvider }

func (lone) Invalidate() {}
