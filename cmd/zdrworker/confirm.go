package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// confirm asks a person whether to go on. Where nobody can be asked, only --yes
// goes on. The question names no document.
func (a *app) confirm(ctx context.Context, question string, yes bool) error {
	if yes {
		return nil
	}
	if !isTerminal(a.stdin) || !isTerminal(a.stderr) {
		return &failure{code: codeConfirm, text: question}
	}
	fmt.Fprintf(a.stderr, "%s\ngo on? [y/N] ", question)
	answer, err := readAnswer(ctx, a.stdin)
	switch {
	case err != nil:
		fmt.Fprintln(a.stderr) // the cursor stands behind the question
		return err
	case answer == "y", answer == "yes":
		return nil
	}
	return &failure{code: codeConfirm, text: "not confirmed; nothing was done"}
}

// readAnswer reads a line; the end of the input is no answer. A signal ends the
// waiting: the reading itself cannot be given up, and ends with the process.
func readAnswer(ctx context.Context, from io.Reader) (string, error) {
	said := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(from).ReadString('\n')
		said <- strings.ToLower(strings.TrimSpace(text))
	}()
	select {
	case text := <-said:
		return text, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
