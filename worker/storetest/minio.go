package storetest

// MinIO names what MinIO (the last release before its repository was archived,
// of February 2026) does not keep, for Target.Differs.
func MinIO() map[string]string {
	return map[string]string{
		"a key below another key is listed": "does not list a/b where a is an object too",
		"remnants shows uploads by prefix":  "lists unfinished uploads of one exact key only, so Remove finds them and Remnants of a folder does not",
		"a key with dot segments":           "refuses such keys",
		"a key with empty segments":         "refuses such keys",
		"a key with a slash at the end":     "does not let such keys be uploaded in parts",
		"a key that begins with a slash":    "drops the slash, so that /a and a are one object",
	}
}
