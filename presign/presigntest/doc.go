// Package presigntest holds a store to what presigned URLs promise. A bare
// net/http client, which knows nothing of signatures, plays the provider and
// everybody who gets hold of a URL:
//
//	presigntest.Run(t, presigntest.Target{
//		Config: presign.Config{Bucket: "x7k2", Region: "us-east-1", Endpoint: url,
//			Reader: reader, Writer: writer},
//		Owner: s3.NewFromConfig(owner),
//	})
//
// It tries the right use, then wrong methods, other keys, changed parameters,
// no query, expired URLs, headers that nobody signed, and each identity at the
// other's work. Where a store is known to do something else, the case is named
// in Target.Differences; a difference that is named and not there fails as
// well, so that the list stays true.
//
// Seen so far: the embedded server of worker/s3store/s3serve keeps every case
// when reader and writer have their scopes. MinIO, with the two narrowed as
// Narrow does it, keeps all but put-tagging: a PUT URL sets tags there. With a
// writer who may do more, put-copy-source falls too: such a URL reads whatever
// its signer may read.
package presigntest
