package miniotest

import (
	"encoding/json"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/presign/presigntest"
)

// Identities are the three that a deployment has.
type Identities struct {
	Worker presign.Identity // all objects of store and exchange
	Reader presign.Identity // GET of s/* in exchange, nothing else
	Writer presign.Identity // PUT of o/* in exchange, nothing else
}

// Identities narrows root to the three, by MinIO's AssumeRole with a policy.
func (s *Server) Identities(store, exchange string) Identities {
	narrow := func(policy string) presign.Identity {
		return presigntest.Narrow(s.Endpoint, Region, s.Credentials(), policy, 0)
	}
	return Identities{
		Worker: narrow(workerPolicy(store, exchange)),
		Reader: narrow(presigntest.ReaderPolicy(exchange, presign.DefaultReaderPrefix)),
		Writer: narrow(presigntest.WriterPolicy(exchange, presign.DefaultWriterPrefix)),
	}
}

// workerPolicy is what the worker itself needs in its buckets, action by
// action.
func workerPolicy(buckets ...string) string {
	type statement struct {
		Effect   string
		Action   []string
		Resource []string
	}
	var whole, objects []string
	for _, b := range buckets {
		whole = append(whole, "arn:aws:s3:::"+b)
		objects = append(objects, "arn:aws:s3:::"+b+"/*")
	}
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{
		{"Allow", []string{
			"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation",
			"s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:GetEncryptionConfiguration",
		}, whole},
		{"Allow", []string{
			"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion",
			"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
		}, objects},
	}})
	if err != nil {
		panic("miniotest: strings do not encode")
	}
	return string(text)
}
