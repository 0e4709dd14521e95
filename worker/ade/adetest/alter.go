package adetest

import (
	"bytes"
	"encoding/json"
)

// Truncate is a Landing.Alter that keeps the first half of a result.
func Truncate(result []byte) []byte { return result[:len(result)/2] }

// Garbage is a Landing.Alter that puts something that is no JSON.
func Garbage([]byte) []byte { return []byte("\x00<html>not a result</html>") }

// Pad is a Landing.Alter that makes a result n bytes longer, still valid.
func Pad(n int) func([]byte) []byte {
	return func(result []byte) []byte {
		return append(bytes.Clone(result), bytes.Repeat([]byte(" "), n)...)
	}
}

// OfAnotherJob is a Landing.Alter that makes the receipt name another job.
func OfAnotherJob(result []byte) []byte {
	var r map[string]json.RawMessage
	var receipt map[string]any
	if json.Unmarshal(result, &r) != nil || json.Unmarshal(r["metadata"], &receipt) != nil {
		return result
	}
	receipt["job_id"] = newUUID()
	r["metadata"] = encode(receipt)
	return encode(r)
}
