//go:build !nosandbox && linux

package bench

import (
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// clocked gives the time and the processor time of this process that a call
// takes.
func clocked(do func()) (took, cpu time.Duration) {
	began, before := time.Now(), processorTime()
	do()
	return time.Since(began), processorTime() - before
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func deleteInput(bucket, key string) *s3.DeleteObjectInput {
	return &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}
}
