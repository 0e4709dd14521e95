package presign

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Bucket names by the rules of AWS's documentation ("Bucket naming rules"),
// which other stores share. ARNs, which name access points, do not match.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// An AWS region as it stands in a host name, and the looser names that other
// stores give their regions.
var (
	awsRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)
	anyRegion = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
)

// Keys of ours are plain: nothing in them is escaped in a URL, so that signer,
// store and provider cannot read them differently.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

const maxKey = 1024 // bytes, S3's limit

// ConfigError is a field of a [Config] that cannot be.
type ConfigError struct {
	Field  string // "Endpoint"
	Advice string // what is wrong with it, after its name; never the value
}

// Error gives one line that is safe to log.
func (e *ConfigError) Error() string { return "presign: Config." + e.Field + " " + e.Advice }

func validBucket(name string) error {
	switch {
	case !bucketName.MatchString(name), strings.Contains(name, ".."):
		return &ConfigError{"Bucket", "is not a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens"}
	case strings.HasSuffix(name, "--x-s3"):
		return &ConfigError{"Bucket", "is a directory bucket, whose sessions end after five minutes: use a general purpose bucket"}
	}
	return nil
}

func validRegion(region, endpoint string) error {
	if endpoint == "" && !awsRegion.MatchString(region) {
		return &ConfigError{"Region", "is not an AWS region such as eu-west-1: the global endpoint may redirect, and a provider does not follow"}
	}
	if !anyRegion.MatchString(region) {
		return &ConfigError{"Region", "is empty or not a region's name; stores without regions use us-east-1"}
	}
	return nil
}

// validEndpoint wants https, or plain http to a literal loopback address:
// documents do not go through a network in the clear.
func validEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return &ConfigError{"Endpoint", "is not a URL such as https://s3.example.com"}
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return &ConfigError{"Endpoint", "holds a user, a query or a fragment"}
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return &ConfigError{"Endpoint", "is not https; plain http is for literal loopback addresses (127.0.0.1, [::1]) only"}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func validPrefix(field, prefix string) error {
	if !strings.HasSuffix(prefix, "/") || !plainKey.MatchString(strings.TrimSuffix(prefix, "/")) {
		return &ConfigError{field, "is not a plain prefix that ends with a slash"}
	}
	return nil
}

// signs tells whether a key lies under prefix and is one that we could have
// made.
func signs(prefix, key string) bool {
	rest, ok := strings.CutPrefix(key, prefix)
	return ok && len(key) <= maxKey && plainKey.MatchString(rest)
}
