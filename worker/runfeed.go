package worker

import (
	"context"
	"time"
)

// feed draws documents while there are slots.
func (r *run) feed(ctx context.Context) {
	defer r.signal()
	defer func() { r.mu.Lock(); r.fed = true; r.mu.Unlock() }()
	for d, err := range r.draw(ctx) {
		if err != nil {
			r.stop(fault("run", "", err))
			return
		}
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if r.halted() {
			<-r.slots
			return
		}
		r.found(d)
		r.begin(1)
		select {
		case r.docs <- d:
		case <-ctx.Done():
			r.begin(-1)
			return
		}
	}
}

func (r *run) begin(n int) { r.mu.Lock(); r.busy += n; r.mu.Unlock() }

// work takes nudges before documents: what is out comes home first.
func (r *run) work(ctx context.Context) {
	for {
		select {
		case w := <-r.nudges:
			r.advance(ctx, w)
			r.signal()
			continue
		default:
		}
		select {
		case w := <-r.nudges:
			r.advance(ctx, w)
		case d := <-r.docs:
			if d.job.IsZero() {
				r.start(ctx, d.Document)
			} else {
				r.adopt(ctx, d)
			}
			r.begin(-1)
		case <-ctx.Done():
			return
		}
		r.signal()
	}
}

// start claims one document and, when it is new, submits it in the same go.
func (r *run) start(ctx context.Context, d Document) {
	for try := 1; ; try++ {
		j, w, fresh, err := r.claimAndGo(ctx, d)
		if err == nil || j != nil {
			r.gave()
			r.settle(d, j, w, fresh, err)
			return
		}
		if isUnread(err) && d.from != nil {
			r.unread(ctx, d, err)
			return
		}
		if !transient(err) && (!isUnread(err) || try >= unreadTries) {
			r.refuse(d, err)
			return
		}
		r.trouble(err)
		if !sleep(ctx, backoff(try)) {
			<-r.slots
			return
		}
	}
}

func (r *run) claimAndGo(ctx context.Context, d Document) (*job, pause, bool, error) {
	p := r.p
	_, held := p.brake.holds(ctx, p, time.Now())
	var taken time.Time
	begin := !r.o.ParseOnly && !held && p.gate.closedUntil(time.Now()).IsZero()
	if begin {
		taken, begin = p.mayStart(ctx, d)
	}
	j, l, fresh, err := r.claim(ctx, d, begin)
	if begin && l == nil {
		p.pacer.giveBack(ctx, p, taken)
	}
	if err != nil {
		return nil, pause{}, false, err
	}
	// Where there is an intent, a worker that is told to leave still POSTs.
	release, err := p.hands.take(context.WithoutCancel(ctx), j.id)
	if err != nil {
		return nil, pause{}, false, err
	}
	defer release()
	known := !fresh && j.rec.State.Settled()
	var w pause
	if l != nil {
		w, err = p.carryOn(ctx, j, *l)
	} else if !known {
		w, err = p.drive(ctx, j, nudge{slot: true, ask: true, listed: true})
	}
	return j, w, !known, err
}

func (r *run) claim(ctx context.Context, d Document, begin bool) (*job, *launch, bool, error) {
	if r.o.ParseOnly {
		j, fresh, err := r.p.claimParse(ctx, d, r.o.Parse)
		return j, nil, fresh, err
	}
	return r.p.claim(ctx, d, begin)
}

// advance moves one tracked job on.
func (r *run) advance(ctx context.Context, w work) {
	p := r.p
	release, err := p.hands.take(ctx, w.id)
	if err != nil {
		return
	}
	defer release()
	r.mu.Lock()
	t := r.open[w.id]
	r.mu.Unlock()
	if t == nil {
		return
	}
	j, err := r.record(ctx, w)
	if err != nil {
		r.again(w.id, t, nil, fault("advance", "", err))
		return
	}
	pw, err := p.drive(ctx, j, w.n)
	if err != nil && !j.rec.State.Settled() {
		r.again(w.id, t, j, err)
		return
	}
	r.settle(t.doc, j, pw, true, err)
}

// record gives a job's record: the one that was kept where its result has
// landed, else as the bucket has it.
func (r *run) record(ctx context.Context, w work) (*job, error) {
	if j := r.out.take(w.id); j != nil && !w.n.ask {
		return j, nil
	}
	return r.p.load(ctx, w.id)
}
