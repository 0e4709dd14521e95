package zdr_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestDepositRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		rule string
		edit func(*zdr.Grant)
	}{
		{"no digest", zdr.RuleGrant, func(g *zdr.Grant) { g.URL = [32]byte{} }},
		{"reader of PUT", zdr.RuleGrant, func(g *zdr.Grant) { g.Method = "PUT" }},
		{"writer of GET", zdr.RuleGrant, func(g *zdr.Grant) { g.Role = zdr.Writer }},
		{"no role", zdr.RuleGrant, func(g *zdr.Grant) { g.Role = "" }},
		{"delete", zdr.RuleGrant, func(g *zdr.Grant) { g.Method = "DELETE" }},
		{"no key", zdr.RuleGrant, func(g *zdr.Grant) { g.Key = "" }},
		{"words as key", zdr.RuleGrant, func(g *zdr.Grant) { g.Key = "s/Invoice of Ann.pdf" }},
		{"no ref", zdr.RuleGrant, func(g *zdr.Grant) { g.Ref = "" }},
		{"no attempt", zdr.RuleGrant, func(g *zdr.Grant) { g.Attempt = 0 }},
		{"nobody's signature", zdr.RuleGrant, func(g *zdr.Grant) { g.AccessKeyID = "" }},
		{"no date", zdr.RuleGrant, func(g *zdr.Grant) { g.SignedAt = time.Time{} }},
		{"ends before it begins", zdr.RuleGrant, func(g *zdr.Grant) { g.Until = g.SignedAt }},
		{"too long", zdr.RuleGrant, func(g *zdr.Grant) { g.Until = g.SignedAt.Add(12*time.Hour + time.Second) }},
		{"over", zdr.RuleExpired, func(g *zdr.Grant) {
			g.SignedAt, g.Until = g.SignedAt.Add(-2*time.Hour), g.SignedAt.Add(-time.Hour)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, nil)
			g := b.grant(b.get, zdr.Reader, "GET")
			test.edit(&g)
			if g.URL != [32]byte{} {
				g = b.signedAs(g) // the URL says what the grant does: that is not what is wrong
			}
			err := b.guard.Deposit(t.Context(), g)
			if got := refusedBy(err); got != test.rule {
				t.Fatalf("got %v, want a refusal by %q", err, test.rule)
			}
			if n := len(b.journal.of(zdr.KindSigned)); n != 0 || len(b.journal.of(zdr.KindRefused)) != 1 {
				t.Errorf("recorded %d signatures and %v", n, b.journal.of(zdr.KindRefused))
			}
			if err := b.guard.Deposit(t.Context(), b.grant(b.put, zdr.Writer, "PUT")); err != nil {
				t.Fatal(err)
			}
			if _, err := b.guard.Do(t.Context(), b.createRequest(b.fields()), createCall()); refusedBy(err) != zdr.RuleCapability {
				t.Errorf("the refused grant was used: %v", err)
			}
			b.wire.sawNothing(t)
		})
	}
}

// signedAs is g with a URL that says the same.
func (b *bench) signedAs(g zdr.Grant) zdr.Grant {
	address := b.wire.URL + "/x7k2/" + strings.ReplaceAll(g.Key, " ", "%20")
	return zdr.GrantFor(presigned(address, g.SignedAt, g.Until.Sub(g.SignedAt), func(q url.Values) {
		q.Set("X-Amz-Credential", g.AccessKeyID+"/"+g.SignedAt.UTC().Format("20060102")+"/us-east-2/s3/aws4_request")
	}), g)
}

