package main

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/zdrworker/zdrworker/zdr"
)

// run speaks with the runtime until the environment ends. It gives an exit code
// only where that cannot begin.
func run(lookup func(string) (string, bool), stdout, stderr io.Writer) (exit int) {
	defer zdr.RecoverTo(stderr, func() { exit = 2 })
	log := logger(lookup, stderr)
	// The undo is for tests; a function ends with its process.
	if _, err := zdr.Harden(); err != nil {
		log.Error("the environment is not safe", "code", "environment")
		return 64
	}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		log.Error("this is a function of AWS Lambda and nothing calls it here", "code", "environment")
		return 64
	}
	f := newFunction(lookup, stdout, stderr, log)
	// Before the first call, where time is free. What fails is tried again with it.
	_ = f.ready(context.Background())
	lambda.StartWithOptions(f)
	return 0
}

// logger writes JSON lines of the closed set of fields.
func logger(lookup func(string) (string, bool), w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if text, ok := lookup("ZDRWORKER_LOG_LEVEL"); ok && text != "" {
		_ = level.UnmarshalText([]byte(text)) // of what is none, info stays
	}
	return slog.New(zdr.ClosedLog(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})))
}
