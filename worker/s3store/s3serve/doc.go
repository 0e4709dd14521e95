//go:build !nosandbox

// Package s3serve is an S3 server inside the process: on a loopback address, in
// memory, gone without a trace when it is closed. It is what the sandbox and
// `go test` run against where no other store is at hand.
//
// Signatures, presigned URLs and their expiry are really checked, conditions on
// writes are really atomic, versions are really kept. Keys can be held to one
// method and prefix, as the two identities that sign URLs for the provider are.
// github.com/rclone/gofakes3 parses requests, answers the plain object and
// bucket operations and verifies signatures; objects live in
// worker/memstore/objects; what gofakes3 lacks (copies and deletes of a version,
// listings of versions and uploads, HEAD of a version) is answered here.
//
// It has no policies, locks, lifecycle, encryption, ACLs or events: those
// requests are refused. A program built with the tag nosandbox has none of it.
package s3serve
