package presign

import (
	"errors"
	"fmt"
	"time"
)

// MaxLifetime is the longest that Signature Version 4 lets a presigned URL live
// (Amazon S3 API reference, "Authenticating Requests: Using Query Parameters").
const MaxLifetime = 7 * 24 * time.Hour

const (
	defaultAsked  = 6 * time.Hour
	defaultPolicy = 12 * time.Hour
	defaultSafety = time.Minute
)

// Limits is all that bounds the life of a URL from above (how long it may
// live) and from below (how long it must live to be of use). The zero value
// works. Signing works in whole seconds; a part of a second is cut off.
type Limits struct {
	// From above.

	// Asked is the life that is wanted and never exceeded. Default 6h.
	Asked time.Duration
	// Policy is the longest life that the organisation allows. Default 12h.
	Policy time.Duration
	// SignatureAge is the oldest signature that the bucket's policy lets in
	// (the condition key s3:signatureAge). Default 0: the policy has none.
	SignatureAge time.Duration
	// CredentialsEnd is when the signing credentials end. A Signer fills it in
	// from the credentials it uses; a time given here as well is a further
	// bound. Default zero: they do not end.
	CredentialsEnd time.Time
	// Safety is kept free before CredentialsEnd, for clocks that disagree.
	// Default 1m.
	Safety time.Duration

	// From below.

	// ProviderMinimum is the least validity that the provider accepts at
	// submission; see ProviderMinimum, the function. Default 0: it has none.
	ProviderMinimum time.Duration
	// JobTime is the longest that a job may take from signing to the end of
	// its delivery. Below it, the result is billed and lost. Default 0: unknown.
	JobTime time.Duration
}

// ProviderMinimum is the least remaining validity that the provider's newer
// interface asks of an output URL: 15 minutes, and 3 seconds for each page
// where the job parses pages.
func ProviderMinimum(pages int) time.Duration {
	return 15*time.Minute + time.Duration(max(pages, 0))*3*time.Second
}

// A Limit names one of the limits. The texts are stable.
type Limit string

// The limits from above, then the two from below.
const (
	LimitAsked        Limit = "asked lifetime"
	LimitPolicy       Limit = "policy maximum"
	LimitCredentials  Limit = "end of credentials"
	LimitSignatureAge Limit = "signature age"
	LimitSigV4        Limit = "seven days of SigV4"

	LimitProvider Limit = "provider minimum"
	LimitJob      Limit = "job time"
)

// TooShort refuses to sign: a URL would end before it is of use. Nothing was
// signed. It is safe to log.
type TooShort struct {
	Limit  Limit         // the limit from above that is in the way
	For    Limit         // what needs longer: LimitProvider or LimitJob
	Have   time.Duration // the life that Limit leaves, never negative
	Need   time.Duration // the least life that is of use
	Who    string        // "reader" or "writer" where Limit is LimitCredentials; may be empty
	Advice string        // what to change
}

// Error says which limit is in the way, by how much, and what to change.
func (e *TooShort) Error() string {
	who := ""
	if e.Who != "" {
		who = " of the " + e.Who
	}
	return fmt.Sprintf("a URL would live %s and the %s asks for %s: the %s%s is in the way; %s",
		e.Have, e.For, e.Need, e.Limit, who, e.Advice)
}

// Until answers "until when?" for a URL that is signed at now: the time and the
// limit that set it, or a *TooShort. The time is a whole number of seconds
// after now cut to the second, because that is what a URL can say.
func (l Limits) Until(now time.Time) (time.Time, Limit, error) {
	l = l.withDefaults()
	start := now.UTC().Truncate(time.Second)
	life, limit := l.longest(start)
	need, forWhat := l.least()
	if life < need {
		return time.Time{}, limit, &TooShort{
			Limit: limit, For: forWhat, Have: max(life, 0), Need: need, Advice: limit.advice(),
		}
	}
	return start.Add(life), limit, nil
}

// longest is the smallest of the limits from above, and which one it is. Of
// equal ones the first in the order of the list counts: what is easiest to
// change.
func (l Limits) longest(start time.Time) (time.Duration, Limit) {
	life, limit := l.Asked, LimitAsked
	lower := func(d time.Duration, name Limit) {
		if d < life {
			life, limit = d, name
		}
	}
	lower(l.Policy, LimitPolicy)
	if l.SignatureAge > 0 {
		lower(l.SignatureAge, LimitSignatureAge)
	}
	lower(MaxLifetime, LimitSigV4)
	if !l.CredentialsEnd.IsZero() {
		lower(l.CredentialsEnd.Sub(start)-l.Safety, LimitCredentials)
	}
	return life.Truncate(time.Second), limit
}

// least is the larger of the limits from below, rounded up: a URL of less than
// a second is of no use to anybody.
func (l Limits) least() (time.Duration, Limit) {
	need, forWhat := max(l.JobTime, time.Second), LimitJob
	if l.ProviderMinimum > need {
		need, forWhat = l.ProviderMinimum, LimitProvider
	}
	if cut := need.Truncate(time.Second); cut < need {
		need = cut + time.Second
	}
	return need, forWhat
}

func (l Limits) withDefaults() Limits {
	if l.Asked == 0 {
		l.Asked = defaultAsked
	}
	if l.Policy == 0 {
		l.Policy = defaultPolicy
	}
	if l.Safety == 0 {
		l.Safety = defaultSafety
	}
	return l
}

// validate names the field that cannot be meant.
func (l Limits) validate() error {
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"Asked", l.Asked},
		{"Policy", l.Policy},
		{"SignatureAge", l.SignatureAge},
		{"Safety", l.Safety},
		{"ProviderMinimum", l.ProviderMinimum},
		{"JobTime", l.JobTime},
	} {
		if f.value < 0 {
			return errors.New("presign: Config.Lifetime." + f.name + " is negative")
		}
	}
	return nil
}

// advice says what a person can change about a limit. What it says of
// platforms is from AWS's documentation of each credential source.
func (l Limit) advice() string {
	switch l {
	case LimitAsked:
		return "raise the signing lifetime (signing.lifetime)"
	case LimitPolicy:
		return "have the policy allow longer URLs (policy.max_url_lifetime), or split the document"
	case LimitSignatureAge:
		return "raise s3:signatureAge in the exchange bucket's policy, or drop the condition"
	case LimitCredentials:
		return "sign with credentials that live longer: a role assumed directly or by web identity (IRSA) lives up to its " +
			"maximum session duration, an SSO session until its login ends (log in again); an instance, a task, " +
			"EKS Pod Identity, Lambda or a chained role cannot be asked for more, so give reader and writer roles or users of their own"
	default:
		return "nobody can sign for longer than seven days: split the document, so that a job takes less"
	}
}
