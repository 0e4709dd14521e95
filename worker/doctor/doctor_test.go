package doctor

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/config"
)

// TestConfiguration: what is wrong before anything is asked.
func TestConfiguration(t *testing.T) {
	const schema = `{"type":"object","properties":{"a":{"type":"string"}}}`
	const route = "routes: [{name: invoices, match: {prefix: inbox/}, schema: \"s3://acme-docs/a.json\"}]\n"
	for _, tt := range []struct {
		name, text string
		more       []string
		want       line
	}{
		{"no buckets", "version: 1\n", nil, line{"", Fail, "store is not set", "zdrworker init", Configuration}},
		{"no exchange", "version: 1\nstore: s3://a-store\n", nil, line{"", Fail, "exchange is not set", "zdrworker init", Configuration}},
		{"no region", "version: 1\nstore: s3://a-store\nexchange: s3://an-exchange\n", nil, line{"", Fail, "s3.region is not set", "set s3.region", Configuration}},
		{"the other side", "version: 1\nstore: s3://a-store\nexchange: s3://an-exchange\ns3: {region: eu-central-1}\n", nil, line{"", Fail, "not on the side of provider.region", "", Configuration}},
		{"no routes", at(nobody), nil, line{"", OK, "no routes: each command brings its schema", "", ""}},
		{"approved by nobody", at(nobody) + route, nil, line{"", Fail, "the policy does not name the schema of route invoices", "zdrworker policy approve", Configuration}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := checkupOf(t, tt.text, tt.more...)
			x.o.Fetch = func(context.Context, string) ([]byte, error) { return []byte(schema), nil }
			lookAtConfiguration(t.Context(), x)
			expect(t, x.found, tt.want)
		})
	}
}

// TestBuckets: whether they are there, and where; the ledger too, which must keep
// everything.
func TestBuckets(t *testing.T) {
	const ohio, ireland = `<LocationConstraint>us-east-2</LocationConstraint>`, `<LocationConstraint>EU</LocationConstraint>`
	here := func(of string) line { return line{of, OK, "is there, in the region of s3.region", "", ""} }
	for _, tt := range []struct {
		name string
		says map[string]string
		want []line
	}{
		{"there", map[string]string{"": "", "location": ohio}, []line{here("store"), here("exchange"), here("ledger")}},
		{"elsewhere", map[string]string{"": "", "location": ohio, "exchange:location": ireland}, []line{here("store"), {"exchange", Fail, "in another region than s3.region", "set s3.region", Configuration}, here("ledger")}},
		{"nobody says where", map[string]string{"": "", "location": denied}, []line{{"store", Unknown, isHidden, "s3:GetBucketLocation", ""}, {"exchange", Unknown, isHidden, "", ""}, {"ledger", Unknown, isHidden, "", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := prepared(t, saying(t, tt.says), "ZDRWORKER_LEDGER", "s3://acme-docs-ledger")
			lookAtBuckets(t.Context(), x)
			expect(t, x.found, tt.want...)
		})
	}
	t.Run("away", func(t *testing.T) {
		t.Setenv("AWS_MAX_ATTEMPTS", "1")
		x := prepared(t, nobody)
		lookAtBuckets(t.Context(), x)
		away := func(of string) line { return line{of, Fail, "does not let us in", "try again", Unreachable} }
		expect(t, x.found, away("store"), away("exchange"))
		if x.store != nil || x.exchange != nil {
			t.Error("what does not answer is asked on")
		}
	})
}

// TestLedger: the bucket of the evidence must keep what is written over.
func TestLedger(t *testing.T) {
	for _, tt := range []struct {
		name string
		says map[string]string
		want []line
	}{
		{"locked", map[string]string{"versioning": saysEnabled, "object-lock": saysLocked}, []line{{"ledger", OK, "versions are kept", "", ""}, {"ledger", OK, "entries are locked by default", "", ""}}},
		{"by its policy", map[string]string{"versioning": saysEnabled}, []line{{"ledger", OK, "versions are kept", "", ""}, {"ledger", OK, "the bucket's policy alone keeps entries", "", ""}}},
		{"without versions", map[string]string{"versioning": saysNever}, []line{{"ledger", Fail, "an entry that is written over or deleted is gone", "switch versioning on", Configuration}, {"ledger", OK, "policy alone", "", ""}}},
		{"suspended", map[string]string{"versioning": saysSuspended}, []line{{"ledger", Fail, "an entry that is written over or deleted is gone", "switch versioning on", Configuration}, {"ledger", OK, "policy alone", "", ""}}},
		{"hidden", map[string]string{"versioning": denied, "object-lock": denied}, []line{{"ledger", Unknown, "whether versions are kept cannot be told", "", ""}, {"ledger", Unknown, "locked by default cannot be told", "", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.says[""], tt.says["encryption"] = "", saysS3
			x := prepared(t, saying(t, tt.says), "ZDRWORKER_LEDGER", "s3://acme-docs-ledger")
			lookAtBuckets(t.Context(), x)
			x.found = nil
			lookAtVersioning(t.Context(), x)
			expect(t, of("ledger", x.found), tt.want...)
			x.found = nil
			lookAtEncryption(t.Context(), x)
			expect(t, of("ledger", x.found), line{"ledger", Warn, "the store's own keys", "KMS key of your own", ""})
		})
	}
}

// of are the findings about one thing.
func of(who string, found []Finding) []Finding {
	return slices.DeleteFunc(found, func(f Finding) bool { return f.Of != who })
}

// TestSwapTellsALiar from a store that cannot be asked.
func TestSwapTellsALiar(t *testing.T) {
	for name, tt := range map[string]struct {
		says string
		want Cause
	}{"a store that takes everything": {"", Configuration}, "denied": {denied, Configuration}, "busy": {tooMuch, Unreachable}} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			address := served(t, says(200, "", "ETag", `"e"`))
			if tt.says != "" {
				address = saying(t, map[string]string{"": tt.says, "x-id=PutObject": tt.says, "x-id=GetObject": tt.says})
			}
			x := prepared(t, address)
			lookAtSwap(t.Context(), x)
			expect(t, x.found, line{"store", Fail, "conditional writes", "", tt.want}, line{"exchange", Fail, "conditional writes", "", tt.want})
		})
	}
}

