// Package sandbox is a bucket server and a stand-in for the provider, in this
// process, on loopback addresses: what a developer needs to try the whole
// pipeline with nothing installed. Everything is in memory and gone with Close.
//
// The S3 server checks signatures, expiry and conditions for real; its deviations
// from AWS are named in package s3serve. The stand-in extracts by rules and says
// so; it is no model. A build with the tag nosandbox has none of this.
package sandbox
