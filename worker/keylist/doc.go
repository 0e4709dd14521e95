// Package keylist reads lists of objects: a key or s3:// URI a line, and what S3
// Inventory writes, a CSV file, plain or compressed, or the manifest of many.
// Lists are read as a stream: they may have any number of lines.
package keylist