// What was read of a URL holds for the grant that it was read for.
func TestGrantIsNotChangedAfterwards(t *testing.T) {
	for name, edit := range map[string]func(*zdr.Grant){
		"none":       func(*zdr.Grant) {},
		"key":        func(g *zdr.Grant) { g.Key = "s/5a2b.md" },
		"access key": func(g *zdr.Grant) { g.AccessKeyID = "AKIDOTHER" },
		"beginning":  func(g *zdr.Grant) { g.SignedAt = g.SignedAt.Add(time.Second) },
		"end":        func(g *zdr.Grant) { g.Until = g.Until.Add(-time.Second) },
		"URL":        func(g *zdr.Grant) { g.URL[0]++ },
	} {
		b := newBench(t, nil)
		g := b.grant(b.get, zdr.Reader, "GET")
		edit(&g)
		if got := refusedBy(b.guard.Deposit(t.Context(), g)); (got == "") != (name == "none") {
			t.Errorf("%s: got rule %q", name, got)
		}
	}
}

func TestGrantOfAURLThatIsNone(t *testing.T) {
	if g := zdr.GrantFor("http://a b\x7f/", zdr.Grant{URL: [32]byte{1}}); g.URL != [32]byte{} {
		t.Error("a URL that does not parse has a digest")
	}
}

func TestDepositIsRecorded(t *testing.T) {
	b := newBench(t, nil)
	b.deposit()
	signed := b.journal.of(zdr.KindSigned)
	if len(signed) != 2 {
		t.Fatalf("recorded %d signatures, want 2", len(signed))
	}
	e := signed[0]
	if e.Operation != "presign" || e.Method != "GET" || e.Key != "s/4f1d.md" || e.Ref != testRef || e.Attempt != 1 ||
		e.AccessKeyID != "AKIDEXAMPLE" || e.Until.IsZero() || !e.Development {
		t.Errorf("recorded %+v", e)
	}
}

// A signature that is not in the record does not leave.
func TestDepositWithoutRecorder(t *testing.T) {
	b := newBench(t, nil)
	b.journal.fail[zdr.KindSigned] = true
	err := b.guard.Deposit(t.Context(), b.grant(b.get, zdr.Reader, "GET"))
	if !errors.Is(err, zdr.ErrRecorder) || !errors.Is(err, errJournal) {
		t.Errorf("got %v, want the recorder's failure", err)
	}
	if n := zdr.GrantsForTest(b.guard); n != 0 {
		t.Errorf("%d grants are kept, want none", n)
	}
}

func TestGrantIsUsedOnce(t *testing.T) {
	b := newBench(t, says(202, `{"job_id":"job-1"}`))
	if _, err := b.create(); err != nil {
		t.Fatal(err)
	}
	_, err := b.guard.Do(t.Context(), b.createRequest(b.fields()), createCall())
	if refusedBy(err) != zdr.RuleCapability {
		t.Errorf("got %v, want a refusal of the second use", err)
	}
	if n := len(b.wire.arrivals()); n != 1 {
		t.Errorf("%d creates arrived, want 1", n)
	}
}

// Of many who try the same URLs at once, one gets through.
func TestGrantIsUsedOnceAtOnce(t *testing.T) {
	b := newBench(t, says(202, `{"job_id":"job-1"}`))
	b.deposit()
	const tries = 16
	errs := make(chan error, tries)
	for range tries {
		req := b.createRequest(b.fields())
		go func() {
			_, err := b.guard.Do(context.WithoutCancel(t.Context()), req, createCall())
			errs <- err
		}()
	}
	won := 0
	for range tries {
		switch err := <-errs; {
		case err == nil:
			won++
		case refusedBy(err) != zdr.RuleCapability:
			t.Errorf("got %v", err)
		}
	}
	if n := len(b.wire.arrivals()); won != 1 || n != 1 {
		t.Errorf("%d got through and %d arrived, want 1", won, n)
	}
}

// A request refused for another reason uses nothing.
func TestRefusalUsesNoGrant(t *testing.T) {
	b := newBench(t, says(202, `{"job_id":"job-1"}`))
	b.deposit()
	bad := b.fields()
	bad["model"] = "not a model"
	if _, err := b.guard.Do(t.Context(), b.createRequest(bad), createCall()); refusedBy(err) != zdr.RuleModel {
		t.Fatalf("got %v", err)
	}
	if _, err := b.guard.Do(t.Context(), b.createRequest(b.fields()), createCall()); err != nil {
		t.Errorf("the grants are gone: %v", err)
	}
}

