// Package memstore keeps buckets in memory, as strictly as S3 does: ETags are
// the MD5 of the content, conditions are checked under a lock, versions and
// delete markers are kept where a bucket is versioned.
//
// It opens no socket and starts no goroutine, and its clock is time.Now, so it
// runs inside a testing/synctest bubble. An Interceptor set on the Server can
// delay, fail, double, lose or postpone any operation: that is how a simulator
// makes the network between a worker and its store.
package memstore
