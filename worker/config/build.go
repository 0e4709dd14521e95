package config

import (
	"bytes"
	"context"
	"crypto/x509"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/zdr"
)

// Missing is a key that a command cannot do without.
type Missing struct{ Key Key }

// Error gives one line.
func (e *Missing) Error() string { return e.Key.Path + " is not set" }

// Code is the stable code of this class of error.
func (e *Missing) Code() string { return "config_missing" }

// Require says which of the keys has no value; a *Missing names the first.
func (c *Config) Require(paths ...string) error {
	for _, k := range fileKeys {
		for _, path := range paths {
			if k.Path == path && strings.Join(k.text(c), "") == "" {
				return &Missing{k}
			}
		}
	}
	return nil
}

// AWS gives the SDK's configuration for the buckets: region, endpoint, further
// roots, no proxy. Credentials come from the SDK's default chain and are not
// asked for here.
func (c *Config) AWS(ctx context.Context) (aws.Config, error) {
	cfg, err := c.load(ctx, c.variables()...)
	if err != nil {
		return aws.Config{}, err
	}
	if c.S3.Endpoint != "" {
		cfg.BaseEndpoint = aws.String(c.S3.Endpoint)
	}
	if cfg.Region == "" && c.S3.Endpoint != "" {
		cfg.Region = "us-east-1" // what stores without regions expect in a signature
	}
	if cfg.Region == "" {
		return aws.Config{}, c.needs("s3.region")
	}
	return cfg, c.residency(cfg.Region)
}

func (c *Config) needs(path string) error {
	for _, k := range fileKeys {
		if k.Path == path {
			return &Missing{k}
		}
	}
	return nil
}

// variables are the credentials that variables give. The SDK takes them first
// as well, but from the process alone. A profile that somebody names goes before
// them.
func (c *Config) variables() []func(*awsconfig.LoadOptions) error {
	id := c.Variable("AWS_ACCESS_KEY_ID")
	if id == "" {
		return nil
	}
	return []func(*awsconfig.LoadOptions) error{awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(
		id, c.Variable("AWS_SECRET_ACCESS_KEY"), c.Variable("AWS_SESSION_TOKEN")))}
}

// load asks the SDK for its configuration. The SDK's error text can quote what
// it read, so it stays here.
func (c *Config) load(ctx context.Context, more ...func(*awsconfig.LoadOptions) error) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = nil })
	options := append(more, awsconfig.WithHTTPClient(client))
	if c.S3.Region != "" {
		options = append(options, awsconfig.WithRegion(c.S3.Region))
	}
	pem, err := c.caBundle()
	if err != nil {
		return aws.Config{}, err
	}
	if pem != nil {
		options = append(options, awsconfig.WithCustomCABundle(bytes.NewReader(pem)))
	}
	// The SDK would write what servers and the network said to standard error.
	options = append(options, awsconfig.WithLogger(logging.Nop{}))
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, &Error{
			Text: "AWS's own configuration cannot be loaded",
			Hint: "`aws configure list` shows what it reads",
		}
	}
	return cfg, nil
}

// caBundle reads the file of further roots, nil when there is none.
func (c *Config) caBundle() ([]byte, error) {
	if c.CABundle == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.Beside(c.CABundle))
	if err != nil {
		return nil, c.wrong("ca_bundle", "the file cannot be read", "")
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, c.wrong("ca_bundle", "it holds no certificate in PEM", "")
	}
	return pem, nil
}

// wrong makes an error that says where the key's value came from.
func (c *Config) wrong(key, text, hint string) *Error {
	return &Error{Where: c.Origin(key).where(), Key: key, Text: text, Hint: hint}
}

// residency compares the side of the buckets with the provider's. A store with
// an endpoint of its own is where its owner put it.
func (c *Config) residency(region string) error {
	if c.Policy.Residency != "same-region" || c.S3.Endpoint != "" || c.Policy.Development {
		return nil
	}
	if !strings.HasPrefix(region, c.Provider.Region+"-") {
		return c.wrong("policy.residency", "the buckets' AWS region is not on the side of provider.region",
			"set provider.region to where the buckets are, or policy.residency to any")
	}
	return nil
}

// StoreOptions says how the buckets are reached.
func (c *Config) StoreOptions() s3store.Options {
	return s3store.Options{Endpoint: c.S3.Endpoint, PathStyle: c.S3.PathStyle}
}

// OpenStores opens the team's bucket and the exchange bucket. Nothing is asked
// of them yet.
func (c *Config) OpenStores(ctx context.Context, cfg aws.Config) (store, exchange *s3store.Store, err error) {
	if err := c.Require("store", "exchange"); err != nil {
		return nil, nil, err
	}
	if store, err = c.OpenStore(ctx, cfg); err != nil {
		return nil, nil, err
	}
	exchange, err = s3store.OpenWith(ctx, cfg, strings.TrimSuffix(c.Exchange, "/"), c.StoreOptions())
	return store, exchange, err
}

