// Package integration holds the tests that look at more than one package: the
// stores' promises on a real MinIO, and the rules that hold the house together.
//
//	miniotest/  a real MinIO for tests, built from its Go module
//	pipeline/   one test of the whole pipeline, on every kind of store
//	skips/      tells a skipped test that is expected from one that is not
//
// go test -short leaves MinIO out and needs no network.
package integration
