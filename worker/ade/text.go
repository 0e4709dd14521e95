package ade

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxText bounds what is kept of a provider's error text, in bytes. A schema
// violation quotes whole schemas.
const maxText = 16 << 10

// readText finds what an error reply says. The provider has no one shape: a
// create answers {"error": …}, a get {"message": …}, its framework
// {"detail": [{"loc": …, "msg": …}]} and its business rules sometimes
// {"detail": "…"}; a gateway in front of it answers anything. The members are
// tried in the order that the vendor's own command line uses: message, detail,
// error; then the raw body.
func readText(body []byte) string {
	if o, ok := readObject(body); ok {
		for _, name := range []string{"message", "detail", "error"} {
			if said := speak(o[name], 0); said != "" {
				return cut(said)
			}
		}
		if len(o) == 0 {
			return ""
		}
	}
	return cut(strings.TrimSpace(string(body)))
}

// speak makes one line of a string, a list of findings or an object that holds
// one. A finding's "input" is left out: it repeats what was sent.
func speak(raw json.RawMessage, depth int) string {
	if len(raw) == 0 || depth > 4 {
		return ""
	}
	switch raw[0] {
	case '"':
		return strings.TrimSpace(asString(raw))
	case '[':
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items) // the guard or readObject has parsed it
		return speakAll(items, depth+1)
	case '{':
		o, _ := readObject(raw)
		return speakFinding(o, depth+1)
	}
	return ""
}

func speakAll(items []json.RawMessage, depth int) string {
	var said []string
	for _, item := range items {
		if s := speak(item, depth); s != "" {
			said = append(said, s)
		}
	}
	return strings.Join(said, "; ")
}

// speakFinding reads FastAPI's {"loc": ["body","schema"], "msg": "…"} and
// objects that carry their text one level further down.
func speakFinding(o object, depth int) string {
	for _, name := range []string{"msg", "message", "detail", "error"} {
		said := speak(o[name], depth)
		if said == "" {
			continue
		}
		if at := speakPlace(o["loc"]); at != "" {
			return at + ": " + said
		}
		return said
	}
	return ""
}

// speakPlace writes a location of names and indices as body.schema.0.
func speakPlace(raw json.RawMessage) string {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return ""
	}
	var at []string
	for _, item := range items {
		if s := asString(item); s != "" {
			at = append(at, s)
		} else if n, ok := asNumber(item); ok {
			at = append(at, strconv.FormatInt(int64(n), 10))
		}
	}
	return strings.Join(at, ".")
}

// cut keeps the head of a long text, in whole characters.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// saysUnreachable reads a 400 that blames the URL which was to be fetched. The
// known wording is "Failed to download document from URL"; that of extract
// jobs is not published, so that near wordings count as well. Its ZDR and
// schema refusals, which name output_save_url and markdown_url too, do not
// speak of a failed fetch.
func saysUnreachable(said string) bool {
	s := strings.ToLower(said)
	if strings.Contains(s, "unreachable") || strings.Contains(s, "not reachable") || strings.Contains(s, "inaccessible") {
		return true
	}
	return containsAny(s, "fail", "could not", "couldn't", "cannot", "can't", "unable", "error", "timed out") &&
		containsAny(s, "download", "fetch", "retriev", "reach", "access", "load") &&
		containsAny(s, "url", "document", "markdown", "link", "host")
}

func containsAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