// OpenStore opens the team's bucket alone.
func (c *Config) OpenStore(ctx context.Context, cfg aws.Config) (*s3store.Store, error) {
	if err := c.Require("store"); err != nil {
		return nil, err
	}
	return s3store.OpenWith(ctx, cfg, strings.TrimSuffix(c.Store, "/"), c.StoreOptions())
}

// Presign gives what a signer is made from; the caller adds depository and
// skew. Both identities are ready to be asked for credentials.
func (c *Config) Presign(ctx context.Context, cfg aws.Config) (presign.Config, error) {
	if err := c.Require("exchange"); err != nil {
		return presign.Config{}, err
	}
	reader, err := c.identity(ctx, cfg, c.Signing.Reader)
	if err != nil {
		return presign.Config{}, err
	}
	writer, err := c.identity(ctx, cfg, c.Signing.Writer)
	if err != nil {
		return presign.Config{}, err
	}
	return presign.Config{
		Bucket:    strings.TrimSuffix(strings.TrimPrefix(c.Exchange, "s3://"), "/"),
		Region:    cfg.Region,
		Endpoint:  either(c.Signing.Endpoint, c.S3.Endpoint),
		PathStyle: c.S3.PathStyle,
		Reader:    reader,
		Writer:    writer,
		Lifetime: presign.Limits{
			Asked:        c.Signing.Lifetime,
			Policy:       c.Policy.MaxURLLifetime,
			SignatureAge: c.Signing.SignatureAge,
		},
	}, nil
}

// SharedIdentity says that both signers use the same credentials, so that
// neither is kept from what the other may do.
func (c *Config) SharedIdentity() bool { return c.Signing.Reader == c.Signing.Writer }

// Boundary gives the policy that the guard holds to. In development the chosen
// base URL is the stand-in's; the guard lets no address through then that is
// not a literal loopback one.
func (c *Config) Boundary() (zdr.Policy, error) {
	pem, err := c.caBundle()
	if err != nil {
		return zdr.Policy{}, err
	}
	p := zdr.Policy{
		Region:         c.Provider.Region,
		Hosts:          c.Policy.Hosts,
		Schemas:        c.Policy.Schemas,
		Prompts:        c.Policy.Prompts,
		SyncCalls:      c.Policy.SyncCalls == "allow",
		MaxURLLifetime: c.Policy.MaxURLLifetime,
		CABundle:       pem,
		Development:    c.Policy.Development,
	}
	if p.Development && c.Provider.BaseURL != "" {
		p.Hosts = append([]string{strings.TrimSuffix(c.Provider.BaseURL, "/")}, p.Hosts...)
	}
	if err := p.Validate(); err != nil {
		return p, c.policyMistake(err)
	}
	return p, c.chosenHost(p)
}

// NoKey says that no API key was found.
type NoKey struct{ File, Secret bool }

// Error gives one line.
func (e *NoKey) Error() string {
	switch {
	case e.File:
		return "provider.api_key_file cannot be read or is empty"
	case e.Secret:
		return "the secret of provider.api_key_secret cannot be read, or holds no key"
	}
	return "no API key"
}

// Code is the stable code of this class of error.
func (e *NoKey) Code() string { return "api_key_missing" }

// APIKeyVariable is the provider's own name for the variable of the API key.
const APIKeyVariable = "VISION_AGENT_API_KEY"

// APIKey reads the provider's API key: the variable first, then the file, then
// the secret. It may be asked again when the key was replaced.
func (c *Config) APIKey(ctx context.Context) (zdr.APIKey, error) {
	key := strings.TrimSpace(c.Variable(APIKeyVariable))
	switch {
	case key != "":
		return zdr.NewAPIKey(key), nil
	case c.Provider.APIKeyFile != "":
		return c.fileKey()
	case c.Provider.APIKeySecret != "":
		return c.secretKey(ctx)
	}
	return zdr.APIKey{}, &NoKey{}
}

func (c *Config) fileKey() (zdr.APIKey, error) {
	data, err := os.ReadFile(c.Beside(c.Provider.APIKeyFile))
	if key := strings.TrimSpace(string(data)); err == nil && key != "" {
		return zdr.NewAPIKey(key), nil
	}
	return zdr.APIKey{}, &NoKey{File: true}
}

// HasAPIKey says whether there is a key, as far as this machine knows: of a
// secret it counts that one is named.
func (c *Config) HasAPIKey() bool {
	if c.Variable(APIKeyVariable) == "" && c.Provider.APIKeyFile == "" {
		return c.Provider.APIKeySecret != ""
	}
	_, err := c.APIKey(context.Background()) // asks no network
	return err == nil
}
