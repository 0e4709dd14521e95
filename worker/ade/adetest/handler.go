package adetest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Handler serves the provider's API.
func (p *Provider) Handler() http.Handler { return http.HandlerFunc(p.serveHTTP) }

func (p *Provider) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.begin() {
		panic(http.ErrAbortHandler)
	}
	defer p.wg.Done()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, p.maxBody()))
	if err != nil {
		p.writeUnread(w, r, err)
		return
	}
	c := p.newCall(r, body)
	answer, drop := p.answer(c, p.requestFault(c.about))
	if drop == DropBefore || drop == DropAfter {
		panic(http.ErrAbortHandler) // closes the connection without a reply
	}
	answer.write(w, drop)
}

// maxBody leaves room for a schema beside the largest document.
func (p *Provider) maxBody() int64 { return max(p.o.MaxMarkdown, p.o.MaxDocument) + 8<<20 }

// writeUnread answers a body that was too long; one that was cut has nobody to
// answer.
func (p *Provider) writeUnread(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); !ok {
		panic(http.ErrAbortHandler)
	}
	c := p.newCall(r, nil)
	c.about.Status = http.StatusRequestEntityTooLarge
	p.record(c)
	c.refuse(http.StatusRequestEntityTooLarge, textTooLarge).write(w, DropNone)
}

// answer is the reply to a request under a fault, and how much of it is lost.
func (p *Provider) answer(c *call, f RequestFault) (reply, Drop) {
	var a reply
	if f.Drop != DropBefore && f.Drop != DropDial && (f.Status == 0 || f.Accept) {
		a = p.dispatch(c)
	}
	if f.Status != 0 {
		a = c.faulty(f)
	}
	a.amend(f, p.o)
	if !p.wait(c, f.Delay) {
		f.Drop = DropAfter
	}
	c.about.Status = a.status
	drop := f.Drop
	if drop == DropDial {
		drop = DropBefore
	}
	if drop == DropBefore || drop == DropAfter {
		c.about.Status = 0
	}
	p.record(c)
	return a, drop
}

// wait says false when there is nobody left to answer.
func (p *Provider) wait(c *call, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.http.Context().Done():
	case <-p.ctx.Done():
	}
	return false
}

// dispatch does what a request asks for.
func (p *Provider) dispatch(c *call) reply {
	if c.about.Operation == OpDownload {
		return p.download(c)
	}
	if c.about.Operation == OpUnknown {
		return unrouted(c)
	}
	key, refusal := p.authenticate(c.http)
	if refusal != nil {
		return *refusal
	}
	switch c.about.Operation {
	case OpCreate:
		return p.create(c, key)
	case OpList:
		return p.list(c, key)
	case OpSync:
		return p.extractNow(c)
	case OpParseCreate:
		return p.createParse(c, key)
	case OpParseList:
		return p.list(c, key)
	case OpParseSync:
		return p.parseNow(c)
	}
	return p.get(c, key)
}

// unrouted answers as FastAPI does when no route fits.
func unrouted(c *call) reply {
	if _, ok := routes["POST "+c.about.Path]; ok {
		r := jsonReply(http.StatusMethodNotAllowed, map[string]any{"detail": "Method Not Allowed"})
		r.header.Set("Allow", "POST")
		if _, ok := routes["GET "+c.about.Path]; ok {
			r.header.Set("Allow", "GET, POST")
		}
		return r
	}
	return jsonReply(http.StatusNotFound, map[string]any{"detail": "Not Found"})
}

func retryAfter(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
