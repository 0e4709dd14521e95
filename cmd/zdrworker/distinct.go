package main

import (
	"crypto/sha256"
	"iter"
)

// maxDistinct is how many keys of a list are remembered, as digests: some
// megabytes, however long they are.
const maxDistinct = 100_000

// distinct leaves out keys that came before: of the first most ones any, after
// those what repeats the one before it, as versions do in an inventory. A
// document is billed once however often it is drawn; this is for the counts.
func distinct(keys iter.Seq2[string, error], most int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		seen, last := map[[sha256.Size]byte]bool{}, ""
		for key, err := range keys {
			digest := sha256.Sum256([]byte(key))
			if err == nil && (key == last || seen[digest]) {
				continue
			}
			if last = key; len(seen) < most {
				seen[digest] = true
			}
			if !yield(key, err) {
				return
			}
		}
	}
}
