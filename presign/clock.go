package presign

import (
	"sync/atomic"
	"time"
)

// clockNoise is the offset that is taken for none: a Date header has whole
// seconds, and S3 tolerates fifteen minutes.
const clockNoise = 2 * time.Second

// Clock measures how far S3's clock is ahead of the local one, from the Date
// header of S3's answers. The zero value says "not at all". It is safe for
// concurrent use; Skew fits Config.Skew.
type Clock struct{ skew atomic.Int64 }

// Observe takes in one answer: its Date header, and the local times at which
// the request was sent and the answer received. The latest observation counts.
func (c *Clock) Observe(date, sent, received time.Time) {
	if date.IsZero() || received.Before(sent) {
		return
	}
	middle := sent.Add(received.Sub(sent) / 2)
	// A Date header is cut to the second, so on average half of one is missing.
	skew := date.Add(time.Second / 2).Sub(middle)
	if skew.Abs() < clockNoise+received.Sub(sent)/2 {
		skew = 0
	}
	c.skew.Store(int64(skew))
}

// Skew is how far S3's clock was ahead of the local one in the latest answer;
// negative when it was behind.
func (c *Clock) Skew() time.Duration { return time.Duration(c.skew.Load()) }
