package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/trigger/natstest"
)

// queue answers as SQS does, with attributes or with an error's code.
func queue(t *testing.T, status int, says any) string {
	return served(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if r.Header.Get("X-Amz-Target") != "AmazonSQS.GetQueueAttributes" {
			t.Errorf("the queue is asked for %s", r.Header.Get("X-Amz-Target"))
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(says)
	}) + "/111122223333/x7k2-nudges"
}

func TestSQS(t *testing.T) {
	has := func(pairs ...string) map[string]any {
		attributes := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			attributes[pairs[i]] = pairs[i+1]
		}
		return map[string]any{"Attributes": attributes}
	}
	refuses := func(code string) map[string]any {
		return map[string]any{"__type": "com.amazonaws.sqs#" + code, "message": "patient Jane"}
	}
	for _, tt := range []struct {
		name    string
		address string
		want    line
	}{
		{"as it should be", queue(t, 200, has("RedrivePolicy", "{}", "KmsMasterKeyId", "k")), line{status: OK, saw: "answers, is encrypted, and has a dead-letter queue"}},
		{"with SQS's own key", queue(t, 200, has("RedrivePolicy", "{}", "SqsManagedSseEnabled", "true")), line{status: OK, saw: "is encrypted"}},
		{"plain", queue(t, 200, has("RedrivePolicy", "{}", "SqsManagedSseEnabled", "false")), line{status: Warn, saw: "is not encrypted: its messages hold names of documents", do: "a key that S3 may use"}},
		{"without dead letters", queue(t, 200, has("KmsMasterKeyId", "k")), line{status: Warn, saw: "has no dead-letter queue", do: "redrive policy"}},
		{"denied", queue(t, 403, refuses("AccessDeniedException")), line{status: Unknown, saw: "these credentials may not ask", do: "sqs:GetQueueAttributes"}},
		{"not there", queue(t, 400, refuses("QueueDoesNotExist")), line{status: Fail, saw: "does not exist, or is not these credentials'", do: "check sources.sqs", cause: Configuration}},
		{"broken", queue(t, 500, refuses("InternalError")), line{status: Fail, saw: "does not answer", do: "try again", cause: Unreachable}},
		{"away", nobody + "/111122223333/x7k2-nudges", line{status: Fail, saw: "does not answer", do: "try again", cause: Unreachable}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			x := checkupOf(t, at(nobody)+"sources: [{sqs: \""+tt.address+"\"}]\n")
			lookAtSources(t.Context(), x)
			tt.want.of = "sqs"
			expect(t, x.found, tt.want)
		})
	}
}

func TestNATS(t *testing.T) {
	s := natstest.Start(t, "EVENTS", "x")
	for _, tt := range []struct {
		name, url, stream string
		want              line
	}{
		{"there", s.URL, "EVENTS", line{"nats", OK, "the stream is there", "", ""}},
		{"no such stream", s.URL, "NONE", line{"nats", Fail, "the stream does not exist", "make it", Configuration}},
		{"away", "nats://127.0.0.1:1", "EVENTS", line{"nats", Fail, "NATS does not answer", "check network", Unreachable}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := checkupOf(t, at(nobody)+"sources: [{nats: {url: \""+tt.url+"\", stream: "+tt.stream+"}}]\n")
			x.o.Timeout = 11 * time.Minute
			ctx := t.Context()
			if tt.want.cause == Unreachable { // nobody comes, however long it is waited
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
				defer cancel()
			}
			lookAtSources(ctx, x)
			expect(t, x.found, tt.want)
		})
	}
}

func TestWebhook(t *testing.T) {
	const token = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f"
	for name, tt := range map[string]struct {
		text string
		want line
	}{
		"a token":     {token + "\n", line{"webhook", Unknown, "whether the sender reaches the address and knows the token cannot be told", "zdrworker_trigger_messages_total", ""}},
		"empty":       {" \n", line{"webhook", Fail, "cannot be read, or is empty", "openssl rand", Configuration}},
		"no such one": {"", line{"webhook", Fail, "cannot be read, or is empty", "openssl rand", Configuration}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "tokens")
			if tt.text != "" {
				if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			x := checkupOf(t, at(nobody)+"sources: [{webhook: {address: \"127.0.0.1:0\", token_file: \""+filepath.ToSlash(file)+"\"}}]\n")
			lookAtSources(t.Context(), x)
			expect(t, x.found, tt.want)
		})
	}
}

func TestNoSource(t *testing.T) {
	x := checkupOf(t, at(nobody))
	lookAtSources(t.Context(), x)
	expect(t, x.found, line{status: OK, saw: "for commands that are given documents"})
}
