package zdr

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The operations that a guard knows. Anything else is refused.
const (
	ExtractCreate = "extract.create" // POST /v1/ade/extract/jobs
	ExtractGet    = "extract.get"    // GET /v1/ade/extract/jobs/{job}
	ExtractList   = "extract.list"   // GET /v1/ade/extract/jobs
)

// opPresign stands in entries for what the signer does; no request has it.
const opPresign = "presign"

// operation is one row of the guard's table: what may go out, and what may come
// back.
type operation struct {
	method string
	path   string
	ofJob  bool                               // the path ends with the job of the call
	query  map[string]func(value string) bool // the parameters it takes, each at most once
	fields []fieldRule                        // the form it sends; none: no body
	// streams: a reply of 200 or 206 is content, for Stream alone.
	streams bool
	timeout time.Duration                    // default callTimeout
	limit   int                              // bytes of the longest reply
	reply   shape                            // of a 2xx
	finish  func(*Reply, receipt, Call) bool // false: not a reply to this call
}

// fieldRule is one field that may leave.
type fieldRule struct {
	name     string
	required bool
	// check gives the rule that value breaks, or "".
	check func(p Policy, value string) string
	// role is set where the value is a presigned URL.
	role Role
	// secret: not even its length is recorded.
	secret bool
}

const extractJobs = "/v1/ade/extract/jobs"

// The wire is the provider's published OpenAPI v1. `markdown` is missing among
// the fields on purpose: there is no way for content to leave.
var operations = map[string]operation{
	ExtractCreate: {
		method: http.MethodPost,
		path:   extractJobs,
		fields: []fieldRule{
			{name: "schema", required: true, check: checkSchemaValue},
			{name: "model", check: checkModel},
			{name: "strict", check: checkStrict},
			{name: "markdown_url", required: true, check: checkStaged, role: Reader},
			{name: "output_save_url", required: true, check: checkOutbox, role: Writer},
		},
		limit: 1 << 20, reply: createdShape, finish: finishCreate,
	},
	ExtractGet: {
		method: http.MethodGet, path: extractJobs, ofJob: true,
		limit: 1 << 20, reply: extractJobShape, finish: finishGet,
	},
	ExtractList: {
		method: http.MethodGet, path: extractJobs, query: listQuery,
		limit: 4 << 20, reply: jobListShape, finish: finishList,
	},
	ParseCreate: parseCreateOperation,
	ParseGet:    parseGetOperation,
	ParseList:   parseListOperation,
	ParseSync:   parseSyncOperation,
}

// listQuery are the parameters of both lists.
var listQuery = map[string]func(string) bool{
	"page":     func(v string) bool { return isNumber(v, 0, 1_000_000) },
	"pageSize": func(v string) bool { return isNumber(v, 1, 100) },
	"status":   isStatus,
}

var statuses = []string{"cancelled", "completed", "failed", "pending", "processing"}

func isStatus(v string) bool { return slices.Contains(statuses, v) }

// isNumber accepts one spelling of a number only.
func isNumber(v string, least, most int) bool {
	n, err := strconv.Atoi(v)
	return err == nil && n >= least && n <= most && strconv.Itoa(n) == v
}

func checkModel(_ Policy, v string) string {
	if !isToken(v, 64, "._-") {
		return RuleModel
	}
	return ""
}

func checkStrict(_ Policy, v string) string {
	if v != "true" && v != "false" {
		return RuleStrict
	}
	return ""
}

func checkSchemaValue(p Policy, v string) string {
	s, err := ParseSchema([]byte(v))
	if err != nil || string(s.Canonical()) != v {
		return RuleSchemaForm
	}
	if !slices.Contains(p.Schemas, s.Digest()) {
		return RuleSchema
	}
	return ""
}

// maxURLBytes leaves room for a session token in the query.
const maxURLBytes = 8 << 10

func checkURL(p Policy, v string) string {
	if _, ok := p.parseURL(v); !ok {
		return RuleURL
	}
	return ""
}

// parseURL takes a URL of the one shape that may leave, written in the one way
// that net/url writes it.
func (p Policy) parseURL(raw string) (*url.URL, bool) {
	if len(raw) > maxURLBytes {
		return nil, false
	}
	u, err := url.Parse(raw)
	return u, err == nil && p.allowsURL(u) && u.String() == raw
}

func checkOutbox(p Policy, v string) string {
	if rule := checkURL(p, v); rule != "" {
		return rule
	}
	if len(p.URLPrefixes) > 0 && !underPrefix(p.URLPrefixes, v) {
		return RuleURLPrefix
	}
	return ""
}

func checkStaged(p Policy, v string) string {
	if rule := checkURL(p, v); rule != "" {
		return rule
	}
	if len(p.StagingPrefixes) > 0 && !underPrefix(p.StagingPrefixes, v) {
		return RuleURLPrefix
	}
	return ""
}

// underPrefix expects a URL that checkURL let through: its path has no dots.
func underPrefix(prefixes []string, raw string) bool {
	bare, _, _ := strings.Cut(raw, "?")
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return len(bare) > len(prefix) && strings.HasPrefix(bare, prefix)
	})
}
