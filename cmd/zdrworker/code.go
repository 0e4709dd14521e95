package main

// code is the stable name of a class of errors: what scripts and dashboards go
// by. It is never renamed.
type code string

const (
	codeUsage         code = "usage"
	codeConfigInvalid code = "config_invalid"
	codeConfigMissing code = "config_missing"
	codeConfigAbsent  code = "config_not_found"
	codeEnvironment   code = "environment_unsafe"
	codeFile          code = "file_unusable"
	codeFileExists    code = "file_exists"
	codeSchemaInvalid code = "schema_invalid"
	codeSchemaLint    code = "schema_lint"
	codeNotApproved   code = "schema_not_approved"
	codePolicy        code = "policy_invalid"
	codeRouteInvalid  code = "route_invalid"
	codeNoRoute       code = "no_route"
	codeNeedsParse    code = "needs_parse"
	codeKeyRefused    code = "key_refused"
	codeKeyTooLong    code = "key_too_long"
	codeNoAPIKey      code = "api_key_missing"
	codeNoCredentials code = "credentials_missing"
	codeNoBucket      code = "bucket_missing"
	codeDenied        code = "access_denied"
	codeUnavailable   code = "store_unavailable"
	codeInterrupted   code = "interrupted"
	codeTerminated    code = "terminated"
	codeInternal      code = "internal"
)

// class is what is known of a code: its exit code, what it means, and what to
// do unless the error itself knows better.
type class struct {
	code    code
	exit    int
	meaning string
	hint    string
}

// classes is every code, in the order of `zdrworker help errors`.
var classes = []class{
	{codeUsage, exitUsage, "the command line cannot be understood", "`zdrworker help` lists the commands"},
	{codeConfigInvalid, exitUsage, "the configuration says something that cannot be", "`zdrworker config check` lists all that is wrong"},
	{codeConfigMissing, exitUsage, "a setting is needed that is not set", "`zdrworker help environment` lists the settings"},
	{codeConfigAbsent, exitUsage, "the configuration file that was named does not exist", "`zdrworker init` writes one"},
	{codeEnvironment, exitUsage, "the process could not be kept from leaking", "take GODEBUG out of the environment and start again"},
	{codeFile, exitUsage, "a file that was named cannot be read or written", "check that it exists and who may read it"},
	{codeFileExists, exitUsage, "a file would be overwritten", "name another file, or move the old one away"},
	{codeSchemaInvalid, exitUsage, "the schema is none, or the provider would refuse it", "`zdrworker schema check FILE` says where"},
	{codeSchemaLint, exitUsage, "the schema says things that the provider should perhaps not keep", "change them, or approve them as they are with --yes"},
	{codeNotApproved, exitUsage, "the policy does not name the schema, so it may not leave", "`zdrworker policy approve FILE` adds it"},
	{codePolicy, exitUsage, "the policy says something that cannot be", "`zdrworker policy show` explains each rule"},
	{codeRouteInvalid, exitUsage, "a route cannot be used", "`zdrworker config check` lists all that is wrong"},
	{codeNoRoute, exitUsage, "no route takes the document", "`zdrworker route test KEY` shows why"},
	{codeNeedsParse, exitUsage, "the document is no Markdown, and this version sends nothing else", "convert it to Markdown first"},
	{codeKeyRefused, exitUsage, "the object's key could be read as another one", "give the object another key"},
	{codeKeyTooLong, exitUsage, "the key of the document or of its result would be over 1,024 bytes", "give the object a shorter key; nothing is cut"},
	{codeNoAPIKey, exitUsage, "there is no API key for the provider", "set VISION_AGENT_API_KEY or provider.api_key_file"},
	{codeNoCredentials, exitUsage, "there are no usable credentials for the buckets", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"},
	{codeNoBucket, exitUsage, "a bucket does not exist, or is in another region", "check the bucket's name and AWS_REGION"},
	{codeDenied, exitUsage, "the store refuses these credentials", "check what the credentials may do"},
	{codeUnavailable, exitError, "the store cannot be reached, or asks to slow down", "try again; what is done is kept"},
	{codeInterrupted, exitInterrupt, "SIGINT; state is safe", "the same command again goes on where it stopped"},
	{codeTerminated, exitTerminated, "SIGTERM; state is safe", "the same command again goes on where it stopped"},
	{codeInternal, exitError, "an error without a class of its own", "run it again with --log-level debug"},
}

// classOf finds a code's class; an unknown code is internal.
func classOf(c code) class {
	last := classes[len(classes)-1]
	for _, k := range classes {
		if k.code == c {
			return k
		}
	}
	return last
}
