//go:build !nosandbox

package main

// hasSandbox says whether the embedded bucket and stand-in are in the binary.
const hasSandbox = true
