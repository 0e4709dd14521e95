package adetest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// bearer is the form of a key: RFC 6750's b64token.
var bearer = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// authenticate gives the key of a request, or the 401 that it gets. It comes
// before everything else, because it is the platform's and not the API's.
func (p *Provider) authenticate(r *http.Request) (string, *reply) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	key = strings.TrimSpace(key)
	text := ""
	switch {
	case !strings.EqualFold(scheme, "Bearer") || !bearer.MatchString(key):
		text = textKeyFormat
	case len(p.o.Keys) > 0 && !slices.Contains(p.o.Keys, key):
		text = textKey
	default:
		return key, nil
	}
	refusal := jsonReply(http.StatusUnauthorized, map[string]any{"error": text})
	return "", &refusal
}
