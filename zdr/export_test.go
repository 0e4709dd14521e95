package zdr

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// RoundTripForTest sends a GET through the guard's own transport.
func RoundTripForTest(p Policy, url string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := newTransport(p).RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// IsTLSForTest is how the guard classes an error.
func IsTLSForTest(err error) bool { return isTLS(err) }

// IsAddressForTest reports whether a dial was not allowed.
func IsAddressForTest(err error) bool { return errors.Is(err, errAddress) }

// DialsForTest reports whether the transport would dial an address.
func DialsForTest(p Policy, address string) bool {
	return p.control(context.Background(), "tcp", address, nil) == nil
}

// GuardResolvingForTest makes a guard for which every name leads to address.
func GuardResolvingForTest(p Policy, r Recorder, address string) (*Guard, error) {
	t := newTransport(p)
	t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return newDialer(p).DialContext(ctx, network, address)
	}
	return newGuard(t, true, p, r)
}

// GrantsForTest is the number of grants and outboxes that a guard remembers.
func GrantsForTest(g *Guard) int { return len(g.grants.grants) + len(g.grants.outboxes) }

// ParseFormForTest reads a body as the guard does and writes it again.
func ParseFormForTest(body []byte) (again []byte, ok bool) {
	fields, ok := parseForm(body)
	return encodeForm(fields), ok
}

// HoldForTest reads a reply of an operation as the guard does. Ours tells
// whether a URL is an outbox. The kind of a violation is empty where there is
// none.
func HoldForTest(operation string, success bool, body []byte, ours func(string) bool) (held []byte, violation string, err error) {
	form := errorShape
	if success {
		form = operations[operation].reply
	}
	r, err := readReceipt(body, form, func(u string) (outboxName, bool) { return "", ours(u) })
	if v, ok := err.(violationError); ok {
		return nil, string(v), err
	}
	if err != nil {
		return nil, "", err
	}
	return r.encode(), "", nil
}
