package adetest

import (
	"net/http"
	"time"
)

// pool is a rate limit by the hour that is spread by the minute: a minute's
// share can be used at once.
type pool struct {
	perHour int
	tokens  float64
	last    time.Time
}

// take gives n places once there is one, or says after how long there is.
func (l *pool) take(now time.Time, n int) (wait time.Duration) {
	if l.perHour <= 0 {
		return 0
	}
	rate := float64(l.perHour) / time.Hour.Seconds()
	most := max(1, float64(l.perHour)/60)
	if l.last.IsZero() {
		l.tokens = most
	} else {
		l.tokens = min(most, l.tokens+rate*now.Sub(l.last).Seconds())
	}
	l.last = now
	if l.tokens >= 1 {
		l.tokens -= float64(n)
		return 0
	}
	return time.Duration((1 - l.tokens) / rate * float64(time.Second))
}

// throttle refuses what is over the limit.
func (p *Provider) throttle(c *call, l *pool) *reply { return p.throttleBy(c, l, 1) }

func (p *Provider) throttleBy(c *call, l *pool, n int) *reply {
	p.mu.Lock()
	wait := l.take(p.o.Now(), n)
	p.mu.Unlock()
	if wait == 0 {
		return nil
	}
	r := c.refuse(http.StatusTooManyRequests, textRate)
	if p.o.Limit.TellRetryAfter {
		r.header.Set("Retry-After", retryAfter(wait))
	}
	return &r
}
