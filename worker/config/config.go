package config

import (
	slashed "path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config is a configuration with all defaults filled in. Load makes it.
type Config struct {
	Version  int
	Store    string // s3://bucket, the team's own
	Exchange string // s3://bucket, the only one that the provider sees
	Ledger   string // s3://bucket, kept for the ledger
	CABundle string // PEM file of further roots, for buckets and provider
	S3       S3
	Provider Provider
	Signing  Signing
	Timing   Timing
	Policy   Policy
	Budget   Budget
	Keep     Keep
	Defaults Defaults
	Routes   []Route
	Sources  []Feed
	Serve    Serve

	// File is the path of the file that was read, "" when there is none.
	File string

	origins map[string]Origin
	lookup  func(string) (string, bool)
}

// S3 says where the buckets are.
type S3 struct {
	Region    string
	Endpoint  string // as this process reaches it; "" is AWS
	PathStyle bool
}

// Provider says which of the provider's hosts is asked, and with which key.
type Provider struct {
	Region     string
	BaseURL    string // chooses among the hosts that the policy allows
	APIKeyFile string
	// APIKeySecret is the ARN of a secret with the API key.
	APIKeySecret string
	Limits       Limits
	ListLag      time.Duration // how long a fetch that has begun may take, and its job then be missing from the provider's list
}

// Limits are what the whole fleet keeps to at the provider; 0 is no limit.
type Limits struct{ ExtractJobsPerHour, ParsePagesPerHour, InFlight int }

// Budget bounds what is spent, in credits; 0 is no bound.
type Budget struct {
	CreditsPerDay float64 // of all workers on one store, by days of UTC
	CreditsPerRun float64 // of one run whose command says nothing else
	ConfirmOver   float64 // above which a run asks; 0: it never does
}

// Keep says how long things stay in the store bucket that can be made again.
type Keep struct {
	Parsed time.Duration // 0: for ever
}

// Serve is about the long-running worker.
type Serve struct{ Admin string }

// Signing says how long URLs live and who signs them.
type Signing struct {
	Lifetime     time.Duration
	SignatureAge time.Duration // what the exchange bucket's policy allows; 0: it has no such rule
	Endpoint     string        // as the provider reaches it; "" is S3.Endpoint
	Reader       Identity
	Writer       Identity
}

// Identity says where one signer's credentials come from.
type Identity struct {
	Credentials string // default, profile, web-identity, assume-role, env
	Role        string // of web-identity and assume-role
	TokenFile   string // of web-identity
	Profile     string // of profile
	Prefix      string // of env: <PREFIX>_ACCESS_KEY_ID and so on
}

// Timing are the protocol's numbers; worker.Settings explains each.
type Timing struct {
	Lease       time.Duration
	PostTimeout time.Duration
	ClockSkew   time.Duration
	DrainMargin time.Duration
	JobTime     time.Duration
	Ask         time.Duration
}

// Policy is what the boundary is told to allow.
type Policy struct {
	Residency      string
	MaxURLLifetime time.Duration
	SyncCalls      string
	Schemas        []string
	Prompts        []string
	Hosts          []string
	Development    bool
}

// Defaults hold for every route that does not say otherwise.
type Defaults struct {
	Model           string
	OnChange        string
	OnUncertain     string
	OnSourceDeleted string
	Partial         string
	ParseModel      string
}

// Route is a route as the file says it; BuildRoutes reads its schema.
type Route struct {
	Name     string
	Prefix   string
	Suffix   []string
	Schema   string // a file beside the configuration, or s3://bucket/key
	Revision int
	Model    string
	Strict   bool
	OnChange string
	Partial  string
	Parse    RouteParse

	line, column int
}

// RouteParse says how a route's documents that are no Markdown are parsed.
type RouteParse struct {
	Model    string
	Split    string
	Figure   string // words about figures
	Password string // where the password of the documents lies: env:NAME or file:PATH
}

// Beside gives the path of a file that the configuration names: relative ones
// are relative to the configuration's own folder, which may be in a bucket.
func (c *Config) Beside(path string) string {
	if path == "" || filepath.IsAbs(path) || c.File == "" {
		return path
	}
	if bucket, ok := strings.CutPrefix(c.File, "s3://"); ok {
		return "s3://" + slashed.Join(slashed.Dir(bucket), path)
	}
	return filepath.Join(filepath.Dir(c.File), path)
}

// Variable reads a variable that is no key, such as the provider's API key.
func (c *Config) Variable(name string) string {
	if c.lookup == nil {
		return ""
	}
	value, _ := c.lookup(name)
	return value
}

// Approve adds a schema's digest to those that may be sent inline.
func (c *Config) Approve(digest string) {
	if !slices.Contains(c.Policy.Schemas, digest) {
		c.Policy.Schemas = append(c.Policy.Schemas, digest)
	}
}
