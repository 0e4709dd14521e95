package worker

import (
	"bytes"
	"strings"
	"testing"
)

func testSecret(t testing.TB, b byte) *fleetSecret {
	t.Helper()
	f, err := newFleetSecret(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestIDFollowsIdentity(t *testing.T) {
	f := testSecret(t, 1)
	base := f.id("b", "k", "v", "r", 1)
	if got := f.id("b", "k", "v", "r", 1); got != base {
		t.Errorf("the same identity gives %v and %v", got, base)
	}
	for name, other := range map[string]ID{
		"bucket": f.id("b2", "k", "v", "r", 1), "key": f.id("b", "k2", "v", "r", 1), "version": f.id("b", "k", "v2", "r", 1),
		"route": f.id("b", "k", "v", "r2", 1), "revision": f.id("b", "k", "v", "r", 2),
		"shifted": f.id("bk", "", "v", "r", 1), "secret": testSecret(t, 2).id("b", "k", "v", "r", 1),
	} {
		if other == base {
			t.Errorf("%s: another identity has the same id", name)
		}
	}
}

func TestTokenLeadsBack(t *testing.T) {
	f := testSecret(t, 1)
	id := f.id("b", "k", "v", "r", 1)
	a, b := f.token(id, 3), f.token(id, 3)
	if a == b {
		t.Error("two tokens of one attempt are equal")
	}
	gotID, n, err := f.open(a)
	if err != nil || gotID != id || n != 3 {
		t.Errorf("open = %v, %d, %v; want %v, 3", gotID, n, err, id)
	}
	for name, bad := range map[string]string{
		"empty": "", "short": "abc", "cut": a[:len(a)-2], "changed": flip(a), "long": a + "AA", "not base64": strings.Repeat("!", len(a)),
	} {
		if _, _, err := f.open(bad); err == nil {
			t.Errorf("%s: a foreign token was opened", name)
		}
	}
	if _, _, err := testSecret(t, 2).open(a); err == nil {
		t.Error("another fleet opened the token")
	}
}

func flip(s string) string {
	b := []byte(s)
	if b[10] == 'A' {
		b[10] = 'B'
	} else {
		b[10] = 'A'
	}
	return string(b)
}

func TestKeysParseBack(t *testing.T) {
	f := testSecret(t, 1)
	id := f.id("b", "k", "v", "r", 1)
	gotID, gen, err := parseMarkerKey(markerKey(id, 12))
	if err != nil || gotID != id || gen != 12 {
		t.Errorf("parseMarkerKey = %v, %d, %v", gotID, gen, err)
	}
	if got, err := parseRecordKey(recordKey(id)); err != nil || got != id {
		t.Errorf("parseRecordKey = %v, %v", got, err)
	}
	tok := f.token(id, 1)
	for _, key := range []string{stagingKey(tok, "md"), stagingKey(tok, "pdf"), outboxKey(tok)} {
		if got := tokenOf(key); got != tok {
			t.Errorf("tokenOf(%q) = %q", key, got)
		}
	}
	for _, bad := range []string{"", "zdr/open/", "zdr/open/aa/zz.1", markerKey(id, 1) + "0x", "zdr/open/00/" + id.String() + ".1", markerKey(id, 0)} {
		if _, _, err := parseMarkerKey(bad); err == nil {
			t.Errorf("parseMarkerKey(%q) accepted", bad)
		}
	}
}

func TestRefNamesItsShard(t *testing.T) {
	id := testSecret(t, 1).id("b", "k", "v", "r", 1)
	a, b := newRef(id), newRef(id)
	if a == b || len(a) != 36 || !strings.HasPrefix(a, id.String()[:4]) || !isRef(a) || !isRef(a[:8]) {
		t.Errorf("refs %q, %q", a, b)
	}
}
