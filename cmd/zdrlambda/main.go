// Command zdrlambda is zdrworker behind the AWS Lambda runtime: the binary
// bootstrap of a function on provided.al2023.
//
// It takes a batch of an SQS queue (with ReportBatchItemFailures), an event of
// S3 or of EventBridge, and a schedule of EventBridge, which sweeps; it tells
// them apart by looking. Nothing is held while the provider works: the result's
// own event, or a sweep, goes on.
//
// ZDRWORKER_CONFIG is a file in the zip, s3://bucket/key, or the configuration
// itself; every key is a variable too. The first sqs among the sources is where
// sweeps put what they found, and where a document waits for its turn.
// ZDRWORKER_LOG_LEVEL is debug, info, warn or error.
//
// The function's timeout must be longer than timing.post_timeout and 15 seconds:
// what is begun after that may not learn its answer, so it is not begun.
package main

import "os"

func main() { os.Exit(run(os.LookupEnv, os.Stdout, os.Stderr)) }
