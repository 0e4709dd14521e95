package doctor

import (
	"context"
	"errors"

	"github.com/zdrworker/zdrworker/worker/ade"
)

// lookAtProvider lists one page of jobs: that needs a key that is accepted, and
// carries nothing.
func lookAtProvider(ctx context.Context, x *checkup) {
	if _, err := x.c.APIKey(ctx); err != nil {
		x.fail("", err.Error(), "set VISION_AGENT_API_KEY or provider.api_key_file")
		return
	}
	_, err := ade.NewWithKey(x.guard, x.c.APIKey).ExtractJobs(ctx, ade.ListOptions{PageSize: 1})
	if err == nil {
		x.ok("", "answers, and accepts the key")
		return
	}
	f := Finding{Status: Fail, Saw: err.Error(), Do: "try again; check network and provider.region", Cause: Unreachable}
	switch {
	case errors.Is(err, ade.ErrThrottled):
		f.Status, f.Do, f.Cause = Warn, "wait: the provider asks to slow down", ""
	case errors.Is(err, ade.ErrUnauthorized), errors.Is(err, ade.ErrForbidden):
		f.Do, f.Cause = "use a key that the provider accepts, of this region and this account", Provider
	case errors.Is(err, ade.ErrPaymentRequired):
		f.Do, f.Cause = "buy credits: nothing is extracted without", Provider
	case errors.Is(err, ade.ErrViolation):
		f.Do, f.Cause = "tell who answers for data protection: the reply holds what it must not", Violation
	case errors.Is(err, ade.ErrRefused):
		f.Do, f.Cause = "check policy and provider.base_url: the boundary let nothing out", Configuration
	}
	x.add(f)
}

// lookAtRetention says what nothing here can show.
func lookAtRetention(_ context.Context, x *checkup) {
	if x.c.Policy.Development {
		x.ok("", "development: nothing leaves this machine")
		return
	}
	x.unknown("", "whether zero data retention is on for this key's account: the provider's interface does not say",
		"have the provider confirm it in writing; the worker sends URLs only, and stops at the first reply with content in it")
}
