// Package pipeline holds one test of the whole pipeline and runs it on every
// kind of store: memory, the embedded server, and MinIO. A document goes in,
// its fields come out of the bucket, and nothing of it rested at the provider.
// The provider is adetest; for the memory store it is in the process and no
// socket is opened.
package pipeline
