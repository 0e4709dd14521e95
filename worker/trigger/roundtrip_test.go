package trigger_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker/trigger"
)

// encodings write a key as each shape does. The two of S3 differ in what they
// escape: Amazon leaves the slash and '*' as they are, others escape both.
var encodings = map[string]func(key string) []byte{
	"s3":              func(key string) []byte { return s3Message(amazonEscape(key)) },
	"s3, all escaped": func(key string) []byte { return s3Message(url.QueryEscape(key)) },
	"eventbridge":     bridgeMessage,
	"sns around s3":   func(key string) []byte { return snsMessage(s3Message(amazonEscape(key))) },
	"sns around bridge": func(key string) []byte {
		return snsMessage(bridgeMessage(key))
	},
	"minio": minioMessage,
}

// amazonEscape escapes as a Java URLEncoder does, with the slashes left.
func amazonEscape(key string) string {
	return strings.NewReplacer("%2F", "/", "%2A", "*", "~", "%7E").Replace(url.QueryEscape(key))
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

type object = map[string]any

func s3Record(source, name, key string) object {
	return object{"eventSource": source, "eventName": name, "s3": object{"bucket": object{"name": "acme-docs"}, "object": object{"key": key}}}
}

func s3Message(escaped string) []byte {
	return mustJSON(object{"Records": []object{s3Record("aws:s3", "ObjectCreated:Put", escaped)}})
}

func bridgeMessage(key string) []byte {
	return mustJSON(object{"detail-type": "Object Created", "source": "aws.s3", "detail": object{"bucket": object{"name": "acme-docs"}, "object": object{"key": key}}})
}

func snsMessage(inner []byte) []byte {
	return mustJSON(object{"Type": "Notification", "Message": string(inner)})
}

func minioMessage(key string) []byte {
	r := s3Record("minio:s3", "s3:ObjectCreated:Put", url.QueryEscape(key))
	return mustJSON(object{"EventName": "s3:ObjectCreated:Put", "Key": "acme-docs/" + key, "Records": []object{r}})
}

func checkKey(key string) error {
	for shape, encode := range encodings {
		events, err := trigger.Decode(encode(key), names)
		if err != nil || len(events) != 1 {
			return fmt.Errorf("%s: key %q: %d events, %v", shape, key, len(events), err)
		}
		if got := events[0].Key.Reveal(); got != key {
			return fmt.Errorf("%s: got %q, want %q", shape, got, key)
		}
	}
	return nil
}

// TestEveryCharacterInAKey puts every character of the first plane, and every
// seventeenth of those above, into keys of the greatest length, so that each of
// them goes through each shape.
func TestEveryCharacterInAKey(t *testing.T) {
	var key []byte
	seen := 0
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) || r > 0xffff && r%17 != 0 {
			continue
		}
		seen++
		key = utf8.AppendRune(key, r)
		if len(key) > 1020 {
			if err := checkKey(string(key)); err != nil {
				t.Fatal(err)
			}
			key = key[:0]
		}
	}
	if err := checkKey(string(key)); err != nil {
		t.Fatal(err)
	}
	if seen < 1<<16 {
		t.Errorf("only %d characters were tried", seen)
	}
}

// odd is what keys trip over: escapes of other formats, spaces, dots, signs that
// URLs, JSON and shells give a meaning.
var odd = []string{
	"+", " ", "%", "%20", "%2B", "%252F", "%zz", "&", "=", ";", "#", "?", "/", "//", "\\", "\"", "'", "<", ">", "\x00", "\n", "\r\n", "\t", "\x7f",
	"..", "./", "~", "*", "|", "{", "}", "[", "]", "^", "`", "ü", "é", "\u2028", "\u202e", "\ufeff", "\ufffd", "\uffff", "日本", "🧾", "\\u0041", "null", "acme-docs/", "o/", "s/",
}

// TestRandomKeys: any legal key comes back from any shape.
func TestRandomKeys(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 500 {
		want := 1 + random.IntN(40)
		if random.IntN(20) == 0 {
			want = 1024
		}
		var b strings.Builder
		for b.Len() < want {
			piece := odd[random.IntN(len(odd))]
			if random.IntN(2) == 0 {
				piece = string(rune('a' + random.IntN(26)))
			}
			b.WriteString(piece)
		}
		key := b.String()
		for len(key) > 1024 || !utf8.ValidString(key) {
			key = key[:len(key)-1]
		}
		if err := checkKey(key); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func TestNudgeRoundTrip(t *testing.T) {
	for _, token := range []string{"a", "-_09azAZ", strings.Repeat("x", 128)} {
		body, err := trigger.EncodeNudge(token)
		if err != nil {
			t.Fatal(err)
		}
		events, err := trigger.Decode(body, trigger.Options{})
		if err != nil || len(events) != 1 || events[0].Kind != trigger.Nudge || events[0].Token != token {
			t.Errorf("token %q: got %q, %v", token, saidAll(events), err)
		}
	}
	for _, name := range []string{"", "inbox/1.md", "a b", "ü", strings.Repeat("x", 129)} {
		if body, err := trigger.EncodeNudge(name); err == nil {
			t.Errorf("%q passes for a token: %s", name, body)
		}
	}
}
