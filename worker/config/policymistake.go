package config

import (
	"errors"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// PolicyMistake is what cannot be in a policy, said with the key and the place
// that it comes from.
type PolicyMistake struct {
	at    *Error
	cause error
}

// Error gives one line.
func (e *PolicyMistake) Error() string { return e.at.Error() }

// Code is the stable code of this class of error.
func (e *PolicyMistake) Code() string { return "policy_invalid" }

// Unwrap gives the *zdr.PolicyError.
func (e *PolicyMistake) Unwrap() []error { return []error{e.at, e.cause} }

// policyMistake names the key that a field of the policy was made from.
func (c *Config) policyMistake(err error) error {
	e, ok := errors.AsType[*zdr.PolicyError](err)
	if !ok {
		return err
	}
	text := e.Advice
	if e.Field == "URLPrefixes" || e.Field == "StagingPrefixes" {
		text = "policy.development goes with loopback addresses, for buckets and provider alike, and those with nothing else"
	}
	return &PolicyMistake{c.wrong(c.policyKey(e.Field), text, ""), err}
}

// signerMistake names the key that a field of the signer was made from.
func (c *Config) signerMistake(err error) error {
	e, ok := errors.AsType[*presign.ConfigError](err)
	if !ok {
		return err
	}
	switch e.Field {
	case "Bucket":
		return c.wrong("exchange", e.Advice, "")
	case "Region":
		return c.wrong("s3.region", e.Advice, "")
	case "Endpoint":
		return c.wrong(c.endpointKey(), e.Advice, "")
	}
	return err
}

// endpointKey is where the address comes from that the provider sees.
func (c *Config) endpointKey() string {
	if c.Signing.Endpoint != "" {
		return "signing.endpoint"
	}
	return "s3.endpoint"
}

func (c *Config) policyKey(field string) string {
	switch field {
	case "Region":
		return "provider.region"
	case "Hosts":
		return "policy.hosts"
	case "Schemas":
		return "policy.schemas"
	case "Prompts":
		return "policy.prompts"
	case "MaxURLLifetime":
		return "policy.max_url_lifetime"
	case "CABundle":
		return "ca_bundle"
	case "URLPrefixes", "StagingPrefixes":
		return c.endpointKey()
	}
	return "policy"
}

// chosenHost holds provider.base_url to what the policy allows.
func (c *Config) chosenHost(p zdr.Policy) error {
	_, err := p.BaseURL(c.Provider.BaseURL)
	e, ok := errors.AsType[*zdr.PolicyError](err)
	if !ok || c.Provider.BaseURL == "" {
		return c.policyMistake(err)
	}
	return &PolicyMistake{c.wrong("provider.base_url", e.Advice, "policy.hosts is where hosts beside the provider's own are allowed"), err}
}

// Residency compares the side of the buckets with the provider's, as far as the
// region is known without asking anybody.
func (c *Config) Residency() error {
	if c.S3.Region == "" {
		return nil
	}
	return c.residency(c.S3.Region)
}

// Lifetimes finds that no URL could live for as long as a job may take, whatever
// the credentials.
func (c *Config) Lifetimes() error {
	switch job := c.Timing.JobTime; {
	case c.Signing.Lifetime < job:
		return c.wrong("signing.lifetime", "is shorter than timing.job_time: nothing would be submitted", "raise signing.lifetime, or lower timing.job_time where no job takes that long")
	case c.Signing.SignatureAge > 0 && c.Signing.SignatureAge < job:
		return c.wrong("signing.signature_age", "is shorter than timing.job_time: nothing would be submitted", "raise s3:signatureAge in the exchange bucket's policy, or lower timing.job_time where no job takes that long")
	}
	return nil
}
