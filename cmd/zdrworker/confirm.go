package main

import (
	"bufio"
	"fmt"
	"strings"
)

// confirm asks a person whether to go on. Where nobody can be asked, only --yes
// goes on. The question names no document.
func (a *app) confirm(question string, yes bool) error {
	if yes {
		return nil
	}
	if !isTerminal(a.stdin) || !isTerminal(a.stderr) {
		return &failure{code: codeConfirm, text: question}
	}
	fmt.Fprintf(a.stderr, "%s\ngo on? [y/N] ", question)
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &failure{code: codeConfirm, text: "not confirmed; nothing was done"}
}
