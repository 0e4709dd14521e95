package adetest

import (
	"net/http"
	"time"
)

// extractNow is POST /v1/ade/extract. Nothing of it is kept.
func (p *Provider) extractNow(c *call) reply {
	o, refusal := p.readOrder(c)
	if refusal == nil {
		refusal = p.throttle(c, &p.syncPool)
	}
	if refusal == nil {
		refusal = p.fetchInto(c, &o)
	}
	if refusal != nil {
		return *refusal
	}
	out := p.extraction(o, p.o.NewID(), time.Now())
	p.mu.Lock()
	p.book.bill.Calls++
	p.book.bill.add(out.credits)
	p.mu.Unlock()
	status := http.StatusOK
	if out.partial {
		status = http.StatusPartialContent
	}
	return reply{status: status, raw: out.body, header: http.Header{"Content-Type": {"application/json"}}}
}
