package s3store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Options change how a bucket is reached. The zero value works.
type Options struct {
	// Endpoint is the store's URL. Default: cfg.BaseEndpoint, then what the
	// SDK finds in its configuration (AWS_ENDPOINT_URL_S3), then AWS.
	Endpoint string
	// PathStyle puts the bucket into the path instead of the host. Default:
	// true where the endpoint's host is an address or localhost, else false.
	PathStyle bool
	// PartSize in bytes is what one part of an upload holds; an upload keeps up
	// to six of them in memory. Default and least: 5 MiB.
	PartSize int64
	// CopyPartSize in bytes is what one part holds where a source is too large
	// for a single copy request (S3: 5 GiB). Default: 512 MiB; least: 5 MiB.
	CopyPartSize int64
}

// Store is one bucket.
//
// Errors are *bucket.Error. A write whose request may have reached the server
// and that got no definite answer is ErrUnknown: a timeout, a connection cut
// off, any 5xx but SlowDown and 501. A write that was certainly not sent (no connection), and any
// other operation without an answer or with a 5xx, is ErrUnavailable. An
// upload that fails before its last request is ErrUnavailable too: nothing of
// it can become visible any more, and its parts are taken away.
type Store struct {
	client *s3.Client
	name   string
	o      Options
	plain  plain
}

// Open gives the bucket of a location such as "s3://acme-docs", with the
// default Options. It makes sure that there are credentials (ErrCredentials)
// but asks the store nothing.
func Open(ctx context.Context, cfg aws.Config, location string) (*Store, error) {
	return OpenWith(ctx, cfg, location, Options{})
}

// OpenWith is Open with options. Of cfg, Logger and ClientLogMode are left
// aside, and so is what HTTPClient says of redirects where it is one of the
// SDK's or of net/http: none is followed. An httptrace in a caller's context
// sees nothing.
func OpenWith(ctx context.Context, cfg aws.Config, location string, o Options) (*Store, error) {
	name, err := parseLocation(location)
	if err != nil {
		return nil, err
	}
	if cfg.Credentials == nil {
		return nil, &bucket.Error{Op: "open", Class: bucket.ErrCredentials}
	}
	if c, err := cfg.Credentials.Retrieve(ctx); err != nil || !c.HasKeys() {
		return nil, &bucket.Error{Op: "open", Class: bucket.ErrCredentials, Cause: ctx.Err()}
	}
	cfg.Credentials = marked{cfg.Credentials}
	client := s3.NewFromConfig(cfg, func(so *s3.Options) { o.apply(so) })
	if client.Options().Region == "" {
		return nil, errors.New("s3store: no AWS region is configured: set AWS_REGION")
	}
	return &Store{client: client, name: name, o: o.withDefaults()}, nil
}

// Name is the bucket's name.
func (s *Store) Name() string { return s.name }

// Client is the SDK client beneath, for a test that must do what a Store does
// not.
func (s *Store) Client() *s3.Client { return s.client }

// minPart is S3's least size of a part that is not the last, in bytes.
const minPart = 5 << 20

func (o Options) withDefaults() Options {
	o.PartSize = max(o.PartSize, minPart)
	if o.CopyPartSize == 0 {
		o.CopyPartSize = 512 << 20
	}
	o.CopyPartSize = max(o.CopyPartSize, minPart)
	return o
}

// apply sets the SDK client's options.
func (o Options) apply(so *s3.Options) {
	if o.Endpoint != "" {
		so.BaseEndpoint = aws.String(o.Endpoint)
	}
	so.UsePathStyle = o.PathStyle || so.BaseEndpoint != nil && needsPath(*so.BaseEndpoint)
	if so.Region == "" && so.BaseEndpoint != nil {
		so.Region = "us-east-1" // what a store outside AWS goes by
	}
	// More than what is required breaks other stores, and puts headers on
	// objects that readers would have to know.
	so.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	so.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	so.DisableLogOutputChecksumValidationSkipped = true
	// The SDK's log quotes keys, signatures and bodies.
	so.ClientLogMode, so.Logger = 0, logging.Nop{}
	so.HTTPClient = client{unredirected(so.HTTPClient)}
}

// needsPath says whether a bucket's name cannot be put in front of the host.
func needsPath(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || net.ParseIP(host) != nil
}

// parseLocation takes the bucket out of s3://bucket. The location is not
// quoted: it may name more than it should.
func parseLocation(location string) (string, error) {
	name, ok := strings.CutPrefix(location, "s3://")
	name = strings.TrimSuffix(name, "/")
	if !ok || name == "" || strings.ContainsAny(name, "/?#@: \t\n") {
		return "", fmt.Errorf("s3store: a bucket's location is s3://NAME, without a prefix")
	}
	return name, nil
}