func TestDepositedTwice(t *testing.T) {
	b := newBench(t, nil)
	b.deposit()
	if err := b.guard.Deposit(t.Context(), b.grant(b.get, zdr.Reader, "GET")); refusedBy(err) != zdr.RuleGrant {
		t.Errorf("got %v, want a refusal", err)
	}
}

// over is a guard outside of Development over a transport that fails the test
// when something is sent.
func over(t *testing.T, p zdr.Policy, answer base) *zdr.Guard {
	t.Helper()
	if answer == nil {
		answer = func(*http.Request) (*http.Response, error) {
			t.Error("a request went out")
			return nil, errors.New("unexpected")
		}
	}
	g, err := zdr.NewGuardOver(answer, p, &zdr.Tally{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestExpiredGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, fields := outside(t)
		g := over(t, p, nil)
		depositOutside(t, g, fields, time.Hour)
		time.Sleep(time.Hour)
		if _, err := g.Do(t.Context(), outsideRequest(t, g, fields), createCall()); refusedBy(err) != zdr.RuleExpired {
			t.Errorf("got %v, want a refusal of the ended URL", err)
		}
	})
}

// outside is a policy outside of Development and the fields of a create.
func outside(t *testing.T) (zdr.Policy, map[string]string) {
	schema := mustSchema(t, `{"type":"object","properties":{"total":{"type":"number"}}}`)
	var p zdr.Policy
	p.Approve(schema, "test")
	return p, map[string]string{
		"schema":          string(schema.Canonical()),
		"markdown_url":    "https://x7k2.s3.us-east-2.amazonaws.com/" + stagingKey,
		"output_save_url": "https://x7k2.s3.us-east-2.amazonaws.com/" + outboxKey,
	}
}

// depositOutside signs the addresses in fields for that long and deposits them.
func depositOutside(t *testing.T, g *zdr.Guard, fields map[string]string, life time.Duration) {
	t.Helper()
	at := time.Now().Truncate(time.Second)
	common := zdr.Grant{Ref: testRef, Attempt: 1, AccessKeyID: "AKIDEXAMPLE", SignedAt: at, Until: at.Add(life)}
	get, put := common, common
	get.Role, get.Method, get.Key = zdr.Reader, "GET", keyIn(fields["markdown_url"])
	put.Role, put.Method, put.Key = zdr.Writer, "PUT", keyIn(fields["output_save_url"])
	fields["markdown_url"], fields["output_save_url"] = presigned(fields["markdown_url"], at, life), presigned(fields["output_save_url"], at, life)
	for _, grant := range []zdr.Grant{
		zdr.GrantFor(fields["markdown_url"], get), zdr.GrantFor(fields["output_save_url"], put),
	} {
		if err := g.Deposit(t.Context(), grant); err != nil {
			t.Fatal(err)
		}
	}
}

// keyIn is the last two parts of an address.
func keyIn(address string) string {
	parts := strings.Split(address, "/")
	return strings.Join(parts[len(parts)-2:], "/")
}

func outsideRequest(t *testing.T, g *zdr.Guard, fields map[string]string) *http.Request {
	b := &bench{t: t, wire: &wire{Server: serverAt(g.BaseURL())}}
	return b.createRequest(fields)
}

func TestOutboxOutsideThePrefixes(t *testing.T) {
	p, fields := outside(t)
	p.URLPrefixes = []string{"https://x7k2.s3.us-east-2.amazonaws.com/out/"}
	g := over(t, p, nil)
	depositOutside(t, g, fields, time.Hour)
	if _, err := g.Do(t.Context(), outsideRequest(t, g, fields), createCall()); refusedBy(err) != zdr.RuleURLPrefix {
		t.Errorf("got %v, want a refusal", err)
	}
}

