package zdr

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBodyBytes is the longest body of a create that is read at all.
const maxBodyBytes = 2 << 20

// outgoing is what was let through: the parts of which a new request is made.
// Nothing in it is the caller's.
type outgoing struct {
	op     operation
	about  Call
	base   string
	target string // path and query
	auth   string
	body   []byte
	fields map[string]int
	hidden int // bytes of the body whose number is not recorded
	schema string
	until  time.Time

	prompts string
	to      *sink // of content; nil where there is none
}

// vet checks a request against its operation, cheapest things first, and uses
// the capabilities last, so that a request refused for another reason spends
// none. It gives the rule that was broken, or "".
func (g *Guard) vet(req *http.Request, about Call, to *sink) (out outgoing, rule string) {
	op, known := operations[about.Operation]
	if !known || req == nil || req.URL == nil || op.streams != (to != nil) {
		return out, RuleOperation
	}
	out = outgoing{op: op, about: about, base: g.BaseURL(), to: to}
	if op.streams && !g.policy.SyncCalls {
		return out, RuleSyncCalls
	}
	for _, check := range []func(*outgoing, *http.Request) string{
		checkReference, checkMethod, checkHost, checkTarget, checkHeader, checkTransfer,
	} {
		if rule := check(&out, req); rule != "" {
			return out, rule
		}
	}
	if rule := out.readBody(req); rule != "" {
		return out, rule
	}
	return out, g.checkForm(&out)
}

// isRef keeps names out of the record: a ref is random bits, written in a few
// plain characters.
func isRef(s string) bool { return isToken(s, 64, "_-") }

func checkReference(out *outgoing, _ *http.Request) string {
	a := out.about
	creates := len(out.op.fields) > 0
	if a.Attempt < 0 || a.Ref != "" && !isRef(a.Ref) || creates && (a.Ref == "" || a.Attempt < 1) {
		return RuleReference
	}
	if out.op.ofJob == a.Job.IsZero() {
		return RuleJob
	}
	return ""
}

func checkMethod(out *outgoing, req *http.Request) string {
	if req.Method != out.op.method {
		return RuleMethod
	}
	return ""
}

// checkHost compares scheme, host and port with the base URL in force, letter
// by letter. Opaque would replace the target that is sent.
func checkHost(out *outgoing, req *http.Request) string {
	u := req.URL
	if u.Scheme+"://"+u.Host != out.base || u.User != nil || u.Opaque != "" || u.OmitHost ||
		req.Host != "" && req.Host != u.Host {
		return RuleHost
	}
	return ""
}

func checkTarget(out *outgoing, req *http.Request) string {
	u, path := req.URL, out.op.path
	if out.op.ofJob {
		path += "/" + out.about.Job.String()
	}
	if u.Path != path || u.RawPath != "" || u.Fragment != "" || u.RawFragment != "" {
		return RulePath
	}
	query, ok := out.op.canonicalQuery(u.RawQuery)
	if !ok || u.ForceQuery || query != u.RawQuery {
		return RuleQuery
	}
	out.target = path
	if query != "" {
		out.target += "?" + query
	}
	return ""
}

// canonicalQuery writes a query again from what was understood of it.
func (op operation) canonicalQuery(raw string) (string, bool) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", false
	}
	for name, v := range values {
		check, known := op.query[name]
		if !known || len(v) != 1 || !check(v[0]) {
			return "", false
		}
	}
	return values.Encode(), true
}

// checkHeader lets four headers be there. Idempotency-Key is not one of them:
// it makes net/http send a POST twice. Accept and User-Agent are replaced by
// our own.
func checkHeader(out *outgoing, req *http.Request) string {
	for name, values := range req.Header {
		switch name {
		case "Authorization", "Content-Type", "Accept", "User-Agent":
		default:
			return RuleHeader
		}
		if len(values) != 1 {
			return RuleHeader
		}
	}
	want := ""
	if len(out.op.fields) > 0 {
		want = formContentType
	}
	if req.Header.Get("Content-Type") != want {
		return RuleHeader
	}
	out.auth = req.Header.Get("Authorization")
	if !isBearer(out.auth) {
		return RuleAuthorization
	}
	return ""
}

func isBearer(s string) bool {
	key, ok := strings.CutPrefix(s, "Bearer ")
	if !ok || key == "" || len(key) > 512 {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// checkTransfer refuses a stream as well: a body whose length nobody says may
// never end, and the guard reads all of it first.
func checkTransfer(out *outgoing, req *http.Request) string {
	stream := req.Body != nil && req.Body != http.NoBody && req.ContentLength <= 0
	//lint:ignore SA1019 a request that carries the old channel is refused
	if len(req.TransferEncoding) > 0 || len(req.Trailer) > 0 || req.Cancel != nil || stream && len(out.op.fields) > 0 {
		return RuleTransfer
	}
	return ""
}

// readBody reads the body once. GetBody is never called: it could give other
// bytes.
func (out *outgoing) readBody(req *http.Request) string {
	if req.Body == nil || req.Body == http.NoBody {
		if len(out.op.fields) > 0 {
			return RuleBody
		}
		return ""
	}
	if len(out.op.fields) == 0 {
		return RuleBody
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBodyBytes+1))
	switch {
	case err != nil:
		return RuleBody
	case len(body) > maxBodyBytes:
		return RuleBodySize
	}
	out.body = body
	return ""
}

// checkForm holds the body to the operation's fields, then uses the grants of
// its URLs.
func (g *Guard) checkForm(out *outgoing) string {
	if len(out.op.fields) == 0 {
		return ""
	}
	fields, ok := parseForm(out.body)
	if !ok {
		return RuleCanonical
	}
	values := map[string]string{}
	for _, f := range fields {
		if _, doubled := values[f.name]; doubled {
			return RuleField
		}
		values[f.name] = f.value()
	}
	claims, rule := out.checkValues(g.policy, values)
	if rule != "" {
		return rule
	}
	out.body = encodeForm(fields)
	out.until, rule = g.grants.take(time.Now(), claims)
	return rule
}

func (out *outgoing) checkValues(p Policy, values map[string]string) (claims []claim, rule string) {
	out.fields = map[string]int{}
	for _, f := range out.op.fields {
		v, there := values[f.name]
		if !there && f.required {
			return nil, RuleField
		}
		if !there {
			continue
		}
		if rule := f.check(p, v); rule != "" {
			return nil, rule
		}
		out.count(f, len(v))
		if f.role != "" {
			claims = append(claims, claim{sha256.Sum256([]byte(v)), f.role, out.about.Ref, out.about.Attempt})
		}
	}
	if len(out.fields) != len(values) {
		return nil, RuleField
	}
	out.schema, out.prompts = digestOf(values["schema"]), digestOf(values["custom_prompts"])
	return claims, ""
}

func (out *outgoing) count(f fieldRule, n int) {
	if f.secret {
		out.fields[f.name], out.hidden = 0, out.hidden+n
		return
	}
	out.fields[f.name] = n
}
