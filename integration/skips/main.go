package main

import (
	_ "embed"
	"fmt"
	"os"
)

//go:embed expected.txt
var expected string

func main() {
	list, err := parseList(expected)
	if err == nil {
		err = watch(os.Stdin, os.Stdout, list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "skips:", err)
		os.Exit(1)
	}
}