// What is staged lies in one place, too: a URL of a document where the team
// keeps it says its name, and is not let out though it was signed.
func TestDocumentOutsideTheStaging(t *testing.T) {
	for name, address := range map[string]string{
		"another bucket":      "https://acme-docs.s3.us-east-2.amazonaws.com/" + stagingKey,
		"another prefix":      "https://x7k2.s3.us-east-2.amazonaws.com/inbox/ann.md",
		"a prefix that looks": "https://x7k2.s3.us-east-2.amazonaws.com/s2/4f1d.md",
		"another host":        "https://x7k2.s3.us-east-2.amazonaws.com.example/" + stagingKey,
	} {
		p, fields := outside(t)
		p.StagingPrefixes = []string{"https://x7k2.s3.us-east-2.amazonaws.com/s/"}
		g := over(t, p, nil)
		fields["markdown_url"] = address
		depositOutside(t, g, fields, time.Hour)
		if _, err := g.Do(t.Context(), outsideRequest(t, g, fields), createCall()); refusedBy(err) != zdr.RuleURLPrefix {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
	sent := errors.New("sent")
	p, fields := outside(t)
	p.StagingPrefixes = []string{"https://x7k2.s3.us-east-2.amazonaws.com/s/"}
	g := over(t, p, func(*http.Request) (*http.Response, error) { return nil, sent })
	depositOutside(t, g, fields, time.Hour)
	if _, err := g.Do(t.Context(), outsideRequest(t, g, fields), createCall()); refusedBy(err) != "" {
		t.Errorf("a document where it is staged: %v", err)
	}
	p.StagingPrefixes = []string{"https://x7k2.s3.us-east-2.amazonaws.com/s"}
	if err := p.Validate(); err == nil {
		t.Error("a prefix without a slash at its end is valid")
	}
}

// Outside of Development, loopback and plain http do not leave in a field.
func TestLoopbackOutsideOfDevelopment(t *testing.T) {
	for _, raw := range []string{
		"http://127.0.0.1:9000/s/a.md", "https://127.0.0.1:9000/s/a.md", "https://[::1]/s/a.md",
		"https://localhost/s/a.md", "https://a.localhost/s/a.md", "https://0.0.0.0/s/a.md", "https://[::ffff:127.0.0.1]/s/a.md",
		"http://x7k2.s3.us-east-2.amazonaws.com/s/a.md",
	} {
		p, fields := outside(t)
		g := over(t, p, nil)
		fields["markdown_url"] = raw
		depositOutside(t, g, fields, time.Hour)
		if _, err := g.Do(t.Context(), outsideRequest(t, g, fields), createCall()); refusedBy(err) != zdr.RuleURL {
			t.Errorf("%s: got %v, want a refusal", raw, err)
		}
	}
}

// The registry does not grow with what was ever signed.
func TestRegistryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := outside(t)
		g := over(t, p, nil)
		most := 0
		for i := range 2000 {
			fields := map[string]string{
				"markdown_url":    fmt.Sprintf("https://x7k2.example/s/%d", i),
				"output_save_url": fmt.Sprintf("https://x7k2.example/o/%d", i),
			}
			depositOutside(t, g, fields, time.Minute)
			time.Sleep(10 * time.Second)
			most = max(most, zdr.GrantsForTest(g))
		}
		if most > 80 {
			t.Errorf("up to %d grants were kept; 12 are open at any time", most)
		}
	})
}

func TestUsedGrantsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, fields := outside(t)
		g := over(t, p, func(*http.Request) (*http.Response, error) { return nil, errors.New("lost") })
		most := 0
		for i := range 500 {
			one := map[string]string{
				"schema":          fields["schema"],
				"markdown_url":    fmt.Sprintf("https://x7k2.example/s/%d", i),
				"output_save_url": fmt.Sprintf("https://x7k2.example/o/%d", i),
			}
			depositOutside(t, g, one, time.Minute)
			if _, err := g.Do(t.Context(), outsideRequest(t, g, one), createCall()); refusedBy(err) != "" {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			most = max(most, zdr.GrantsForTest(g))
		}
		if most > 80 {
			t.Errorf("up to %d grants and outboxes were kept; 12 are open at any time", most)
		}
	})
}
