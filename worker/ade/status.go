package ade

import "strings"

// Status is where a job stands, in the provider's words. A word that this
// package does not know is kept when it looks like one, so that a state added
// by the provider shows in a log instead of failing the read; it is neither
// terminal nor successful.
type Status string

// The statuses of the published API, v1.
const (
	StatusPending    Status = "pending"    // accepted, not begun
	StatusProcessing Status = "processing" // being worked on
	StatusCompleted  Status = "completed"  // ended with a result, billed; also when the result does not fit the schema
	StatusFailed     Status = "failed"     // ended without a result, not billed; FailureReason may say why
	StatusCancelled  Status = "cancelled"  // ended without a result; the API has no way to ask for it

	// StatusUnrecognized stands for a status that was absent or did not look
	// like a status: what the provider wrote there is not kept.
	StatusUnrecognized Status = "unrecognized"
)

// maxStatusLength bounds an unknown status, in bytes.
const maxStatusLength = 32

// Statuses are the statuses that the provider's list can be filtered by.
func Statuses() []Status {
	return []Status{StatusCancelled, StatusCompleted, StatusFailed, StatusPending, StatusProcessing}
}

// IsKnown says whether the published API names this status.
func (s Status) IsKnown() bool {
	switch s {
	case StatusPending, StatusProcessing, StatusCompleted, StatusFailed, StatusCancelled:
		return true
	}
	return false
}

// IsTerminal says whether the job has ended and will not change any more.
func (s Status) IsTerminal() bool {
	return s == StatusCompleted || s == StatusFailed || s == StatusCancelled
}

// IsSuccess says whether the job has ended with a result. Progress never
// decides that: it has been seen at 1.0 while a job was still processing.
func (s Status) IsSuccess() bool { return s == StatusCompleted }

// readStatus keeps a word of letters, digits, '_' and '-', and nothing else
// that a reply may carry in this place.
func readStatus(raw string) Status {
	word := strings.ToLower(strings.TrimSpace(raw))
	if word == "" || len(word) > maxStatusLength {
		return StatusUnrecognized
	}
	for _, c := range word {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return StatusUnrecognized
		}
	}
	return Status(word)
}
