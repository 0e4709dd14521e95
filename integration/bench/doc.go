// Package bench measures what a job costs and prints it as one table:
//
//	go test ./integration/bench -bench . -run '^$' -timeout 60m
//
// Without -bench only a small round of each runs, to show that it still works.
//
// Requests are counted where they leave the process, by a client under the SDK,
// from a document's arrival until its job is closed and its slip is gone, with
// all that the worker asks of its control objects meanwhile. The provider is the
// stand-in. An event is a call in the moment in which the provider's PUT was
// answered: what a queue adds to that is the queue's.
package bench
