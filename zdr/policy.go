package zdr

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The provider's base URLs, one a region.
const (
	baseUS = "https://api.va.landing.ai"
	baseEU = "https://api.va.eu-west-1.landing.ai"
)

// maxLifetime is the longest validity of a SigV4 presigned URL, and
// defaultLifetime the longest that a policy lets through unless it says more.
const (
	maxLifetime     = 7 * 24 * time.Hour
	defaultLifetime = 12 * time.Hour
)

// Policy says what may leave: to which hosts, with which schemas, by URLs of
// which lifetime. The zero value allows both built-in hosts and no schema.
type Policy struct {
	// Region is "us" or "eu": documents stay there, and the other region's host
	// is not allowed. Default "": the US host, and both may be chosen.
	Region string
	// Hosts are further base URLs of the provider, "https://host[:port]"; in
	// Development "http://127.0.0.1:port". Default none.
	Hosts []string
	// Schemas are digests of approved schemas, "sha256:" and 64 hex digits.
	// Approve adds one. Default none: no extraction goes out.
	Schemas []string
	// Prompts are digests of approved custom prompts, as those of Schemas.
	// ApprovePrompts adds one. Default none: a parse that has some is refused.
	Prompts []string
	// SyncCalls lets out calls that are answered with content, which Stream
	// hands through. Default false: they are refused.
	SyncCalls bool
	// URLPrefixes say where outbox URLs lie, up to and with a slash, e.g.
	// "https://bucket.s3.us-east-2.amazonaws.com/o/". If there are any, an
	// output_save_url must lie under one, and a reply's output_url may.
	// Default none: a reply may name only what this guard let out.
	URLPrefixes []string
	// StagingPrefixes say where staged documents lie, as URLPrefixes do of
	// outboxes, e.g. "https://bucket.s3.us-east-2.amazonaws.com/s/". If there are
	// any, a markdown_url or document_url must lie under one: a URL of a document
	// where its team keeps it would say its name. Default none: any that was
	// deposited.
	StagingPrefixes []string
	// MaxURLLifetime bounds Until - SignedAt of a presigned URL. Default 12h,
	// at most 7 days.
	MaxURLLifetime time.Duration
	// CABundle is PEM of further roots to trust for the provider's host.
	// Default none: the system's roots alone.
	CABundle []byte
	// Development is all or nothing: provider and URLs are literal loopback
	// addresses over plain http, and no other host can be reached at all. There
	// is no setting that lets plain http or loopback through otherwise.
	Development bool

	approved []approval
}

// approval keeps for the record how a schema came to be approved.
type approval struct{ digest, how string }

// Approve adds a schema's digest. How is a word of ours for the record, e.g.
// "policy-file" or "command-line": letters, digits, '-', '_'; other words are
// recorded as "other".
func (p *Policy) Approve(s Schema, how string) {
	if s.IsZero() {
		return
	}
	if !isToken(how, 32, "-_") {
		how = "other"
	}
	p.approved = append(slices.Clone(p.approved), approval{s.Digest(), how})
	if !slices.Contains(p.Schemas, s.Digest()) {
		p.Schemas = append(slices.Clone(p.Schemas), s.Digest())
	}
}

// ApprovePrompts adds the digest of custom prompts. How is as in Approve.
func (p *Policy) ApprovePrompts(prompts Prompts, how string) {
	if prompts.IsZero() {
		return
	}
	if !isToken(how, 32, "-_") {
		how = "other"
	}
	p.approved = append(slices.Clone(p.approved), approval{prompts.Digest(), how})
	if !slices.Contains(p.Prompts, prompts.Digest()) {
		p.Prompts = append(slices.Clone(p.Prompts), prompts.Digest())
	}
}

// Validate reports the first setting that cannot be, as a *PolicyError.
func (p Policy) Validate() error {
	for _, check := range []func(Policy) error{
		Policy.checkRegion, Policy.checkHosts, Policy.checkSchemas, Policy.checkPrefixes,
		Policy.checkLifetime, Policy.checkRoots,
	} {
		if err := check(p); err != nil {
			return err
		}
	}
	return nil
}

func (p Policy) checkRegion() error {
	switch p.Region {
	case "", "us", "eu":
		return nil
	}
	return &PolicyError{"Region", `use "us" or "eu"`}
}

func (p Policy) checkHosts() error {
	if p.Development && len(p.Hosts) == 0 {
		return &PolicyError{"Hosts", "development needs the loopback base URL of the stand-in, http://127.0.0.1:port"}
	}
	for _, h := range p.Hosts {
		u, err := url.Parse(h)
		if err != nil || h != u.Scheme+"://"+u.Host || !p.allowsOrigin(u) {
			if p.Development {
				return &PolicyError{"Hosts", "development allows http://ADDRESS:port with a literal loopback address only"}
			}
			return &PolicyError{"Hosts", "use https://host or https://host:port, in lower case, not loopback, without a path"}
		}
	}
	return nil
}

