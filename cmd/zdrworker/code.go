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
	codeParsed        code = "no_parse_needed"
	codeKeyRefused    code = "key_refused"
	codeKeyTooLong    code = "key_too_long"
	codeNoAPIKey      code = "api_key_missing"
	codeNoCredentials code = "credentials_missing"
	codeNoBucket      code = "bucket_missing"
	codeDenied        code = "access_denied"
	codeUnavailable   code = "store_unavailable"
	codeUnsafe        code = "store_unsafe"
	codeURLTooShort   code = "url_lifetime_too_short"
	codeForeignFleet  code = "foreign_fleet"
	codeRouteChanged  code = "route_changed"
	codeNewerFormat   code = "newer_format"
	codeNoJob         code = "job_not_found"
	codeAmbiguous     code = "ref_ambiguous"
	codeWrongState    code = "wrong_state"
	codeBreaker       code = "breaker_open"
	codePaused        code = "paused"
	codeBudget        code = "budget_used_up"
	codeQueue         code = "queue_unavailable"
	codeSource        code = "source_missing"
	codeViolation     code = "violation"
	codeRefused       code = "request_refused"
	codeStopped       code = "provider_refused"
	codeSourceGone    code = "source_gone"
	codeSourceChanged code = "source_changed"
	codeArchived      code = "source_archived"
	codeUnread        code = "source_unreadable"
	codeEmpty         code = "document_empty"
	codeBinary        code = "document_not_text"
	codeMismatch      code = "document_mismatch"
	codeTooLarge      code = "document_too_large"
	codeEncrypted     code = "document_encrypted"
	codeBroken        code = "document_broken"
	codeNoPages       code = "document_no_pages"
	codeRejected      code = "provider_rejected"
	codeJobFailed     code = "provider_job_failed"
	codeUnreachable   code = "url_unreachable"
	codeResultInvalid code = "result_invalid"
	codeResultLarge   code = "result_too_large"
	codeResultForeign code = "result_of_another_job"
	codeResultLost    code = "result_lost"
	codePartial       code = "result_partial"
	codeParseGone     code = "parse_result_gone"
	codeNotDelivered  code = "billed_not_delivered"
	codeUncertain     code = "billing_uncertain"
	codeAbandoned     code = "abandoned"
	codeNoBackfill    code = "backfill_not_found"
	codeWaiting       code = "wait_ended"
	codeConfirm       code = "confirmation_needed"
	codeUnhealthy     code = "unhealthy"
	codeAway          code = "unhealthy_unreachable"
	codeKeyless       code = "unhealthy_provider"
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
	{codeFile, exitUsage, "a file that was named cannot be read or written", "check that it is there, who may read or write it, and that there is room"},
	{codeFileExists, exitUsage, "a file would be overwritten", "name another file, or move the old one away"},
	{codeSchemaInvalid, exitUsage, "the schema is none, or the provider would refuse it", "`zdrworker schema check FILE` says where"},
	{codeSchemaLint, exitUsage, "the schema says things that the provider should perhaps not keep", "change them, or approve them as they are with --yes"},
	{codeNotApproved, exitUsage, "the policy does not name the schema, so it may not leave", "`zdrworker policy approve FILE` adds it"},
	{codePolicy, exitUsage, "the policy says something that cannot be", "`zdrworker policy show` explains each rule"},
	{codeRouteInvalid, exitUsage, "a route cannot be used", "`zdrworker config check` lists all that is wrong"},
	{codeNoRoute, exitUsage, "no route takes the document", "`zdrworker route test KEY` shows why"},
	{codeParsed, exitUsage, "the document is Markdown already", "leave --parse-only out to extract from it"},
	{codeKeyRefused, exitUsage, "the object's key could be read as another one", "give the object another key"},
	{codeKeyTooLong, exitUsage, "the key of the document or of its result would be over 1,024 bytes", "give the object a shorter key; nothing is cut"},
	{codeNoAPIKey, exitUsage, "there is no API key for the provider", "set VISION_AGENT_API_KEY or provider.api_key_file"},
	{codeNoCredentials, exitUsage, "there are no usable credentials for the buckets", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"},
	{codeNoBucket, exitUsage, "a bucket does not exist, or is in another region", "check the bucket's name and AWS_REGION"},
	{codeDenied, exitUsage, "the store refuses these credentials", "check what the credentials may do"},
	{codeUnavailable, exitError, "the store cannot be reached, or asks to slow down", "try again; what is done is kept"},
	{codeUnsafe, exitUsage, "the store lets two writers win the same state: jobs would be lost or paid twice", "use a store, and a version of it, that keeps If-None-Match and If-Match"},
	{codeURLTooShort, exitStopped, "presigned URLs would end before the job may", "it says which limit is in the way and what to change; `zdrworker doctor` shows all of them"},
	{codeForeignFleet, exitUsage, "a bucket is used by another fleet", "give each store an exchange bucket of its own"},
	{codeRouteChanged, exitUsage, "a route was edited, and nothing says yet what becomes of its documents", "give the route the next revision"},
	{codeNewerFormat, exitError, "a newer program wrote what is in the bucket", "use the newer program"},
	{codeNoJob, exitUsage, "no job has this ref or document", "`zdrworker jobs list` lists the open ones"},
	{codeAmbiguous, exitUsage, "several jobs begin with this ref", "give more of it"},
	{codeWrongState, exitUsage, "the job is in a state that does not allow this", "`zdrworker jobs show REF` says its state"},
	{codeBreaker, exitStopped, "the provider refuses the key or the account, so nothing is submitted", "mend the cause, then `zdrworker breaker release`, and run it again: it goes on where it stopped"},
	{codePaused, exitStopped, "somebody paused submissions; what is done is kept", "`zdrworker status` says since when, `zdrworker resume` ends it"},
	{codeBudget, exitStopped, "the budget is used up; what is done is kept, and nothing more was submitted", "raise --max-credits and run it again: it goes on where it stopped"},
	{codeQueue, exitError, "the queue of nudges does not answer", "try again; what is done is kept"},
	{codeSource, exitUsage, "a queue, stream or address of the sources does not exist or cannot be used", "check sources in the configuration, and who may read there"},
	{codeViolation, exitViolation, "content or a foreign URL came back from the provider", "tell who answers for data protection; nothing is submitted until `zdrworker breaker release`"},
	{codeRefused, exitViolation, "the boundary refused a request; nothing left", "this is a defect of the program or its policy: report it with the rule"},
	{codeStopped, exitStopped, "the provider cannot be reached or refuses the request", "try again later; what is done is kept"},
	{codeSourceGone, exitFailed, "the document is not in the bucket any more", "put it back, or forget about it"},
	{codeSourceChanged, exitFailed, "the document was overwritten while its job waited", "its new version is another job"},
	{codeArchived, exitFailed, "the document lies in an archive class of the store and cannot be read", "restore it; an event of s3:ObjectRestore:Completed, or the same command again, takes it in then"},
	{codeUnread, exitFailed, "the store does not give the document: the credentials may not read it, or not use the key that it is encrypted with", "let them (s3:GetObject, kms:Decrypt), then the same command again; a backfill with a name wants another"},
	{codeEmpty, exitFailed, "the document has no text in it", "extract from a document that says something"},
	{codeBinary, exitFailed, "the document is not UTF-8 text", "convert it to Markdown first"},
	{codeMismatch, exitFailed, "the document's content is not what its suffix says", "give it the suffix that fits"},
	{codeTooLarge, exitFailed, "the document is larger than the provider parses: 1 GiB, 6,000 pages, 50 MiB of a spreadsheet", "split it"},
	{codeEncrypted, exitFailed, "the document asks for a password", "name the secret in the route (parse.password), or save it without one"},
	{codeBroken, exitFailed, "the document is damaged", "open it in a viewer and save it anew"},
	{codeNoPages, exitFailed, "the document has no pages", "extract from a document that says something"},
	{codeRejected, exitFailed, "the provider refused the request for this document", "`zdrworker jobs show REF --content` has its words"},
	{codeJobFailed, exitFailed, "the provider's job failed; it was not billed", "`zdrworker jobs show REF --content` has its words; `zdrworker jobs retry REF` tries again"},
	{codeUnreachable, exitFailed, "the provider could not fetch the presigned URL", "check that the exchange bucket can be reached from outside, and signing.endpoint"},
	{codeResultInvalid, exitFailed, "what the provider delivered is no result; it was billed", "`zdrworker jobs retry REF` tries again and may bill again"},
	{codeResultLarge, exitFailed, "the result is larger than is sealed; it was billed", "extract less at once"},
	{codeResultForeign, exitFailed, "the result names another job; it was billed", "tell the provider; `zdrworker jobs retry REF` may bill again"},
	{codeResultLost, exitFailed, "the result was removed from the exchange bucket before it was sealed", "check who else may delete there; `zdrworker jobs retry REF` may bill again"},
	{codePartial, exitFailed, "the result does not answer the schema, or some pages could not be read, and the route refuses such; it was billed", "`zdrworker jobs show REF --content` says where"},
	{codeParseGone, exitFailed, "what was parsed of the document is not in the store bucket any more", "`zdrworker jobs retry REF` parses it again, which bills again"},
	{codeNotDelivered, exitFailed, "the provider finished and delivered nothing; it may have billed", "wait, or `zdrworker jobs retry REF`, which may bill again"},
	{codeUncertain, exitFailed, "it cannot be known whether the document was billed", "wait, or `zdrworker jobs retry REF`, which may bill again"},
	{codeAbandoned, exitFailed, "somebody gave the job up", "`zdrworker jobs retry REF` takes it up again"},
	{codeNoBackfill, exitUsage, "no backfill has this id", "`zdrworker backfill list` lists those under way"},
	{codeWaiting, exitWaiting, "a wait ended, work goes on", "the same command again waits on; `zdrworker status` says how far it is"},
	{codeConfirm, exitUsage, "the command asks first, and nobody said yes; nothing was done", "run it on a terminal, or with --yes"},
	{codeUnhealthy, exitUsage, "something of the deployment has to be changed before documents go through it", "mend what the failed lines say, then `zdrworker doctor` again"},
	{codeAway, exitError, "a bucket, a queue or the provider does not answer", "try again; the failed lines say what was asked"},
	{codeKeyless, exitStopped, "the provider refuses the key or the account", "mend what the failed line says, then `zdrworker doctor` again"},
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
