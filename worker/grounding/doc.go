// Package grounding says where each field of a result stands in its document:
// on which page, and in which box of it.
//
// A result names the chunks of a parse that a value was taken from
// (extraction_metadata, "references"), and the parse result says where its
// chunks and table cells are ("chunks" and "grounding"). [Join] brings the two
// together:
//
//	fields, err := grounding.Join(result, parsed)
//
// Pages count from 0 and boxes are fractions of the page, as on the wire.
//
// Values are content, and so are references in part: [Field] holds the value in
// a type that does not print it.
package grounding
