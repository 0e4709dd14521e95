// Package s3store keeps a worker's buckets in Amazon S3, MinIO and other stores
// that speak its protocol, through aws-sdk-go-v2.
//
// Every write of an object is sent once: an SDK's second try turns the first
// one's success into 412, and a copy that arrives late can bring an object back
// after it was removed. Reads, listings and removals are tried again by the SDK.
// See [Store] for which error means what.
//
// Nothing that the server says reaches an error but its status, its error code
// and its request id. No checksum is asked for beyond those that S3 requires,
// so that an object reads the same to anyone.
package s3store