func (p Policy) checkSchemas() error {
	if !areDigests(p.Schemas) {
		return &PolicyError{"Schemas", "use sha256: and 64 lower-case hex digits"}
	}
	if !areDigests(p.Prompts) {
		return &PolicyError{"Prompts", "use sha256: and 64 lower-case hex digits"}
	}
	return nil
}

func areDigests(list []string) bool {
	for _, d := range list {
		hexa, ok := strings.CutPrefix(d, "sha256:")
		if !ok || len(hexa) != 64 || strings.Trim(hexa, "0123456789abcdef") != "" {
			return false
		}
	}
	return true
}

func (p Policy) checkPrefixes() error {
	if slices.ContainsFunc(p.URLPrefixes, p.isNoPrefix) {
		return &PolicyError{"URLPrefixes", prefixAdvice}
	}
	if slices.ContainsFunc(p.StagingPrefixes, p.isNoPrefix) {
		return &PolicyError{"StagingPrefixes", prefixAdvice}
	}
	return nil
}

const prefixAdvice = "use scheme, host and path up to and with a slash, of the kind that the policy's mode allows"

func (p Policy) isNoPrefix(s string) bool {
	u, err := url.Parse(s)
	return err != nil || !p.allowsURL(u) || u.RawQuery != "" || u.ForceQuery || !strings.HasSuffix(s, "/")
}

func (p Policy) checkLifetime() error {
	if p.MaxURLLifetime < 0 || p.MaxURLLifetime > maxLifetime {
		return &PolicyError{"MaxURLLifetime", "use a time from 0 (12h) to 7 days"}
	}
	return nil
}

func (p Policy) checkRoots() error {
	if len(p.CABundle) > 0 && !x509.NewCertPool().AppendCertsFromPEM(p.CABundle) {
		return &PolicyError{"CABundle", "it holds no certificate in PEM"}
	}
	return nil
}

// BaseURL gives the base URL that choice selects: "" selects the region's
// built-in host (in Development the first of Hosts), anything else must be a
// built-in host of the region or one of Hosts. An environment variable may so
// choose, and cannot add. A *PolicyError otherwise.
func (p Policy) BaseURL(choice string) (string, error) {
	allowed := p.bases()
	if len(allowed) == 0 {
		return "", &PolicyError{"Hosts", "development needs the loopback base URL of the stand-in, http://127.0.0.1:port"}
	}
	if choice == "" {
		return allowed[0], nil
	}
	choice = strings.TrimSuffix(choice, "/")
	if !slices.Contains(allowed, choice) {
		return "", &PolicyError{"Hosts", "the chosen base URL is not among those that the policy allows; add it there"}
	}
	return choice, nil
}

func (p Policy) bases() []string {
	if p.Development {
		return p.Hosts
	}
	var b []string
	if p.Region != "eu" {
		b = append(b, baseUS)
	}
	if p.Region != "us" {
		b = append(b, baseEU)
	}
	return append(b, p.Hosts...)
}

func (p Policy) lifetime() time.Duration {
	if p.MaxURLLifetime == 0 {
		return defaultLifetime
	}
	return p.MaxURLLifetime
}

// allowsURL is the shape of every URL that may leave: nothing but scheme, host,
// path and query, and a path that is written in one way only.
func (p Policy) allowsURL(u *url.URL) bool {
	return u.Opaque == "" && u.User == nil && u.Fragment == "" && u.RawFragment == "" &&
		strings.HasPrefix(u.Path, "/") && !hasDots(u.Path) && p.allowsOrigin(u)
}

// allowsOrigin holds the two modes apart: https to the world, or plain http to
// a literal loopback address. Names are not asked what they resolve to: the
// dial check sees that.
func (p Policy) allowsOrigin(u *url.URL) bool {
	if u.Host == "" || u.Host != strings.ToLower(u.Host) || strings.ContainsAny(u.Host, " @\\%") {
		return false
	}
	if p.Development {
		return u.Scheme == "http" && isLoopback(u.Hostname())
	}
	return u.Scheme == "https" && !isLocalName(u.Hostname())
}

// isLoopback accepts 127.0.0.0/8 and ::1 as they are: no name, and no IPv4 in
// IPv6. A zone has a percent sign, which allowsOrigin refuses.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && !a.Is4In6() && a.IsLoopback()
}

func isLocalName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && (a.Unmap().IsLoopback() || a.IsUnspecified())
}

func hasDots(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return s == "." || s == ".." })
}
