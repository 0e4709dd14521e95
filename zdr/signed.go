package zdr

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What a presigned URL says of itself is in its query: the parameters of AWS
// Signature Version 4 (Amazon S3 API reference, "Authenticating Requests: Using
// Query Parameters"), and the session's token where there is one. Nothing else
// leaves in a URL, and each of them has a shape that no text of a document has.
var signedQuery = map[string]func(g Grant, v string) bool{
	"X-Amz-Algorithm":     func(_ Grant, v string) bool { return v == "AWS4-HMAC-SHA256" },
	"X-Amz-Credential":    isCredential,
	"X-Amz-Date":          func(g Grant, v string) bool { return v == g.SignedAt.UTC().Format("20060102T150405Z") },
	"X-Amz-Expires":       isLife,
	"X-Amz-SignedHeaders": func(_ Grant, v string) bool { return v == "host" },
	"X-Amz-Signature":     func(_ Grant, v string) bool { return len(v) == 64 && isToken(v, 64, "") },
}

// tokenParameter is there where temporary credentials signed.
const tokenParameter = "X-Amz-Security-Token"

// signedAs reports whether a URL is what a grant says it is: of this key, by
// these credentials, from SignedAt until Until, in whole seconds, with no more
// in its query than a signature has.
func signedAs(u *url.URL, g Grant) bool {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || g.Key == "" || !strings.HasSuffix(u.Path, "/"+g.Key) {
		return false
	}
	for name, values := range query {
		check := signedQuery[name]
		if name == tokenParameter {
			check = isSessionToken
		}
		if check == nil || len(values) != 1 || !check(g, values[0]) {
			return false
		}
	}
	for name := range signedQuery {
		if !query.Has(name) {
			return false
		}
	}
	return true
}

// isCredential: access key, date, region, service and a constant.
func isCredential(g Grant, v string) bool {
	rest, ok := strings.CutPrefix(v, g.AccessKeyID+"/"+g.SignedAt.UTC().Format("20060102")+"/")
	region, ok2 := strings.CutSuffix(rest, "/s3/aws4_request")
	return ok && ok2 && isToken(region, 64, "-")
}

func isLife(g Grant, v string) bool {
	return v == strconv.FormatInt(int64(g.Until.Sub(g.SignedAt)/time.Second), 10) && g.Until.Sub(g.SignedAt)%time.Second == 0
}

// isSessionToken takes what AWS, MinIO (a JWT) and others make: no spaces.
func isSessionToken(_ Grant, v string) bool { return isToken(v, maxURLBytes, "+/=-_.~:|,") }

// sealOf binds a grant to what was read in its URL, so that neither can be
// changed afterwards.
func sealOf(g Grant) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(g.URL[:], "\x00%s\x00%s\x00%d\x00%d", g.Key, g.AccessKeyID, g.SignedAt.Unix(), g.Until.Unix()))
}
