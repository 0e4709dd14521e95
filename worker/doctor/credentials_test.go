package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/presign"
)

// given are credentials from a source of the SDK's, that end after a time; 0 is
// never.
func given(source, token string, ends time.Duration) aws.Credentials {
	c := aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s", SessionToken: token, Source: source, CanExpire: ends > 0}
	if ends > 0 {
		c.Expires = time.Now().Add(ends)
	}
	return c
}

// handing hands out credentials, one after the other; the last stay.
func handing(all ...aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		c := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		return c, nil
	})
}

// TestWhatASignersSessionIsGoodFor: each platform by its name, how long its
// session lives, and what to do where that is not long enough.
func TestWhatASignersSessionIsGoodFor(t *testing.T) {
	const short = 90 * time.Minute // less than is asked for, and enough for a job
	for _, tt := range []struct {
		name   string
		lambda bool
		c      aws.Credentials
		want   line
	}{
		{"a user", false, given("StaticCredentials", "", 0), line{status: OK, saw: "an access key that does not end; URLs would live 6h0m (asked lifetime), a job may take 30m"}},
		{"a role that lives long", false, given("WebIdentityCredentials", "t", 12*time.Hour), line{status: OK, saw: "a role by web identity, ends in 12h0m; URLs would live 6h0m (asked lifetime)"}},
		{"web identity", false, given("WebIdentityCredentials", "t", short), line{status: Warn, saw: "a role by web identity, ends in 1h30m; URLs would live", do: "maximum session duration (up to 12 h)"}},
		{"an instance", false, given("EC2RoleProvider", "t", short), line{status: Warn, saw: "the instance's role, ends in", do: "an instance's credentials cannot be asked for more"}},
		{"Pod Identity", false, given("CredentialsEndpointProvider", "t", short), line{status: Warn, saw: "a task's or a pod's role", do: "use IRSA"}},
		{"SSO", false, given("SSOProvider", "t", short), line{status: Warn, saw: "an SSO session", do: "aws sso login"}},
		{"a chained role", false, given("AssumeRoleProvider", "t", short), line{status: Warn, saw: "an assumed role", do: "from another role an hour is the most"}},
		{"a process", false, given("ProcessProvider", "t", short), line{status: Warn, saw: "a credential process", do: "ask for a longer session"}},
		{"a profile", false, given("SharedConfigCredentials: /home/u/.aws/credentials", "t", short), line{status: Warn, saw: "a profile, ends", do: "live longer"}},
		{"something new", false, given("Unheard", "t", short), line{status: Warn, saw: "a session given by variables", do: "whose end is known"}},
		{"too short", false, given("SSOProvider", "t", 10*time.Minute), line{status: Fail, saw: "the end of credentials of the reader is in the way", do: "sign with credentials that live longer", cause: Configuration}},
		{"ended", false, given("SSOProvider", "t", time.Nanosecond), line{status: Fail, saw: "a URL would live 0s", do: "live longer", cause: Configuration}},
		{"a session by variables", false, given("StaticCredentials", "t", 0), line{status: Unknown, saw: "a session given by variables: a session, and nothing says when it ends", do: "whose end is known"}},
		{"a function", true, given("EnvConfigCredentials", "t", 0), line{status: Unknown, saw: "the Lambda function's role: a session, and nothing says when it ends", do: "a function's credentials end at a time that it is not told"}},
		{"a role that a function takes", true, given("AssumeRoleProvider", "t", time.Hour), line{status: Warn, saw: "an assumed role", do: "an hour is the most"}},
		{"nothing", false, aws.Credentials{}, line{status: Fail, saw: "no usable credentials", do: "aws sts get-caller-identity", cause: Configuration}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := prepared(t, nobody)
			x.o.Lambda, tt.want.of = tt.lambda, "reader"
			x.signs(t.Context(), "reader", presign.Identity{Credentials: handing(tt.c)})
			expect(t, x.found, tt.want)
		})
	}
}

// TestTheLimitInTheWayIsNamed, where it is not the credentials'.
func TestTheLimitInTheWayIsNamed(t *testing.T) {
	for _, tt := range []struct{ variable, value, saw, do string }{
		{"ZDRWORKER_SIGNING_LIFETIME", "20m", "the asked lifetime is in the way", "signing.lifetime"},
		{"ZDRWORKER_SIGNING_SIGNATURE_AGE", "20m", "the signature age is in the way", "s3:signatureAge"},
		{"ZDRWORKER_TIMING_JOB_TIME", "7h", "the job time asks for 7h", "signing.lifetime"},
	} {
		t.Run(tt.variable, func(t *testing.T) {
			x := prepared(t, nobody, tt.variable, tt.value)
			x.signs(t.Context(), "writer", presign.Identity{Credentials: handing(given("StaticCredentials", "", 0))})
			expect(t, x.found, line{"writer", Fail, tt.saw, tt.do, Configuration})
		})
	}
}

// TestAnOldSessionIsAskedForAnew: what a cache holds may be about to end, which
// says nothing of the next.
func TestAnOldSessionIsAskedForAnew(t *testing.T) {
	x := prepared(t, nobody)
	cache := aws.NewCredentialsCache(handing(given("SSOProvider", "t", 5*time.Minute), given("SSOProvider", "t", 8*time.Hour)))
	if _, err := cache.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.signs(t.Context(), "reader", presign.Identity{Credentials: cache})
	expect(t, x.found, line{of: "reader", status: OK, saw: "an SSO session, ends in 8h0m"})
}

func TestWhoSigns(t *testing.T) {
	x := prepared(t, nobody)
	lookAtCredentials(t.Context(), x)
	expect(t, x.found, line{of: "worker", status: OK, saw: "an access key that does not end"},
		line{of: "reader", status: OK, saw: "URLs would live"}, line{of: "writer", status: OK, saw: "URLs would live"})

	x = prepared(t, nobody, "WRITING_ACCESS_KEY_ID", "reader")
	lookAtCredentials(t.Context(), x)
	expect(t, x.found[3:], line{"writer", Warn, "signs as the reader does", "identities of their own", ""})

	x = checkupOf(t, at(nobody))
	lookAtCredentials(t.Context(), x)
	expect(t, x.found, line{"", Unknown, "not looked at", "mend what is said above", ""})
}

// TestWhatTheSDKSaysStays: its words quote roles and profiles.
func TestWhatTheSDKSaysStays(t *testing.T) {
	x := prepared(t, nobody)
	_, ok := x.retrieve(t.Context(), "reader", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no access to arn:aws:iam::111122223333:role/patient-Jane")
	}), time.Time{})
	if ok || strings.Contains(x.found[0].Saw+x.found[0].Do, "arn:") {
		t.Errorf("%v %v", ok, x.found)
	}
	expect(t, x.found, line{"reader", Fail, "no usable credentials", "aws sts", Configuration})
}
