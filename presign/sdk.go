package presign

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// operationMarker is a parameter by which the SDK names its operation. It means
// nothing to a store, so it is not signed.
const operationMarker = "x-id"

// addressing is where signatures point: enough for the SDK to build a request
// for one object, and nothing from the environment.
type addressing struct {
	bucket, region, endpoint string
	pathStyle                bool
}

// signature is what one call signs.
type signature struct {
	method, key string
	at          time.Time
	life        time.Duration
	creds       aws.Credentials
}

// sign makes the URL's text. It does no I/O: the credentials are at hand.
func (a addressing) sign(ctx context.Context, s signature) (string, error) {
	client := s3.NewPresignClient(s3.New(a.options(s.creds)), func(o *s3.PresignOptions) {
		o.Expires = s.life
		o.Presigner = newStampedSigner(s.at)
	})
	raw, err := a.call(ctx, client, s.method, s.key)
	if err != nil || !onlyHostSigned(raw, s.creds.SessionToken != "") {
		return "", stopped(ctx, ErrSDK)
	}
	return raw, nil
}

// call sets bucket and key and nothing else: with Body, ChecksumAlgorithm or
// ContentType set, the SDK signs headers that no third party sends.
func (a addressing) call(ctx context.Context, c *s3.PresignClient, method, key string) (string, error) {
	var out *v4.PresignedHTTPRequest
	var err error
	if method == http.MethodPut {
		out, err = c.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &a.bucket, Key: &key})
	} else {
		out, err = c.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &a.bucket, Key: &key})
	}
	if err != nil {
		return "", err
	}
	return out.URL, nil
}

func (a addressing) options(creds aws.Credentials) s3.Options {
	o := s3.Options{
		Region:       a.region,
		UsePathStyle: a.pathStyle,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return creds, nil
		}),
		// Some versions of the SDK sign a checksum header otherwise, and a
		// third party's request is then refused (measured: s3 v1.107.3).
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if a.endpoint != "" {
		o.BaseEndpoint = &a.endpoint
	}
	return o
}

// stampedSigner is the SDK's signer with a given time, because a window is
// computed for the very second that is signed.
type stampedSigner struct {
	signer *v4.Signer
	at     time.Time
}

func newStampedSigner(at time.Time) stampedSigner {
	return stampedSigner{at: at, signer: v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = true // S3 signs the path as it is sent
	})}
}

// PresignHTTP signs r without the SDK's operation marker.
func (s stampedSigner) PresignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, optFns ...func(*v4.SignerOptions)) (string, http.Header, error) {
	r = r.Clone(ctx)
	query := r.URL.Query()
	query.Del(operationMarker)
	r.URL.RawQuery = query.Encode()
	return s.signer.PresignHTTP(ctx, creds, r, payloadHash, service, region, s.at, optFns...)
}

// onlyHostSigned holds the SDK to what this package promises: the parameters of
// Signature Version 4, each once, and no signed header but host.
func onlyHostSigned(raw string, session bool) bool {
	_, rawQuery, _ := strings.Cut(raw, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil || query.Get("X-Amz-SignedHeaders") != "host" {
		return false
	}
	want := []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-SignedHeaders"}
	if session {
		want = append(want, "X-Amz-Security-Token")
	}
	for name, values := range query {
		if !slices.Contains(want, name) || len(values) != 1 {
			return false
		}
	}
	return len(query) == len(want)
}