// TestEveryCheckSpeaks: where nothing can be used, each says so, and none is
// called fine.
func TestEveryCheckSpeaks(t *testing.T) {
	var told []Finding
	c := checkupOf(t, "version: 1\n").c
	found := Run(t.Context(), c, Options{Each: func(f Finding) { told = append(told, f) }})
	if !slices.Equal(found, told) {
		t.Error("what is told as it is found is not what is found")
	}
	for _, k := range checks {
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Check == k.name })
		if i < 0 {
			t.Errorf("%s says nothing", k.name)
			continue
		}
		if f := found[i]; f.Status == OK && k.name != "sources" && k.name != "notifications" {
			t.Errorf("%s is called fine: %s", k.name, f.Saw)
		}
	}
}

// TestNoTimeIsLeft: what was not looked at is said to be so.
func TestNoTimeIsLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	found := Run(ctx, checkupOf(t, at(nobody)).c, Options{Fetch: config.Fetch(nil)})
	if len(found) != len(checks) {
		t.Errorf("%d findings of %d checks", len(found), len(checks))
	}
	for _, f := range found {
		if f.Status != Unknown || !strings.Contains(f.Saw, "not looked at") {
			t.Errorf("%s %s: %s", f.Check, f.Status, f.Saw)
		}
	}
}

// TestWhatACheckLacks: a check of what cannot be used is not made.
func TestWhatACheckLacks(t *testing.T) {
	for name, take := range map[string]func(*checkup){
		"no store": func(x *checkup) { x.store = nil }, "no exchange": func(x *checkup) { x.exchange = nil },
		"no signer": func(x *checkup) { x.signer = nil }, "no guard": func(x *checkup) { x.guard = nil }, "all": func(*checkup) {},
	} {
		x := prepared(t, nobody)
		take(x)
		got := map[need]string{nothing: x.lacks(nothing), buckets: x.lacks(buckets), signer: x.lacks(signer), client: x.lacks(client)}
		for n, missing := range map[need]bool{
			nothing: false, buckets: x.store == nil || x.exchange == nil,
			signer: x.exchange == nil || x.signer == nil, client: x.guard == nil,
		} {
			if (got[n] != "") != missing {
				t.Errorf("%s: need %d lacks %q", name, n, got[n])
			}
		}
	}
}
