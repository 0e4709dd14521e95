package main

import (
	"fmt"
	"path"
	"strings"
)

const module = "github.com/zdrworker/zdrworker/"

// entry is one line of the list.
type entry struct {
	pkg, test string // patterns of path.Match
	reason    string
	seen      bool
}

func parseList(text string) ([]*entry, error) {
	var list []*entry
	for i, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("list, line %d: package, test and reason are wanted", i+1)
		}
		e := &entry{pkg: module + fields[0], test: fields[1], reason: strings.Join(fields[2:], " ")}
		for _, pattern := range []string{e.pkg, e.test} {
			if _, err := path.Match(pattern, ""); err != nil {
				return nil, fmt.Errorf("list, line %d: %w", i+1, err)
			}
		}
		list = append(list, e)
	}
	return list, nil
}

// takes tells whether a skip is the one that the entry means.
func (e *entry) takes(pkg, test, output string) bool {
	inPackage, _ := path.Match(e.pkg, pkg)
	isTest, _ := path.Match(e.test, test)
	return inPackage && isTest && strings.Contains(output, e.reason)
}

// takesSkip finds the entry of a skip and notes that it was of use.
func takesSkip(list []*entry, pkg, test, output string) bool {
	for _, e := range list {
		if e.takes(pkg, test, output) {
			e.seen = true
			return true
		}
	}
	return false
}
