package config

import (
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// bucketURL follows AWS's naming rules: 3 to 63 of a-z, 0-9, "." and "-", at
// both ends a letter or digit
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
var bucketURL = regexp.MustCompile(`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/?$`)

var digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func checkVersion(s string) string {
	if s != "1" {
		return "this zdrworker reads version 1"
	}
	return ""
}

func checkBucket(s string) string {
	name, isURL := strings.CutPrefix(strings.TrimSuffix(s, "/"), "s3://")
	switch {
	case bucketURL.MatchString(s):
		return ""
	case isURL && name != "" && !strings.Contains(name, "/"):
		return "the bucket's name is not 3 to 63 of a-z, 0-9, . and -"
	}
	return "s3://bucket is wanted, without a prefix"
}

func checkDigest(s string) string {
	if !digest.MatchString(s) {
		return "sha256: and 64 hexadecimal digits are wanted"
	}
	return ""
}

func checkURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "http://host or https://host is wanted"
	case u.User != nil:
		return "a URL with a user name or password is refused"
	case u.RawQuery != "", u.Fragment != "":
		return "a URL with a query is refused"
	}
	return ""
}

func checkCount(s string) string {
	if n, err := strconv.Atoi(s); err == nil && n < 0 {
		return "a whole number from 0 is wanted"
	}
	return ""
}

// checkCredits wants an amount; what is no number at all is said elsewhere.
func checkCredits(s string) string {
	if n, err := strconv.ParseFloat(s, 64); err == nil && !(n >= 0 && n <= math.MaxInt64) {
		return "a number of credits from 0 is wanted"
	}
	return ""
}

func checkPositive(s string) string {
	if d, err := parseDuration(s); err == nil && d <= 0 {
		return "a time above zero is wanted"
	}
	return ""
}

// validate finds what single values cannot show.
func (c *Config) validate() []*Error {
	var all []*Error
	wrong := func(key, text, hint string) {
		o := c.origins[key]
		all = append(all, &Error{Key: key, Text: text, Hint: hint, Where: o.where()})
	}
	buckets := map[string]string{}
	for _, b := range []struct{ key, value string }{{"store", c.Store}, {"exchange", c.Exchange}, {"ledger", c.Ledger}} {
		name := strings.TrimSuffix(b.value, "/")
		if other := buckets[name]; name != "" && other != "" {
			wrong(b.key, "is the same bucket as "+other, "the provider must never see the others: use three buckets")
		}
		buckets[name] = b.key
	}
	c.checkSources(func(s Feed, key, text, hint string) {
		all = append(all, &Error{Key: key, Text: text, Hint: hint, Where: Origin{FromFile, c.File, s.line, s.column}.where()})
	})
	if c.Signing.Lifetime > c.Policy.MaxURLLifetime {
		wrong("signing.lifetime", "is longer than policy.max_url_lifetime allows", "lower signing.lifetime")
	}
	for _, who := range []struct {
		name string
		id   Identity
	}{{"reader", c.Signing.Reader}, {"writer", c.Signing.Writer}} {
		if missing := who.id.missing(); missing != "" {
			key := "signing." + who.name + "." + missing
			wrong(key, "is required with credentials: "+who.id.Credentials, "set "+key)
		}
	}
	return all
}

// missing names the key without which the kind of credentials cannot work.
func (id Identity) missing() string {
	switch {
	case id.Credentials == "profile" && id.Profile == "":
		return "profile"
	case id.Credentials == "env" && id.Prefix == "":
		return "prefix"
	case (id.Credentials == "web-identity" || id.Credentials == "assume-role") && id.Role == "":
		return "role"
	case id.Credentials == "web-identity" && id.TokenFile == "":
		return "token_file"
	}
	return ""
}
