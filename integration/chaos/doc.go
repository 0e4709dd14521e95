// Package chaos runs real zdrworker processes against a real MinIO and a
// stand-in for the provider, and does to them what happens to processes: they
// are killed with SIGKILL at any instruction, paused with SIGSTOP past their
// leases, ended with SIGTERM and started again, while the ways between worker,
// store and provider are cut and mended and the provider loses answers.
//
// What came of it is judged from outside alone: by the provider's account of
// what it billed, by what lies in the buckets, by what the processes wrote to
// their output. Each document must have exactly one result, its own, and one
// billed job, a PDF one billed parse before that; nothing staged may be left
// once the URLs have ended; what was held is counted and explained.
//
//	go test ./integration/chaos                                    40 documents, three quarters of a minute
//	go test ./integration/chaos -v -chaos.docs=2000 -chaos.kills=500 -timeout 2h
//
// The seed is printed. The same seed (-chaos.seed) gives the same plan: which
// process is hit, how, upon which of its steps; when which way is cut, and how;
// which requests the provider fails. What the operating system and the network
// make of the plan differs from run to run.
//
// It needs a Unix: there are no such signals elsewhere, and no tests of this
// package then.
//
// Not covered: a refused key, spent credits and a violation (they stop the
// fleet for minutes, which other tests show), wrong clocks (all processes share
// the machine's), and a machine that dies with its disks.
package chaos
