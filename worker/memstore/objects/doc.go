// Package objects is the data structure beneath worker/memstore and the
// embedded server: one bucket's objects with their versions, delete markers and
// unfinished uploads. Every method is one atomic step, which is what makes
// conditions on writes worth something.
//
// It knows no clock, no network and no faults. Errors are the bare sentinels of
// worker/bucket.
package objects
