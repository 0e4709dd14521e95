package zdr

// JobID is the provider's name of a job. It is opaque, says nothing of a
// document and may be logged. Only a Guard makes one, from a 202 or a list
// reply, and RecordedJobID, from a record that kept one: no other text can
// become part of a request's path. It is comparable; the zero value is no id.
type JobID struct{ id string }

// RecordedJobID takes an id back from a record. It is 1 to 128 characters of
// A-Z a-z 0-9 _ . - and neither "." nor ".."; anything else is a *Refusal
// with RuleJob.
func RecordedJobID(s string) (JobID, error) {
	if !isJobID(s) {
		return JobID{}, &Refusal{Rule: RuleJob}
	}
	return JobID{s}, nil
}

// String gives the id, "" for the zero value.
func (j JobID) String() string { return j.id }

// IsZero reports whether there is no id.
func (j JobID) IsZero() bool { return j.id == "" }

// MarshalText gives the id.
func (j JobID) MarshalText() ([]byte, error) { return []byte(j.id), nil }

// UnmarshalText takes an id as RecordedJobID does; empty text is the zero value.
func (j *JobID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*j = JobID{}
		return nil
	}
	id, err := RecordedJobID(string(b))
	if err != nil {
		return err
	}
	*j = id
	return nil
}

func isJobID(s string) bool {
	return s != "." && s != ".." && isToken(s, 128, "_.-")
}

// isToken reports whether s is 1 to limit letters, digits and extra characters
// of ASCII.
func isToken(s string, limit int, extra string) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if !isTokenByte(s[i], extra) {
			return false
		}
	}
	return true
}

func isTokenByte(c byte, extra string) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	for i := range len(extra) {
		if c == extra[i] {
			return true
		}
	}
	return false
}
