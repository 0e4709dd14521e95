package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Sender puts nudges of ours into a queue, so that the whole fleet shares what
// one sweep found. *SQS and *NATS are senders.
type Sender interface {
	// Send queues one nudge a token. After an error some may have been queued:
	// sending all again does no harm.
	Send(ctx context.Context, tokens ...string) error
}

// nudgeVersion is the format of our own messages.
const nudgeVersion = 1

// maxToken is the longest token, in bytes.
const maxToken = 128

// nudge is a message of ours. It has room for a token and for nothing else, so
// that no name can get into a queue.
type nudge struct {
	Version int    `json:"zdr"`
	Token   string `json:"token"`
}

// EncodeNudge makes the message that Decode gives back as a Nudge. It is an
// error when the token is not of 1 to 128 letters, digits, '-' and '_': a name
// of a document must not pass for one.
func EncodeNudge(token string) ([]byte, error) {
	if !isToken(token) {
		return nil, fmt.Errorf("trigger: encode nudge: %w", errNoToken)
	}
	return json.Marshal(nudge{nudgeVersion, token})
}

var errNoToken = errors.New("not a token")

func decodeNudge(f fields) ([]Event, error) {
	var version int
	if json.Unmarshal(f["zdr"], &version) != nil {
		return nil, refuse(ReasonField)
	}
	if version != nudgeVersion {
		return nil, refuse(ReasonVersion)
	}
	token := f.text("token")
	if len(f) != 2 || !isToken(token) {
		return nil, refuse(ReasonField)
	}
	return []Event{{Kind: Nudge, Token: token}}, nil
}

// isToken reports whether s is of base64url's letters.
func isToken(s string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// nudges encodes all tokens or none.
func nudges(tokens []string) ([][]byte, error) {
	bodies := make([][]byte, 0, len(tokens))
	for _, t := range tokens {
		b, err := EncodeNudge(t)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, b)
	}
	return bodies, nil
}
