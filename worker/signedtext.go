package worker

import "regexp"

// signedParameters are what makes a URL in a text usable: name and value, as
// they stand in a query (which may be escaped), in a header or in the members of
// an object that some language prints.
var signedParameters = regexp.MustCompile(
	`(?i)X-Amz-[A-Za-z-]+(?:%(?:25)*3D|["']?\s*[=:,]\s*[\[(]?\s*["']?)[^&\s"'<>\\)\]]*`)

// signedAnswer is what S3 repeats of a signature that it refuses (Amazon S3 API
// reference, "Error responses").
var signedAnswer = regexp.MustCompile(`(?i)(<|&lt;)(SignatureProvided|Token-0|StringToSign|CanonicalRequest)(>|&gt;)[^<&]*`)

// unsigned is a text without what would make a URL in it usable.
func unsigned(text string) string {
	text = signedParameters.ReplaceAllString(text, "X-Amz-…")
	return signedAnswer.ReplaceAllString(text, "$1$2$3…")
}
