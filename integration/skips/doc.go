// Skips reads what go test -json says and holds skipped tests to a list:
//
//	go test -json ./... | go run ./integration/skips
//
// It prints go test's own line for each package, the output of tests that
// failed, and lines that a test marks as worth telling (they contain
// "miniotest:"). It fails when a test failed or a package did, when a test was
// skipped that is not on the list, when an entry of the list was not skipped
// although its package ran, and when nothing ran at all. A skip that nobody
// expects is a test that has quietly stopped testing.
package main
