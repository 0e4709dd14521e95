package adetest

import "net/http"

// problem is an error in the provider's words.
type problem string

func (p problem) Error() string { return string(p) }

// What the provider says, word for word where a public source gives the words
// (LandingAI's documentation, skills and command line). The marked ones are
// ours, because nothing public quotes them.
const (
	textKeyFormat = "Invalid API Key Format"
	textKey       = "Invalid API Key, please check your API key." // known to "please check"

	textZDRSaveURL  = "output_save_url must be present if zeroDataRetention is enabled"
	textZDRMarkdown = "Only markdown_url is accepted if zeroDataRetention is enabled"

	textZDRDocument = "Only document_url is accepted if zeroDataRetention is enabled" // ours

	textNoDocument    = "No document or document_url provided."                                       // ours
	textBothDocument  = "Cannot provide both 'document' and 'document_url'. Please provide only one." // ours
	textFormat        = "Unsupported format: %s"
	textPages         = "PDF must not exceed %d pages"
	textPassword      = "Document is password-protected. Please provide the password parameter."
	textNoPasswords   = "Password-protected documents are not currently supported for your account."
	textDecrypt       = "Failed to decrypt document. The password may be wrong." // known to the first full stop
	textNoPages       = "The document has no pages"                              // ours
	textPromptsNoJSON = "custom_prompts must be a JSON object"                   // ours
	textPromptsKey    = "custom_prompts supports the key 'figure' only"          // ours
	textPromptsLong   = "custom_prompts['figure'] must be 512 characters or fewer."

	textUnreachable    = "Failed to download document from URL"
	textNoMarkdown     = "No markdown file or URL provided."
	textBothMarkdown   = "Cannot provide both 'markdown' and 'markdown_url'. Please provide only one." // known to the first full stop
	textManyMarkdown   = "Multiple markdown files detected (%d)."
	textInvalidFile    = "Invalid file provided"
	textUnsupported    = "Unsupported format: %s (%s). Supported formats: MD"
	textInvalidURL     = "Invalid URL format: %s"
	textModel          = "Unsupported model: %s"
	textSchemaNoJSON   = "Invalid JSON schema" // ours
	textSchemaKeywords = "The following schema fields were not supported: %s"

	textJobNotFound = "Job %s not found"
	textProcess     = "Failed to process the document"
	textTimeout     = "Request timed out after 475 seconds"
	textRate        = "Rate limit exceeded"
	textCredits     = "Payment required: the account is out of credits"          // ours
	textForbidden   = "API access is not available on this plan"                 // ours
	textTooLarge    = "The document is too large"                                // ours
	textPut         = "Failed to upload the result to the given output_save_url" // ours
)

// faultText is what a status says when a fault gives it without a body.
func faultText(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return textKey
	case http.StatusPaymentRequired:
		return textCredits
	case http.StatusForbidden:
		return textForbidden
	case http.StatusTooManyRequests:
		return textRate
	case http.StatusInternalServerError:
		return textProcess
	case http.StatusGatewayTimeout:
		return textTimeout
	}
	return http.StatusText(status)
}
