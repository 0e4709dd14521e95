package ade

import (
	"errors"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

// A client that lacks something says what, and does not panic.
func TestClientsThatLackSomething(t *testing.T) {
	guard, err := zdr.NewGuard(zdr.Policy{}, &zdr.Tally{})
	if err != nil {
		t.Fatal(err)
	}
	key := zdr.NewAPIKey("key-1")
	for name, c := range map[string]*Client{
		"there is no guard":   New(nil, key),
		"there is no API key": New(guard, zdr.APIKey{}),
	} {
		check(t, name, c)
	}
	check(t, "there is no guard", &Client{})
	check(t, "there is no API key", NewWithKey(guard, nil))
}

func check(t *testing.T, lacks string, c *Client) {
	t.Helper()
	_, listed := c.ExtractJobs(t.Context(), ListOptions{})
	_, parsed := c.ParseJobs(t.Context(), ListOptions{})
	for _, err := range []error{listed, parsed} {
		if !errors.Is(err, ErrNotSent) || !strings.HasSuffix(err.Error(), lacks) {
			t.Errorf("got %v, want %q", err, lacks)
		}
	}
}
