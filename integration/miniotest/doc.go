// Package miniotest runs a real MinIO for tests. MinIO's public images are gone
// and its repository is archived, so the program is built from its Go module,
// at a pinned version, into the user's cache folder: once, some two minutes and
// 110 MB. MinIO is run, never linked.
//
// Where a Docker engine answers, testcontainers-go makes an image of that one
// static file and runs it as a container; nothing is pulled. Elsewhere the same
// file runs as a process on a loopback port. The test log says which.
//
//	func TestMain(m *testing.M) { miniotest.Main(m) }
//
//	func TestOnMinIO(t *testing.T) {
//		server := miniotest.Start(t) // skips, saying so, with -short
//		name := server.NewBucket(t, miniotest.Bucket{Versioned: true})
//		…
//	}
//
// ZDRWORKER_TEST_MINIO=process keeps to the process where an engine answers;
// =container makes a missing engine an error.
package miniotest
