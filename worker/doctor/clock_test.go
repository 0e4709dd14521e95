package doctor

import (
	"net/http"
	"testing"
	"time"
)

func TestSkew(t *testing.T) {
	const ntp = "set this machine's clock by NTP"
	for _, tt := range []struct {
		name string
		off  time.Duration
		want line
	}{
		{"none", 0, line{status: OK, saw: "no difference to the store's clock that could be measured"}},
		{"a little", 20 * time.Second, line{status: OK, saw: "20s off the store's clock"}},
		{"as much as is allowed for", 30 * time.Second, line{status: OK, saw: "30s off"}},
		{"more", 31 * time.Second, line{status: Warn, saw: "31s off the store's clock, more than timing.clock_skew", do: ntp}},
		{"more, behind", -31 * time.Second, line{status: Warn, saw: "31s off", do: ntp}},
		{"nearly what S3 refuses", 13*time.Minute + 59*time.Second, line{status: Warn, saw: "13m59s off", do: ntp}},
		{"what S3 refuses", 14 * time.Minute, line{status: Fail, saw: "14m0s off the store's clock; S3 refuses signatures from 15 minutes", do: ntp, cause: Configuration}},
		{"what S3 refuses, behind", -2 * time.Hour, line{status: Fail, saw: "2h0m0s off", do: ntp, cause: Configuration}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := checkupOf(t, at(nobody))
			x.skew(tt.off)
			expect(t, x.found, tt.want)
		})
	}
}

// TestTheClockIsReadFromAnyAnswer, a refusal too; and an answer without a date
// says nothing.
func TestTheClockIsReadFromAnyAnswer(t *testing.T) {
	dated := func(d time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusForbidden)
		}
	}
	for name, tt := range map[string]struct {
		address string
		want    line
	}{
		"the same":    {served(t, dated(0)), line{status: OK, saw: "off"}},
		"ahead":       {served(t, dated(20*time.Minute)), line{status: Fail, saw: "S3 refuses", do: "NTP", cause: Configuration}},
		"behind":      {served(t, dated(-20*time.Minute)), line{status: Fail, saw: "S3 refuses", do: "NTP", cause: Configuration}},
		"without one": {served(t, func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil }), line{status: Unknown, saw: "has no date", do: "yourself"}},
		"no answer":   {nobody, line{status: Unknown, saw: "cannot be told: no connection", do: "yourself"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := prepared(t, tt.address)
			lookAtClock(t.Context(), x)
			if name == "the same" { // a busy machine measures something or nothing
				tt.want.saw = x.found[0].Saw
			}
			expect(t, x.found, tt.want)
		})
	}
}
