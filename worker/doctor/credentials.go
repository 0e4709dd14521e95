package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/zdr"
)

// partners makes guard and signer. What is signed here is deposited with the
// guard like everything that is signed, and used by the doctor alone.
func (x *checkup) partners() (*zdr.Guard, *presign.Signer, error) {
	return x.c.Partners(x.signing, config.Extras{Recorder: &zdr.Tally{}})
}

// lookAtCredentials asks who signs, and until when what they sign would live.
func lookAtCredentials(ctx context.Context, x *checkup) {
	if x.signer == nil {
		x.unknown("", "not looked at: the configuration cannot be used", "mend what is said above")
		return
	}
	if got, ok := x.retrieve(ctx, "worker", x.aws.Credentials, time.Time{}); ok {
		x.ok("worker", "%s%s", x.source(got), life(got))
	}
	reader, okReader := x.signs(ctx, "reader", x.signing.Reader)
	writer, okWriter := x.signs(ctx, "writer", x.signing.Writer)
	if okReader && okWriter && reader.AccessKeyID == writer.AccessKeyID {
		x.warn("writer", "signs as the reader does: whoever holds a PUT URL may be able to read with it on some stores",
			"give signing.reader and signing.writer identities of their own")
	}
}

// signs looks at one signer.
func (x *checkup) signs(ctx context.Context, who string, id presign.Identity) (aws.Credentials, bool) {
	l := x.signing.Lifetime
	l.JobTime = x.c.Timing.JobTime
	want, _, err := l.Until(time.Now())
	if err != nil {
		x.tooShort(who, err)
		return aws.Credentials{}, false
	}
	got, ok := x.retrieve(ctx, who, id.Credentials, want.Add(time.Minute))
	if !ok {
		return got, false
	}
	if got.SessionToken != "" && !got.CanExpire {
		x.unknown(who, x.source(got)+": a session, and nothing says when it ends; URLs end with it", x.platformAdvice(got))
		return got, true
	}
	if got.CanExpire {
		l.CredentialsEnd = got.Expires
	}
	x.lives(who, got, l)
	return got, true
}

// lives says how long URLs would live, and what bounds that.
func (x *checkup) lives(who string, got aws.Credentials, l presign.Limits) {
	now := time.Now()
	until, limit, err := l.Until(now)
	if err != nil {
		x.tooShort(who, err)
		return
	}
	saw := fmt.Sprintf("%s%s; URLs would live %s (%s), a job may take %s",
		x.source(got), life(got), short(until.Sub(now)), limit, short(x.c.Timing.JobTime))
	if limit == presign.LimitCredentials {
		x.warn(who, saw+"; more was asked for", x.platformAdvice(got))
		return
	}
	x.ok(who, "%s", saw)
}

func (x *checkup) tooShort(who string, err error) {
	if short, ok := errors.AsType[*presign.TooShort](err); ok {
		if short.Limit == presign.LimitCredentials {
			short.Who = who
		}
		x.fail(who, short.Error(), short.Advice)
		return
	}
	x.fail(who, "no lifetime can be computed", "check signing in the configuration")
}

// invalidator is the part of aws.CredentialsCache that makes it ask again.
type invalidator interface{ Invalidate() }

// retrieve asks for credentials, a second time where the first end before want:
// a signer does so too.
func (x *checkup) retrieve(ctx context.Context, who string, p aws.CredentialsProvider, want time.Time) (aws.Credentials, bool) {
	got, err := p.Retrieve(ctx)
	if cache, ok := p.(invalidator); ok && err == nil && got.CanExpire && got.Expires.Before(want) {
		cache.Invalidate()
		if again, err := p.Retrieve(ctx); err == nil {
			got = again
		}
	}
	if err != nil || !got.HasKeys() {
		// The SDK's words quote roles, endpoints and profiles.
		x.fail(who, "no usable credentials", "check signing and the AWS variables; `aws sts get-caller-identity` with the same ones says more")
		return got, false
	}
	return got, true
}

// Where the SDK says that credentials come from, by the Source of theirs, and
// what is known of their life from AWS's documentation of each.
var sources = []struct{ source, name, advice string }{
	{"EC2RoleProvider", "the instance's role", "an instance's credentials cannot be asked for more: have the signers assume roles of their own (credentials: web-identity where there is a token; a role assumed from a role lives an hour at most), or give them users"},
	{"CredentialsEndpointProvider", "a task's or a pod's role", "ECS and EKS Pod Identity set the end themselves: use IRSA with credentials: web-identity, which gives up to the role's maximum session duration"},
	{"SSOProvider", "an SSO session", "it ends with the permission set's session duration; `aws sso login` begins another"},
	{"WebIdentityCredentials", "a role by web identity", "raise the role's maximum session duration (up to 12 h)"},
	{"AssumeRoleProvider", "an assumed role", "raise the role's maximum session duration (up to 12 h), and assume it from a user or by web identity: from another role an hour is the most"},
	{"ProcessProvider", "a credential process", "have the process ask for a longer session"},
	{"SharedConfigCredentials", "a profile", "sign with credentials that live longer"},
}

// source says where credentials come from.
func (x *checkup) source(c aws.Credentials) string {
	if x.lambda(c) {
		return "the Lambda function's role"
	}
	for _, s := range sources {
		if strings.HasPrefix(c.Source, s.source) {
			return s.name
		}
	}
	if c.SessionToken != "" {
		return "a session given by variables"
	}
	return "an access key that does not end"
}

// lambda says whether credentials are those that Lambda puts into variables.
func (x *checkup) lambda(c aws.Credentials) bool {
	return x.o.Lambda && c.SessionToken != "" && (c.Source == "StaticCredentials" || c.Source == "EnvConfigCredentials")
}

func (x *checkup) platformAdvice(c aws.Credentials) string {
	if x.lambda(c) {
		return "a function's credentials end at a time that it is not told: have the signers assume roles of their own (an hour at most), or give them users"
	}
	for _, s := range sources {
		if strings.HasPrefix(c.Source, s.source) {
			return s.advice
		}
	}
	return "sign with credentials whose end is known: credentials: web-identity or assume-role"
}

// life says when credentials end.
func life(c aws.Credentials) string {
	if !c.CanExpire {
		return ""
	}
	return ", ends in " + short(time.Until(c.Expires))
}

// short writes a time without the seconds of a long one.
func short(d time.Duration) string {
	if d > 10*time.Minute {
		d = d.Round(time.Minute)
		return strings.TrimSuffix(d.String(), "0s")
	}
	return d.Round(time.Second).String()
}
