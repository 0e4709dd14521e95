package zdr

import "net/http"

// The operations that turn a document into Markdown.
const (
	ParseCreate = "parse.create" // POST /v1/ade/parse/jobs
	ParseGet    = "parse.get"    // GET /v1/ade/parse/jobs/{job}
	ParseList   = "parse.list"   // GET /v1/ade/parse/jobs
	// ParseSync answers with the content itself. It is for Guard.Stream alone,
	// and refused where the policy does not say SyncCalls.
	ParseSync = "parse.sync" // POST /v1/ade/parse
)

const (
	parseJobs = "/v1/ade/parse/jobs"
	parseSync = "/v1/ade/parse"
)

// parseFields are those of both parses. `document` is missing among them on
// purpose, as `markdown` is elsewhere.
var parseFields = []fieldRule{
	{name: "model", check: checkModel},
	{name: "split", check: checkSplit},
	{name: "custom_prompts", check: checkPrompts},
	{name: "password", check: checkPassword, secret: true},
	{name: "document_url", required: true, check: checkStaged, role: Reader},
}

var parseCreateFields = append(parseFields[:len(parseFields):len(parseFields)],
	fieldRule{name: "output_save_url", required: true, check: checkOutbox, role: Writer})

func checkSplit(_ Policy, v string) string {
	if v != "page" {
		return RuleSplit
	}
	return ""
}

var parseCreateOperation = operation{
	method: http.MethodPost, path: parseJobs, fields: parseCreateFields,
	limit: 1 << 20, reply: createdShape, finish: finishCreate,
}

var parseGetOperation = operation{
	method: http.MethodGet, path: parseJobs, ofJob: true,
	limit: 1 << 20, reply: parseJobShape, finish: finishGet,
}

var parseListOperation = operation{
	method: http.MethodGet, path: parseJobs, query: listQuery,
	limit: 4 << 20, reply: jobListShape, finish: finishList,
}

// parseSyncOperation has no shape of a success: that is content and is handed
// through unread. Its limit is that of an error.
var parseSyncOperation = operation{
	method: http.MethodPost, path: parseSync, fields: parseFields, streams: true,
	limit: 1 << 20, timeout: syncTimeout,
}

// parseJobShape is a parse job of the published OpenAPI v1. The file's name and
// the account's are not kept from its receipt: the one is made up from our URL,
// the other stands beside it.
var parseJobShape = object(append(summaryMembers[:len(summaryMembers):len(summaryMembers)],
	of("version", kindOf(isPlain)), of("org_id", kindOf(isPlain)), of("metadata", parseMetadataShape),
	of("data", kindOf(isContent)), of("output_url", kindOf(isOutputURL)),
)...)

var parseMetadataShape = object(
	of("filename", kindOf(isIgnored)), of("org_id", kindOf(isIgnored)), of("page_count", kindOf(isNumeric)),
	of("failed_pages", arrayOf(kindOf(isNumeric))), of("duration_ms", kindOf(isNumeric)),
	of("credit_usage", kindOf(isNumeric)), of("job_id", kindOf(isPlain)), of("version", kindOf(isPlain)),
)
