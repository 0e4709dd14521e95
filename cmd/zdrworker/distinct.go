package main

import "iter"

// maxDistinct is how many keys of a list are remembered: some megabytes.
const maxDistinct = 100_000

// distinct leaves out keys that came before: of the first most ones any, after
// those what repeats the one before it, as versions do in an inventory. A
// document is billed once however often it is drawn; this is for the counts.
func distinct(keys iter.Seq2[string, error], most int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		seen, last := map[string]bool{}, ""
		for key, err := range keys {
			if err == nil && (key == last || seen[key]) {
				continue
			}
			if last = key; len(seen) < most {
				seen[key] = true
			}
			if !yield(key, err) {
				return
			}
		}
	}
}
