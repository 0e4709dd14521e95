package account_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/doctor"
)

// look runs the doctor.
func look(t *testing.T, c *config.Config) []doctor.Finding {
	t.Helper()
	ctx, cancel := background(t)
	defer cancel()
	return doctor.Run(ctx, c, doctor.Options{Fetch: c.Fetch, Timeout: 4 * time.Minute})
}

// ofMinIO is what the doctor cannot be content with on any MinIO: it forgets the
// part of a lifecycle rule that aborts uploads (and aborts them by itself).
func ofMinIO(f doctor.Finding) bool {
	return f.Check == "lifecycle" && f.Status == doctor.Warn && strings.Contains(f.Saw, "unfinished uploads")
}

// complaints are the findings that somebody must act on, as "check of".
func complaints(found []doctor.Finding) (all []string) {
	for _, f := range found {
		if (f.Status == doctor.Warn || f.Status == doctor.Fail) && !ofMinIO(f) {
			all = append(all, strings.TrimSpace(f.Check+" "+f.Of))
		}
	}
	return all
}

// unknown is what nobody can tell of a MinIO.
var unknown = []string{"public-access store", "public-access exchange"}

func (w *world) testDoctor(t *testing.T) {
	t.Run("green", w.testGreen)
	var red []func()
	for _, b := range breakages {
		red = append(red, func() { t.Run("red/"+b.name, func(t *testing.T) { b.test(t, w.account(t)) }) })
	}
	together(red)
}

// testGreen: with the settings and the policies of the modules nothing is
// complained of, everything is looked at, and nothing is left behind.
func (w *world) testGreen(t *testing.T) {
	a := w.account(t)
	c := a.enter()
	delete(a.vars, "AWS_ACCESS_KEY_ID") // its profile says when it ends
	t.Setenv("AWS_PROFILE", "worker-"+a.id)
	found := look(t, c)
	var untold []string
	for _, f := range found {
		if f.Status == doctor.Unknown {
			untold = append(untold, strings.TrimSpace(f.Check+" "+f.Of))
		}
		if f.Status != doctor.OK && f.Do == "" {
			t.Errorf("%s %s: nothing is said of what to do", f.Check, f.Of)
		}
	}
	if got := complaints(found); len(got) > 0 {
		t.Errorf("complained of: %v", got)
	}
	if !slices.Equal(untold, unknown) {
		t.Errorf("untold: %v, want %v", untold, unknown)
	}
	if len(found) < 30 {
		t.Errorf("only %d findings", len(found))
	}
	a.left(a.store, 1) // the schema
	a.left(a.exchange, 0)
}

// left looks at everything that was ever in a bucket.
func (a *account) left(name string, want int) {
	a.t.Helper()
	out, err := a.owner.ListObjectVersions(a.t.Context(), &s3.ListObjectVersionsInput{Bucket: &name})
	a.must(err)
	if n := len(out.Versions) + len(out.DeleteMarkers); n != want {
		a.t.Errorf("%d versions and markers are left, want %d", n, want)
	}
}

// breakage is one thing that is wrong, and who must say so.
type breakage struct {
	name string
	do   func(*account)
	// check of: the line that must complain, with these words.
	line, saw string
	status    doctor.Status
	cause     doctor.Cause
	also      []string // lines that may complain besides
}

func (b breakage) test(t *testing.T, a *account) {
	b.do(a)
	found := look(t, a.enter())
	hit := slices.ContainsFunc(found, func(f doctor.Finding) bool {
		return strings.TrimSpace(f.Check+" "+f.Of) == b.line && strings.Contains(f.Saw, b.saw) && f.Status == b.status && f.Cause == b.cause && f.Do != ""
	})
	if !hit {
		t.Errorf("%s does not say %q (%s %s)", b.line, b.saw, b.status, b.cause)
	}
	for _, got := range complaints(found) {
		if got != b.line && !slices.Contains(b.also, got) {
			t.Errorf("%s complains as well", got)
		}
	}
	if t.Failed() {
		for _, f := range found {
			t.Logf("%-8s %s %s: %s (%s)", f.Status, f.Check, f.Of, f.Saw, f.Cause)
		}
	}
}

func editing(old, new string) func(*account) {
	return func(a *account) { a.edit(old, new) }
}

// allowing adds a statement to somebody's policy.
func allowing(who, action string, resource func(*account) string) func(*account) {
	return func(a *account) {
		p := a.policies[who]
		p.Statement = append(slices.DeleteFunc(slices.Clone(p.Statement), func(s statement) bool { return s.Sid == "DenyUnlessPresigned" }),
			statement{Sid: "TooMuch", Effect: "Allow", Action: words{action}, Resource: words{"arn:aws:s3:::" + resource(a)}})
		a.policies[who] = p
	}
}

