package worker

import (
	"net/url"
	"strings"
	"testing"
)

// What makes a URL usable goes out of a text however the provider quotes it: as
// it is, escaped, as the members of a URL that was taken apart, or in the words
// of the store that refused it.
func TestTextsKeepNoSignature(t *testing.T) {
	const signature, token = "5a1f00d5a1f00d5a1f00d5a1f00d5a1f", "IQoJb3JpZ2luX2VjEN//////////wEaCXVzLWVhc3Qt"
	query := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Security-Token": {token}, "X-Amz-Signature": {signature},
	}.Encode()
	raw := "https://x7k2.s3.amazonaws.com/o/9c0e.json?" + query
	for name, text := range map[string]string{
		"as it is":        "PUT " + raw + " failed: 403",
		"in quotes":       `request failed: '` + raw + `' (status 403)`,
		"in JSON":         `{"url":"` + strings.ReplaceAll(raw, "&", `\u0026`) + `"}`,
		"in HTML":         `<a href="` + strings.ReplaceAll(raw, "&", "&amp;") + `">`,
		"in lower case":   "failed: " + strings.ReplaceAll(raw, "X-Amz-", "x-amz-"),
		"escaped":         "next=" + url.QueryEscape(raw),
		"escaped twice":   "next=" + url.QueryEscape(url.QueryEscape(raw)),
		"a dict":          `{'X-Amz-Security-Token': '` + token + `', 'X-Amz-Signature': '` + signature + `'}`,
		"a dict of lists": `{"X-Amz-Security-Token":["` + token + `"], "X-Amz-Signature": [ "` + signature + `" ]}`,
		"headers":         "x-amz-security-token: " + token + "\nx-amz-signature: " + signature,
		"pairs":           `[('X-Amz-Security-Token', '` + token + `'), ('X-Amz-Signature', '` + signature + `')]`,
		"S3 refuses": "<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>" + signature + "</SignatureProvided>" +
			"<CanonicalRequest>GET\n/o/9c0e.json\n" + query + "\nhost:x7k2</CanonicalRequest></Error>",
		"S3 in HTML":        "&lt;SignatureProvided&gt;" + signature + "&lt;/SignatureProvided&gt;",
		"S3 knows no token": "<Error><Code>ExpiredToken</Code><Token-0>" + token + "</Token-0></Error>",
	} {
		clean := unsigned("before " + text + " after")
		for what, secret := range map[string]string{"signature": signature, "token": token[:20]} {
			if strings.Contains(clean, secret) || strings.Contains(clean, url.QueryEscape(secret)) {
				t.Errorf("%s: the %s is left in %q", name, what, clean)
			}
		}
		if !strings.HasPrefix(clean, "before ") || !strings.HasSuffix(clean, " after") {
			t.Errorf("%s: more is gone than what signs: %q", name, clean)
		}
	}
	if plain := "total due: X-Amz is no parameter, nor is <Token> one"; unsigned(plain) != plain {
		t.Errorf("a text without a signature became %q", unsigned(plain))
	}
}
