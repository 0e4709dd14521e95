package worker

import "context"

// Beyond is a job that waits for budget, and would wait for ever: what one
// submission of it may cost is over all that a day has.
type Beyond struct {
	Credits float64 // what is reserved for it at least
	Day     float64 // what a day has
}

// IsZero reports whether it is none.
func (b Beyond) IsZero() bool { return b == Beyond{} }

// beyond looks at a job that waits for budget, by this worker's bound or, where
// it has none, by that of whoever wrote today's account last.
func (p *Pipeline) beyond(ctx context.Context, j *job) (Beyond, error) {
	if j.rec.State != Claimed || j.rec.Waiting != WaitBudget {
		return Beyond{}, nil
	}
	day, err := p.dayLimit(ctx)
	if err != nil || day <= 0 {
		return Beyond{}, err
	}
	if err := p.lookParse(ctx, j); err != nil {
		return Beyond{}, err
	}
	var ready *parseRef
	if j.parse != nil && j.parse.rec.Receipt != nil {
		ready = &parseRef{Markdown: j.parse.rec.Receipt.Markdown}
	}
	need, err := p.price(ctx, j.rec, ready)
	if err != nil || need <= day {
		return Beyond{}, err
	}
	return Beyond{need, day}, nil
}

// dayLimit is what a day has.
func (p *Pipeline) dayLimit(ctx context.Context) (float64, error) {
	if p.purse.daily > 0 {
		return p.purse.daily, nil
	}
	t := p.purse.till(dayAccount(p.now()), 0)
	if err := t.control.take(ctx); err != nil {
		return 0, err
	}
	defer t.control.give()
	err := t.control.refresh(ctx, p.store, p.now())
	return t.control.last.Limit, err
}
