package presign

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestLimitsUntil(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		name   string
		limits Limits
		want   time.Duration
		binds  Limit
	}{
		{"zero value", Limits{}, 6 * time.Hour, LimitAsked},
		{"asked", Limits{Asked: 2 * time.Hour}, 2 * time.Hour, LimitAsked},
		{"asked over the default policy", Limits{Asked: 13 * time.Hour}, 12 * time.Hour, LimitPolicy},
		{"policy", Limits{Asked: 6 * time.Hour, Policy: time.Hour}, time.Hour, LimitPolicy},
		{"asked equals policy", Limits{Asked: time.Hour, Policy: time.Hour}, time.Hour, LimitAsked},
		{"signature age", Limits{SignatureAge: 90 * time.Minute}, 90 * time.Minute, LimitSignatureAge},
		{"signature age above the rest", Limits{SignatureAge: 7 * time.Hour}, 6 * time.Hour, LimitAsked},
		{"seven days", Limits{Asked: 9 * day, Policy: 8 * day}, 7 * day, LimitSigV4},
		{"exactly seven days", Limits{Asked: 7 * day, Policy: 8 * day}, 7 * day, LimitAsked},
		{"credentials", Limits{CredentialsEnd: noon.Add(time.Hour)}, 59 * time.Minute, LimitCredentials},
		{"credentials with a safety of their own", Limits{CredentialsEnd: noon.Add(time.Hour), Safety: 10 * time.Minute}, 50 * time.Minute, LimitCredentials},
		{"credentials that outlive all", Limits{CredentialsEnd: noon.Add(day)}, 6 * time.Hour, LimitAsked},
		{"credentials just long enough", Limits{CredentialsEnd: noon.Add(6*time.Hour + time.Minute)}, 6 * time.Hour, LimitAsked},
		{"parts of a second are cut", Limits{Asked: 90*time.Second + 999*time.Millisecond}, 90 * time.Second, LimitAsked},
		{"least lives met to the second", Limits{Asked: time.Hour, ProviderMinimum: time.Hour, JobTime: time.Hour}, time.Hour, LimitAsked},
		{
			"all at once",
			Limits{
				Asked: 6 * time.Hour, Policy: 5 * time.Hour, SignatureAge: 4 * time.Hour, CredentialsEnd: noon.Add(3 * time.Hour),
				ProviderMinimum: 15 * time.Minute, JobTime: time.Hour,
			},
			3*time.Hour - time.Minute, LimitCredentials,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, binds, err := tt.limits.Until(noon.Add(700 * time.Millisecond))
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if !got.Equal(noon.Add(tt.want)) || binds != tt.binds {
				t.Errorf("got %v by %q, want %v by %q", got.Sub(noon), binds, tt.want, tt.binds)
			}
		})
	}
}

func TestLimitsTooShort(t *testing.T) {
	tests := []struct {
		name        string
		limits      Limits
		limit, for_ Limit
		have, need  time.Duration
		advice      string
	}{
		{"asked", Limits{Asked: time.Hour, JobTime: 2 * time.Hour}, LimitAsked, LimitJob, time.Hour, 2 * time.Hour, "signing.lifetime"},
		{"policy", Limits{Policy: time.Hour, JobTime: 2 * time.Hour}, LimitPolicy, LimitJob, time.Hour, 2 * time.Hour, "max_url_lifetime"},
		{"signature age", Limits{SignatureAge: 10 * time.Minute, ProviderMinimum: ProviderMinimum(100)}, LimitSignatureAge, LimitProvider, 10 * time.Minute, 20 * time.Minute, "s3:signatureAge"},
		{"credentials", Limits{CredentialsEnd: noon.Add(30 * time.Minute), JobTime: time.Hour}, LimitCredentials, LimitJob, 29 * time.Minute, time.Hour, "Pod Identity"},
		{"credentials over", Limits{CredentialsEnd: noon.Add(-time.Hour)}, LimitCredentials, LimitJob, 0, time.Second, "SSO"},
		{"credentials over within the safety", Limits{CredentialsEnd: noon.Add(time.Minute)}, LimitCredentials, LimitJob, 0, time.Second, "IRSA"},
		{"seven days", Limits{Asked: 300 * time.Hour, Policy: 300 * time.Hour, JobTime: 200 * time.Hour}, LimitSigV4, LimitJob, 168 * time.Hour, 200 * time.Hour, "split"},
		{"the larger need counts", Limits{Asked: time.Minute, JobTime: time.Hour, ProviderMinimum: 2 * time.Hour}, LimitAsked, LimitProvider, time.Minute, 2 * time.Hour, "signing.lifetime"},
		{"a need is rounded up", Limits{Asked: time.Minute, JobTime: time.Minute + 1}, LimitAsked, LimitJob, time.Minute, 61 * time.Second, "signing.lifetime"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			until, _, err := tt.limits.Until(noon)
			short, ok := errors.AsType[*TooShort](err)
			if !ok || !until.IsZero() {
				t.Fatalf("got %v and error %v, want a *TooShort", until, err)
			}
			if short.Limit != tt.limit || short.For != tt.for_ || short.Have != tt.have || short.Need != tt.need {
				t.Errorf("got %+v, want limit %q for %q, have %v, need %v", *short, tt.limit, tt.for_, tt.have, tt.need)
			}
			for _, part := range []string{string(tt.limit), string(tt.for_), tt.need.String(), tt.advice} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestProviderMinimum(t *testing.T) {
	for pages, want := range map[int]time.Duration{-1: 15 * time.Minute, 0: 15 * time.Minute, 20: 16 * time.Minute} {
		if got := ProviderMinimum(pages); got != want {
			t.Errorf("ProviderMinimum(%d) is %v, want %v", pages, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	tests := []struct {
		name           string
		date           time.Time
		sent, received time.Time
		want           time.Duration
	}{
		{"in step", noon, noon, noon.Add(time.Second), 0},
		{"within a second's cut", noon.Add(-time.Second), noon, noon, 0},
		{"local clock slow", noon.Add(10 * time.Minute), noon, noon.Add(time.Second), 10 * time.Minute},
		{"local clock fast", noon.Add(-10 * time.Minute), noon, noon.Add(time.Second), -10 * time.Minute},
		{"a slow answer proves little", noon.Add(20 * time.Second), noon, noon.Add(time.Minute), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Clock
			c.Observe(tt.date, tt.sent, tt.received)
			if got := c.Skew(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	var c Clock
	c.Observe(noon.Add(time.Hour), noon, noon)
	c.Observe(time.Time{}, noon, noon)
	c.Observe(noon, noon, noon.Add(-time.Second))
	if got := c.Skew(); got < 59*time.Minute {
		t.Errorf("an answer without a date, or out of order, changed the skew to %v", got)
	}
}