func denying(who string, actions ...string) func(*account) {
	return func(a *account) {
		p := a.policies[who]
		p.Statement = append(slices.Clone(p.Statement), statement{Sid: "Broken", Effect: "Deny", Action: actions, Resource: words{"arn:aws:s3:::*"}})
		a.policies[who] = p
	}
}

func exchangeItself(a *account) string { return a.exchange }
func staged(a *account) string         { return a.exchange + "/s/*" }
func delivered(a *account) string      { return a.exchange + "/o/*" }

// sdkBelievesIt: the SDK signs by the clock that answers show, which is not the
// one that MinIO goes by here.
var sdkBelievesIt = []string{"compare-and-swap store", "compare-and-swap exchange", "canary worker"}

// breakages has one for each check at least.
var breakages = []breakage{
	{"schema", editing(digest, "sha256:"+strings.Repeat("0", 64)), "configuration", "does not name the schema of route invoices", doctor.Fail, doctor.Configuration, nil},
	{"session", func(a *account) { a.lives["reader"] = 5 * time.Minute }, "credentials reader", "the end of credentials of the reader is in the way", doctor.Fail, doctor.Configuration, []string{"canary"}},
	{"short-session", func(a *account) { a.lives["writer"] = 20 * time.Minute }, "credentials writer", "more was asked for", doctor.Warn, "", nil},
	{"signature-age", editing("lifetime: 30m", "lifetime: 30m\n  signature_age: 5m"), "credentials reader", "the signature age is in the way", doctor.Fail, doctor.Configuration, []string{"credentials writer", "canary"}},
	{"one-identity", editing("profile: writer", "profile: reader"), "credentials writer", "signs as the reader does", doctor.Warn, "", []string{"canary writer"}},
	{"no-bucket", func(a *account) { a.edit(a.exchange, "b-"+a.exchange) }, "bucket exchange", "the bucket does not let us in", doctor.Fail, doctor.Configuration, nil},
	{"away", func(a *account) { a.vars["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:1" }, "bucket store", "cannot be reached", doctor.Fail, doctor.Unreachable, []string{"bucket exchange", "configuration"}},
	{"clock", func(a *account) { a.through(ahead(16 * time.Minute)) }, "clock", "off the store's clock; S3 refuses", doctor.Fail, doctor.Configuration, sdkBelievesIt},
	{"clock-a-little", func(a *account) { a.through(ahead(2 * time.Minute)) }, "clock", "more than timing.clock_skew", doctor.Warn, "", nil},
	{"everybody-wins", func(a *account) { a.through(everybodyWins()) }, "compare-and-swap exchange", "two writers were told", doctor.Fail, doctor.Configuration, []string{"compare-and-swap store"}},
	{"public-endpoint", editing("lifetime: 30m", "lifetime: 30m\n  endpoint: http://127.0.0.1:1"), "canary reader", "no connection", doctor.Fail, doctor.Unreachable, []string{"canary writer"}},
	{"reader-reads-nothing", denying("reader", "s3:GetObject"), "canary reader", "does not give the staged object: HTTP 403", doctor.Fail, doctor.Configuration, nil},
	{"writer-writes-nothing", denying("writer", "s3:PutObject"), "canary writer", "does not take a result: HTTP 403", doctor.Fail, doctor.Configuration, nil},
	{"worker-stages-nothing", denying("worker", "s3:PutObject"), "canary worker", "cannot stage", doctor.Fail, doctor.Configuration, []string{"compare-and-swap store", "compare-and-swap exchange"}},
	{"worker-removes-nothing", denying("worker", "s3:DeleteObjectVersion", "s3:DeleteObject"), "canary worker", "cannot remove the canary", doctor.Fail, doctor.Configuration, []string{"compare-and-swap store", "compare-and-swap exchange"}},
	{"reader-lists", allowing("reader", "s3:ListBucket", exchangeItself), "canary reader", "may list the exchange bucket", doctor.Fail, doctor.Configuration, nil},
	{"reader-writes", allowing("reader", "s3:PutObject", delivered), "canary reader", "may write a result", doctor.Fail, doctor.Configuration, nil},
	{"writer-reads", allowing("writer", "s3:GetObject", staged), "canary writer", "may read a document", doctor.Fail, doctor.Configuration, nil},
	{"writer-stages", allowing("writer", "s3:PutObject", staged), "canary writer", "may write a document", doctor.Fail, doctor.Configuration, nil},
	{"plain", (*account).plain, "encryption exchange", "not encrypted by default", doctor.Fail, doctor.Configuration, nil},
	{"public", (*account).public, "public-access exchange", "a listing without credentials is let in", doctor.Fail, doctor.Configuration, []string{"canary exchange"}},
	{"versioned", (*account).versioned, "versioning exchange", "versions are kept", doctor.Fail, doctor.Configuration, nil},
	{"locked", (*account).locked, "versioning exchange", "objects are locked by default", doctor.Fail, doctor.Configuration, []string{"canary worker", "compare-and-swap exchange"}},
	{"replicated", func(a *account) { a.through(replicating()) }, "replication exchange", "copied to another bucket", doctor.Fail, doctor.Configuration, nil},
	{"no-lifecycle", (*account).forever, "lifecycle exchange", "no rule expires s/", doctor.Fail, doctor.Configuration, nil},
	{"records-expire", (*account).recordsExpire, "lifecycle store", "paid again", doctor.Fail, doctor.Configuration, nil},
	{"no-events", func(a *account) { a.silent(a.store) }, "notifications store", "nobody is told of new documents", doctor.Fail, doctor.Configuration, nil},
	{"other-events", func(a *account) { a.notify(a.store, "elsewhere/") }, "notifications store", "nobody is told of new documents of route invoices", doctor.Fail, doctor.Configuration, nil},
	{"no-result-events", func(a *account) { a.silent(a.exchange) }, "notifications exchange", "noticed by listing", doctor.Warn, "", nil},
	{"no-stream", editing("stream: "+stream, "stream: NONE"), "sources nats", "the stream does not exist", doctor.Fail, doctor.Configuration, nil},
	{"key", func(a *account) { a.vars[config.APIKeyVariable] = "wrong" }, "provider", "refused the API key", doctor.Fail, doctor.Provider, nil},
	{"no-key", func(a *account) { delete(a.vars, config.APIKeyVariable) }, "provider", "no API key", doctor.Fail, doctor.Configuration, nil},
	{"provider-away", func(a *account) { _ = a.provider.Close() }, "provider", "", doctor.Fail, doctor.Unreachable, nil},
}

func (a *account) plain() {
	_, err := a.owner.DeleteBucketEncryption(a.t.Context(), &s3.DeleteBucketEncryptionInput{Bucket: &a.exchange})
	a.must(err)
}

// public lets a stranger list. This is one bucket policy that MinIO applies:
// nobody has signed in.
func (a *account) public() {
	text := policy{"2012-10-17", []statement{{Sid: "Public", Effect: "Allow", Action: words{"s3:ListBucket"}, Resource: words{"arn:aws:s3:::" + a.exchange}}}}.text()
	text = strings.Replace(text, `"Effect":`, `"Principal":{"AWS":["*"]},"Effect":`, 1)
	_, err := a.owner.PutBucketPolicy(a.t.Context(), &s3.PutBucketPolicyInput{Bucket: &a.exchange, Policy: &text})
	a.must(err)
}

func (a *account) versioned() {
	_, err := a.owner.PutBucketVersioning(a.t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &a.exchange, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	a.must(err)
}

// locked makes another exchange bucket: a lock is for life.
func (a *account) locked() {
	name := "l" + a.exchange
	_, err := a.owner.CreateBucket(a.t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(true)})
	a.must(err)
	_, err = a.owner.PutObjectLockConfiguration(a.t.Context(), &s3.PutObjectLockConfigurationInput{
		Bucket: &name, ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(1)}},
		},
	})
	a.must(err)
	a.edit(a.exchange, name)
	a.exchange = name
	a.must(a.w.minio.Encrypt(a.t.Context(), name))
	a.policies = rendered(a.t, a.store, name)
	a.expire(3)
	a.notify(name, "o/")
}

func (a *account) forever() {
	_, err := a.owner.DeleteBucketLifecycle(a.t.Context(), &s3.DeleteBucketLifecycleInput{Bucket: &a.exchange})
	a.must(err)
}

func (a *account) recordsExpire() {
	a.lifecycle(a.store, types.LifecycleRule{
		ID: aws.String("all"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
		Expiration: &types.LifecycleExpiration{Days: aws.Int32(90)},
	})
}

func (a *account) silent(name string) {
	_, err := a.owner.PutBucketNotificationConfiguration(a.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &name, NotificationConfiguration: &types.NotificationConfiguration{},
	})
	a.must(err)
}
