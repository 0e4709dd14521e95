package adetest

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"net/http"
	"time"
)

const errPut = problem(textPut)

// land brings a result to where the job wants it and closes the job. A saved
// result is dropped here as soon as its PUT has been answered.
func (p *Provider) land(j *job, out output) {
	if j.saveURL == "" {
		p.complete(j, out, out.body)
		return
	}
	l := j.fault.Landing
	body := out.body
	if l.Alter != nil {
		body = l.Alter(body)
	}
	err := p.deliver(j, l, body)
	if err != nil && !p.o.Undocumented.UndeliveredCompletes {
		p.end(j, StatusFailed, textPut)
		return
	}
	var kept []byte
	if j.fault.Leak {
		kept = out.body
	}
	p.complete(j, out, kept)
	if l.Again > 0 {
		p.putLater(j, l.Again, body)
	}
}

// complete closes a job with a result and bills it.
func (p *Provider) complete(j *job, out output, kept []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	j.status, j.result, j.markdown = StatusCompleted, kept, nil
	j.receipt, j.partial, j.credits = out.receipt, out.partial, out.credits
	j.billed = true
	p.book.bill.Jobs++
	p.book.bill.add(out.credits)
}

func (p *Provider) deliver(j *job, l Landing, body []byte) error {
	if l.Skip {
		return nil
	}
	if l.Fails {
		return errPut
	}
	times := 1
	if l.Twice {
		times = 2
	}
	var err error
	for range times {
		err = p.putPatiently(j, body)
	}
	return err
}

// putPatiently repeats a PUT whose outcome is not known or not final.
func (p *Provider) putPatiently(j *job, body []byte) error {
	status := 0
	for try := range p.tries(p.o.Undocumented.PutTries) {
		if status = p.put(j, body, try); status/100 == 2 {
			return nil
		}
		if status != 0 && status != http.StatusTooManyRequests && status < 500 {
			break
		}
	}
	return errPut
}

// tries counts from 1 to most, with a wait before each but the first. It ends
// with the provider.
func (p *Provider) tries(most int) iter.Seq[int] {
	return func(yield func(int) bool) {
		wait := p.o.Undocumented.Backoff
		for try := 1; try <= most && yield(try); try++ {
			select {
			case <-time.After(wait):
				wait *= 2
			case <-p.ctx.Done():
				return
			}
		}
	}
}

// put sends a result: an HTTP PUT of known length, with no header but those of
// the options. The status is 0 where there was no answer.
func (p *Provider) put(j *job, body []byte, try int) (status int) {
	t := Transfer{At: p.o.Now(), JobID: j.id, Path: pathOf(j.saveURL), Bytes: len(body), Try: try}
	defer func() { p.recordPut(t) }()
	ctx, cancel := context.WithTimeout(p.ctx, p.o.Undocumented.TransferTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, j.saveURL, bytes.NewReader(body))
	if err != nil {
		return http.StatusBadRequest
	}
	req.Header.Set("User-Agent", serverName)
	maps.Copy(req.Header, p.o.Undocumented.PutHeader)
	resp, err := p.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	t.Status, t.Header = resp.StatusCode, resp.Header
	return resp.StatusCode
}

// putLater is a second PUT after the job has ended.
func (p *Provider) putLater(j *job, after time.Duration, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(after, func() {
		if !p.begin() {
			return
		}
		defer p.wg.Done()
		p.put(j, body, 1) // the account shows what came of it
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.late, t)
	})
	p.late[t] = len(body)
}
