// Package page makes one HTML page of a result: its fields, and the pages of its
// document with a box where each field was found.
//
// The page is content. It is complete in itself: pictures are in it, no script
// is, and its own content security policy forbids the browser to load anything,
// so that opening it tells nobody of it.
package page
