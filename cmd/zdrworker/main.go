// Command zdrworker extracts fields from documents in buckets with LandingAI's
// ADE so that nothing of a document rests at the provider.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
