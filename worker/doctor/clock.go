package doctor

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/zdrworker/zdrworker/presign"
)

// tolerated is how far S3 lets a signature's clock be off (AWS general
// reference, RequestTimeTooSkewed).
const tolerated = 15 * time.Minute

// lookAtClock compares this machine's clock with the store's, by the date of an
// answer that needs no signature: one with a wrong time would be refused.
func lookAtClock(ctx context.Context, x *checkup) {
	const do = "compare the clocks yourself"
	address, err := x.address(x.exchange.Name())
	if err != nil {
		x.unknown("", "the store's clock cannot be asked for", do)
		return
	}
	sent := time.Now()
	r, why := newBare(x).send(ctx, http.MethodGet, address, "")
	switch {
	case why != "":
		x.unknown("", "the store's clock cannot be told: "+why, do)
	case r.date.IsZero():
		x.unknown("", "the store's answer has no date", do)
	default:
		x.skew(skewOf(r.date, sent, time.Now()))
	}
}

func skewOf(date, sent, received time.Time) time.Duration {
	var c presign.Clock
	c.Observe(date, sent, received)
	return c.Skew()
}

func (x *checkup) skew(off time.Duration) {
	const do = "set this machine's clock by NTP"
	saw := fmt.Sprintf("%s off the store's clock", off.Abs().Round(time.Second))
	switch {
	case off.Abs() >= tolerated-time.Minute:
		x.fail("", saw+"; S3 refuses signatures from 15 minutes", do)
	case off.Abs() > x.c.Timing.ClockSkew:
		x.warn("", saw+", more than timing.clock_skew: healthy submissions are fenced needlessly", do)
	case off == 0:
		x.ok("", "no difference to the store's clock that could be measured (2 s)")
	default:
		x.ok("", "%s", saw)
	}
}
