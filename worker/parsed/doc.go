// Package parsed reads what a parse job wrote: one JSON object, up to gigabytes
// of it, whose member "markdown" is the text that an extract job is to read.
//
// A [Reader] yields that text as a stream and holds neither it nor anything
// around it. encoding/json cannot do this: its Decoder, and the one of
// encoding/json/jsontext, give a string as one token, and here one string is
// nearly half of the object. So the package has a scanner of its own. What it
// accepts and how it decodes is what encoding/json does, which a fuzz test holds
// it to: escapes, surrogate pairs, and U+FFFD for each byte that is no UTF-8 and
// each half of a pair without the other.
//
// It is stricter in what a caller must not have to guess: the object has exactly
// one "markdown", a string, and at most one "metadata"; names are compared
// exactly, and as they are after decoding. Chunks and splits have markdown
// members too; only the one of the outermost object counts.
//
// The text is good only once the Reader has said [io.EOF]: everything after it
// has been read by then as well.
package parsed
