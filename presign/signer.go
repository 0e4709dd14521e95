package presign

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/zdr"
)

// The key prefixes of the two identities where Config names no others.
const (
	DefaultReaderPrefix = "s/"
	DefaultWriterPrefix = "o/"
)

// Depository takes in what was signed, before anybody may use it. It may keep a
// grant and refuse the next: a grant without a URL opens nothing. zdr.Guard is
// one.
type Depository interface {
	// Deposit returns nil only when the signature is on durable record and the
	// guard knows it.
	Deposit(ctx context.Context, g zdr.Grant) error
}

// Config is what a Signer is made from.
type Config struct {
	// Bucket is the exchange bucket.
	Bucket string
	// Region is the bucket's own region. Stores without regions: us-east-1.
	Region string
	// Endpoint is the store as the provider reaches it: https, or plain http
	// on a literal loopback address. Default "": AWS's regional host.
	Endpoint string
	// PathStyle puts the bucket into the path. Default: into the host, except
	// where the SDK cannot (an address as host, a name with dots over https).
	PathStyle bool

	// Reader signs GETs of keys under ReaderPrefix.
	Reader Identity
	// Writer signs PUTs of keys under WriterPrefix.
	Writer Identity
	// ReaderPrefix ends with a slash. Default "s/".
	ReaderPrefix string
	// WriterPrefix ends with a slash and overlaps with ReaderPrefix in no key.
	// Default "o/".
	WriterPrefix string

	// Lifetime bounds every signature.
	Lifetime Limits
	// Depository takes every signature before it is handed out.
	Depository Depository
	// Skew is how far S3's clock is ahead of the local one, asked for at every
	// signature; see Clock. Default nil: not at all.
	Skew func() time.Duration
}

// Signer makes presigned URLs. It is safe for concurrent use. Signing does no
// I/O but what retrieving credentials and depositing grants need.
type Signer struct {
	config         Config // without what names or opens anything
	where          func() addressing
	base           zdr.Name // everything before the key, ending with a slash
	reader, writer *keyring
}

// New checks c and makes a Signer. Its errors name the field that is wrong and
// never quote it. Nothing is retrieved or sent.
func New(c Config) (*Signer, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	where := addressing{bucket: c.Bucket, region: c.Region, endpoint: c.Endpoint, pathStyle: c.PathStyle}
	base, err := where.base()
	if err != nil {
		return nil, errors.New("presign: Config.Bucket, Region and Endpoint do not make an address that can be signed")
	}
	s := &Signer{
		config: c,
		where:  func() addressing { return where },
		base:   zdr.NewName(base),
		reader: newKeyring("reader", c.Reader),
		writer: newKeyring("writer", c.Writer),
	}
	// A printer of something that holds a Signer would find them here.
	s.config.Bucket, s.config.Endpoint = "", ""
	s.config.Reader, s.config.Writer = Identity{}, Identity{}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.ReaderPrefix == "" {
		c.ReaderPrefix = DefaultReaderPrefix
	}
	if c.WriterPrefix == "" {
		c.WriterPrefix = DefaultWriterPrefix
	}
	if c.Skew == nil {
		c.Skew = func() time.Duration { return 0 }
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Reader.Credentials == nil:
		return errors.New("presign: Config.Reader has no credentials")
	case c.Writer.Credentials == nil:
		return errors.New("presign: Config.Writer has no credentials")
	case c.Depository == nil:
		return errors.New("presign: Config.Depository is missing: nothing is signed unrecorded")
	case strings.HasPrefix(c.ReaderPrefix, c.WriterPrefix), strings.HasPrefix(c.WriterPrefix, c.ReaderPrefix):
		return errors.New("presign: Config.WriterPrefix and Config.ReaderPrefix overlap")
	}
	return errors.Join(
		validBucket(c.Bucket),
		validRegion(c.Region, c.Endpoint),
		validEndpoint(c.Endpoint),
		validPrefix("ReaderPrefix", c.ReaderPrefix),
		validPrefix("WriterPrefix", c.WriterPrefix),
		c.Lifetime.validate(),
	)
}

// base is what stands before a key in every URL. It is read off a signature
// that invented credentials make, so that it is what the SDK really does.
func (a addressing) base() (string, error) {
	const probe = "probe"
	raw, err := a.sign(context.Background(), signature{
		method: http.MethodGet, key: probe, at: time.Unix(0, 0), life: time.Second,
		creds: aws.Credentials{AccessKeyID: probe, SecretAccessKey: probe},
	})
	address, _, _ := strings.Cut(raw, "?")
	return strings.TrimSuffix(address, probe), err
}

// StagingBase is what every GET URL begins with, up to and with ReaderPrefix.
func (s *Signer) StagingBase() string { return s.base.Reveal() + s.config.ReaderPrefix }

// OutboxBase is what every PUT URL begins with, up to and with WriterPrefix.
func (s *Signer) OutboxBase() string { return s.base.Reveal() + s.config.WriterPrefix }

// URLPrefixes is OutboxBase, in the form of zdr.Policy.URLPrefixes: where an
// output URL may lie. It names the exchange bucket's host, which the provider
// sees anyway.
func (s *Signer) URLPrefixes() []string { return []string{s.OutboxBase()} }

// Separate tells whether reader and writer hold different access keys now. No
// is certain: one identity signs both, and a PUT URL may copy what the reader
// may read. Yes is not: one role gives each of its sessions another key.
func (s *Signer) Separate(ctx context.Context) (bool, error) {
	reader, err := s.reader.retrieve(ctx)
	if err != nil {
		return false, &Error{Op: "separate", Class: err}
	}
	writer, err := s.writer.retrieve(ctx)
	if err != nil {
		return false, &Error{Op: "separate", Class: err}
	}
	return reader.AccessKeyID != writer.AccessKeyID, nil
}
