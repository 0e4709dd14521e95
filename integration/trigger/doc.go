// Package trigger holds the tests in which a real MinIO is the sender of the
// events: to a NATS JetStream and to a webhook.
//
// MinIO takes its targets from its environment at its start, and they are
// servers of the test process on loopback ports, so MinIO runs as a process
// here and not in a container.
package trigger
