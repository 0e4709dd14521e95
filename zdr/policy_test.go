package zdr_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestPolicyValidate(t *testing.T) {
	good := "sha256:" + strings.Repeat("0a", 32)
	for _, test := range []struct {
		name   string
		policy zdr.Policy
		field  string // "" is valid
	}{
		{"zero", zdr.Policy{}, ""},
		{"full", zdr.Policy{
			Region: "eu", Hosts: []string{"https://ade.example:8443"}, Schemas: []string{good},
			URLPrefixes: []string{"https://b.s3.eu-west-1.amazonaws.com/o/"}, MaxURLLifetime: 7 * 24 * time.Hour,
		}, ""},
		{"development", zdr.Policy{
			Development: true, Hosts: []string{"http://127.0.0.1:8080", "http://[::1]:8080"},
			URLPrefixes: []string{"http://127.0.0.1:9000/b/o/"},
		}, ""},
		{"region", zdr.Policy{Region: "mars"}, "Region"},
		{"plain http", zdr.Policy{Hosts: []string{"http://ade.example"}}, "Hosts"},
		{"loopback", zdr.Policy{Hosts: []string{"https://127.0.0.1"}}, "Hosts"},
		{"localhost", zdr.Policy{Hosts: []string{"https://localhost"}}, "Hosts"},
		{"path", zdr.Policy{Hosts: []string{"https://ade.example/v1"}}, "Hosts"},
		{"slash", zdr.Policy{Hosts: []string{"https://ade.example/"}}, "Hosts"},
		{"userinfo", zdr.Policy{Hosts: []string{"https://a:b@ade.example"}}, "Hosts"},
		{"upper case", zdr.Policy{Hosts: []string{"https://ADE.example"}}, "Hosts"},
		{"no URL", zdr.Policy{Hosts: []string{"ade.example"}}, "Hosts"},
		{"development without a host", zdr.Policy{Development: true}, "Hosts"},
		{"development over the world", zdr.Policy{Development: true, Hosts: []string{"https://ade.example"}}, "Hosts"},
		{"development by name", zdr.Policy{Development: true, Hosts: []string{"http://localhost:80"}}, "Hosts"},
		{"development over https", zdr.Policy{Development: true, Hosts: []string{"https://127.0.0.1"}}, "Hosts"},
		{"development in a private net", zdr.Policy{Development: true, Hosts: []string{"http://10.0.0.1"}}, "Hosts"},
		{"development with a zone", zdr.Policy{Development: true, Hosts: []string{"http://[::1%25lo]:80"}}, "Hosts"},
		{"development with IPv4 in IPv6", zdr.Policy{Development: true, Hosts: []string{"http://[::ffff:127.0.0.1]:80"}}, "Hosts"},
		{"development half", zdr.Policy{
			Development: true, Hosts: []string{"http://127.0.0.1:1"}, URLPrefixes: []string{"https://b.s3.amazonaws.com/o/"},
		}, "URLPrefixes"},
		{"digest without name", zdr.Policy{Schemas: []string{strings.Repeat("0a", 32)}}, "Schemas"},
		{"short digest", zdr.Policy{Schemas: []string{"sha256:0a"}}, "Schemas"},
		{"upper-case digest", zdr.Policy{Schemas: []string{strings.ToUpper(good)}}, "Schemas"},
		{"prefix without slash", zdr.Policy{URLPrefixes: []string{"https://b.example/o"}}, "URLPrefixes"},
		{"prefix with query", zdr.Policy{URLPrefixes: []string{"https://b.example/o/?a/"}}, "URLPrefixes"},
		{"prefix with dots", zdr.Policy{URLPrefixes: []string{"https://b.example/../"}}, "URLPrefixes"},
		{"plain prefix", zdr.Policy{URLPrefixes: []string{"http://b.example/o/"}}, "URLPrefixes"},
		{"negative lifetime", zdr.Policy{MaxURLLifetime: -1}, "MaxURLLifetime"},
		{"eight days", zdr.Policy{MaxURLLifetime: 8 * 24 * time.Hour}, "MaxURLLifetime"},
		{"no certificates", zdr.Policy{CABundle: []byte("x")}, "CABundle"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.policy.Validate()
			e, _ := errors.AsType[*zdr.PolicyError](err)
			if got := fieldOf(e); got != test.field {
				t.Errorf("got %v, want field %q", err, test.field)
			}
			if _, err := zdr.NewGuard(test.policy, &zdr.Tally{}); (err == nil) != (test.field == "") {
				t.Errorf("a guard of it: %v", err)
			}
		})
	}
}

func fieldOf(e *zdr.PolicyError) string {
	if e == nil {
		return ""
	}
	return e.Field
}

func TestBaseURL(t *testing.T) {
	const us, eu, own = "https://api.va.landing.ai", "https://api.va.eu-west-1.landing.ai", "https://ade.example"
	for _, test := range []struct {
		policy       zdr.Policy
		choice, want string // want "" is an error
	}{
		{zdr.Policy{}, "", us},
		{zdr.Policy{}, us, us},
		{zdr.Policy{}, us + "/", us},
		{zdr.Policy{}, eu, eu},
		{zdr.Policy{}, own, ""},
		{zdr.Policy{}, us + ":443", ""},
		{zdr.Policy{}, us + "//", ""},
		{zdr.Policy{Region: "us"}, eu, ""},
		{zdr.Policy{Region: "eu"}, "", eu},
		{zdr.Policy{Region: "eu"}, us, ""},
		{zdr.Policy{Region: "eu", Hosts: []string{own}}, own, own},
		{zdr.Policy{Development: true, Hosts: []string{"http://127.0.0.1:1", "http://[::1]:2"}}, "", "http://127.0.0.1:1"},
		{zdr.Policy{Development: true, Hosts: []string{"http://127.0.0.1:1", "http://[::1]:2"}}, "http://[::1]:2", "http://[::1]:2"},
		{zdr.Policy{Development: true, Hosts: []string{"http://127.0.0.1:1"}}, us, ""},
		{zdr.Policy{Development: true}, "", ""},
	} {
		got, err := test.policy.BaseURL(test.choice)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%+v, %q: got %q and %v, want %q", test.policy, test.choice, got, err, test.want)
		}
	}
}

// Errors about settings do not repeat them: a pasted key is not printed.
func TestPolicyErrorQuotesNothing(t *testing.T) {
	p := zdr.Policy{Hosts: []string{"https://user:secret@host"}}
	_, chosen := zdr.Policy{}.BaseURL("https://secret.example")
	for _, err := range []error{p.Validate(), chosen} {
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
}
