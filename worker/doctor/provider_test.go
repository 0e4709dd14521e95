package doctor

import (
	"net/http"
	"strings"
	"testing"
)

// TestProvider: whose fault it is, by what the provider answers.
func TestProvider(t *testing.T) {
	answering := func(status int, body string) string {
		return served(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer key-of-nobody" {
				t.Errorf("%s %s comes without the key", r.Method, r.URL.Path)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	const none = `{"jobs":[],"has_more":false}`
	for _, tt := range []struct {
		name    string
		address string
		more    []string
		want    line
	}{
		{"fine", answering(200, none), nil, line{"", OK, "answers, and accepts the key", "", ""}},
		{"refuses the key", answering(401, `{"detail":"patient Jane"}`), nil, line{"", Fail, "refused the API key", "a key that the provider accepts", Provider}},
		{"no credits", answering(402, `{"detail":"patient Jane"}`), nil, line{"", Fail, "status 402", "buy credits", Provider}},
		{"another account's", answering(403, `{"detail":"patient Jane"}`), nil, line{"", Fail, "status 403", "of this region and this account", Provider}},
		{"busy", answering(429, `{"detail":"patient Jane"}`), nil, line{"", Warn, "status 429", "asks to slow down", ""}},
		{"broken", answering(500, `{"detail":"patient Jane"}`), nil, line{"", Fail, "status 500", "try again", Unreachable}},
		{"content", answering(200, `{"jobs":[{"job_id":"j","status":"completed","progress":1,"received_at":1,"markdown":"patient Jane"}],"has_more":false}`), nil, line{"", Fail, "", "who answers for data protection", Violation}},
		{"away", nobody, nil, line{"", Fail, "", "check network", Unreachable}},
		{"without a key", answering(200, none), []string{"VISION_AGENT_API_KEY", ""}, line{"", Fail, "no API key", "VISION_AGENT_API_KEY", Configuration}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := prepared(t, tt.address, tt.more...)
			lookAtProvider(t.Context(), x)
			expect(t, x.found, tt.want)
			if strings.Contains(x.found[0].Saw, "key-of-nobody") {
				t.Error("the key is shown")
			}
		})
	}
}

// TestRetentionIsNeverCalledFine where it is somebody else's.
func TestRetentionIsNeverCalledFine(t *testing.T) {
	x := checkupOf(t, at(nobody))
	lookAtRetention(t.Context(), x)
	expect(t, x.found, line{"", OK, "nothing leaves this machine", "", ""})
	x = checkupOf(t, "version: 1\n")
	lookAtRetention(t.Context(), x)
	expect(t, x.found, line{"", Unknown, "whether zero data retention is on", "confirm it in writing", ""})
}
