// Package storetest checks that a store keeps what worker.Store promises. The
// same suite runs on memory, on the embedded server and on real stores:
//
//	storetest.Run(t, func(t *testing.T) storetest.Target {
//		return storetest.Target{Store: store, Other: other, Rough: storetest.S3(client, "bucket")}
//	})
//
// A promise that a store is known not to keep is named in Target.Differs with
// what the store does instead. The suite then makes sure that it really is not
// kept: a difference that has gone must be struck off. Nothing in this project
// may rely on a promise that any store's Differs names.
package storetest
