package config

import (
	"errors"
	"fmt"
	"strings"
)

// Error is one thing that is wrong with a configuration. It names place, key
// and rule, never the value.
type Error struct {
	Where string // "zdrworker.yaml:12:3", "variable ZDRWORKER_STORE", "flag --store"; may be empty
	Key   string // may be empty
	Text  string
	Hint  string // what to do; may be empty
}

// Error gives one line.
func (e *Error) Error() string {
	var parts []string
	for _, s := range []string{e.Where, e.Key} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(append(parts, e.Text), ": ")
}

// Code is the stable code of this class of error.
func (e *Error) Code() string { return "config_invalid" }

// Errors is all that is wrong, in file order.
type Errors []*Error

// Error gives the first line and how many more there are.
func (es Errors) Error() string {
	if len(es) == 1 {
		return es[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", es[0], len(es)-1)
}

// Code is the stable code of this class of error.
func (es Errors) Code() string { return "config_invalid" }

// ErrNoFile says that the file named does not exist.
var ErrNoFile = errors.New("no such configuration file")

// Nearest gives the known name that is the fewest single edits away, "" when
// none is near: at most a third of the letters may differ.
func Nearest(name string, known []string) string {
	best, least := "", len(name)/3+1
	for _, k := range known {
		if d := distance(name, k); d <= least && d < len(k) {
			best, least = k, d-1
		}
	}
	return best
}

// distance counts insertions, deletions, replacements and swaps of neighbours
// that lead from a to b.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
