package main

import (
	"iter"
	"slices"
	"testing"
)

func TestDistinct(t *testing.T) {
	for _, tt := range []struct {
		name     string
		in, want []string
	}{
		{"apart", []string{"a", "b", "a", "b", "c"}, []string{"a", "b", "c"}},
		{"in a row, beyond what is remembered", []string{"a", "b", "c", "d", "d", "d", "a", "c"}, []string{"a", "b", "c", "d", "c"}},
		{"none", nil, nil},
	} {
		var got []string
		for key, err := range distinct(pairs(tt.in), 2) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, key)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func pairs(keys []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, k := range keys {
			if !yield(k, nil) {
				return
			}
		}
	}
}
