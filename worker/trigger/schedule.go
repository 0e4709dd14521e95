package trigger

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/zdrworker/zdrworker/zdr"
)

// Schedule calls a function again and again, one call at a time.
type Schedule struct {
	every time.Duration
	call  func(context.Context) error
	o     Options
}

// NewSchedule makes a schedule that calls once at its start and then every so
// often, with up to a tenth more or less, so that the workers of a fleet drift
// apart. A call that takes longer than the period moves the next one; calls are
// never made up for.
func NewSchedule(every time.Duration, call func(context.Context) error, o Options) (*Schedule, error) {
	if every <= 0 || call == nil {
		return nil, errors.New("trigger: schedule: a positive period and a function are required")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &Schedule{every, call, o.withDefaults()}, nil
}

// Run calls until ctx ends, and then returns nil. A call under way may go on
// for Options.Grace. An error of the function is logged, by its code, and the
// next call comes in its time.
func (s *Schedule) Run(ctx context.Context) error {
	work, end := outlive(ctx, s.o.Grace)
	defer end()
	repeat(ctx, s.every, func() {
		err := s.once(work)
		if ctx.Err() == nil || err == nil {
			s.o.tell(work, SourceSchedule, "", err)
		}
	})
	return nil
}

func (s *Schedule) once(ctx context.Context) (err error) {
	defer zdr.RecoverTo(os.Stderr, func() { err = errPanic })
	return s.call(ctx)
}

// repeat calls f now and then about once a period, until ctx ends.
func repeat(ctx context.Context, period time.Duration, f func()) {
	for ctx.Err() == nil {
		f()
		sleep(ctx, period-period/10+jitter(period/5))
	}
}
