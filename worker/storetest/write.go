package storetest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing/iotest"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

var (
	ifAbsent = bucket.PutOptions{Condition: bucket.Condition{Absent: true}}
	anEmpty  = "d41d8cd98f00b204e9800998ecf8427e" // the ETag of no bytes
)

func ifMatch(etag string) bucket.PutOptions {
	return bucket.PutOptions{Condition: bucket.Condition{IfMatch: etag}}
}

var writePromises = []promise{
	{name: "put if absent", check: func(p *probe) {
		_, err := p.Store.Put(p.ctx, p.key("a"), strings.NewReader("one"), ifAbsent)
		p.must("first", err)
		_, err = p.Store.Put(p.ctx, p.key("a"), strings.NewReader("two"), ifAbsent)
		p.class("second", err, bucket.ErrPrecondition)
		p.holds("after", p.key("a"), "one")
	}},
	{name: "put if absent over a delete marker", where: versioned, check: func(p *probe) {
		p.put(p.key("a"), "one")
		p.must("delete", p.Rough.Delete(p.ctx, p.key("a")))
		_, err := p.Store.Put(p.ctx, p.key("a"), strings.NewReader("two"), ifAbsent)
		p.must("put", err)
		p.holds("after", p.key("a"), "two")
	}},
	{name: "put if match", check: func(p *probe) {
		one := p.put(p.key("a"), "one")
		two, err := p.Store.Put(p.ctx, p.key("a"), strings.NewReader("two"), ifMatch(one.ETag))
		p.must("match", err)
		_, err = p.Store.Put(p.ctx, p.key("a"), strings.NewReader("three"), ifMatch(one.ETag))
		p.class("no match", err, bucket.ErrPrecondition)
		p.holds("after", p.key("a"), "two")
		if head, err := p.Store.Head(p.ctx, p.key("a"), ""); err != nil || head.ETag != two.ETag {
			p.errorf("ETag: got %s, want %s (%v)", head.ETag, two.ETag, err)
		}
	}},
	{name: "put if match of an absent key", check: func(p *probe) {
		_, err := p.Store.Put(p.ctx, p.key("a"), strings.NewReader("x"), ifMatch(anEmpty))
		p.class("put", err, bucket.ErrNotFound)
		_, err = p.Store.Head(p.ctx, p.key("a"), "")
		p.class("after", err, bucket.ErrNotFound)
	}},
	{name: "put of nothing", check: func(p *probe) {
		info := p.put(p.key("a"), "")
		if info.ETag != anEmpty || info.Size != 0 {
			p.errorf("got %s, %d bytes", info.ETag, info.Size)
		}
		p.holds("after", p.key("a"), "")
	}},
	{name: "put of a stream that cannot seek", check: func(p *probe) {
		_, err := p.Store.Put(p.ctx, p.key("a"), iotest.OneByteReader(strings.NewReader("streamed")), bucket.PutOptions{})
		p.must("put", err)
		p.holds("after", p.key("a"), "streamed")
	}},
	{name: "put from where a reader stands", check: func(p *probe) {
		r := strings.NewReader("skipped and sent")
		_, err := io.CopyN(io.Discard, r, int64(len("skipped and ")))
		p.must("skip", err)
		info, err := p.Store.Put(p.ctx, p.key("a"), r, bucket.PutOptions{})
		p.must("put", err)
		p.holds("after", p.key("a"), "sent")
		if info.Size != 4 {
			p.errorf("size: got %d, want 4", info.Size)
		}
	}},
	{name: "a body that fails leaves nothing", check: func(p *probe) {
		broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("read of "+p.key("a")+" failed")))
		_, err := p.Store.Put(p.ctx, p.key("a"), broken, bucket.PutOptions{})
		p.class("put", err, bucket.ErrUnavailable)
		if rs := p.remnants(p.key("a")); len(rs) != 0 {
			p.errorf("left: %d", len(rs))
		}
	}},
}

// racers and rounds of the races. Stores that lock badly showed two winners in
// one of four rounds.
const (
	racers = 16
	rounds = 25
)

var racePromises = []promise{
	{name: "put if absent has one winner", check: func(p *probe) {
		for round := range rounds {
			p.race(fmt.Sprintf("%s%d", p.prefix, round), ifAbsent)
		}
	}},
	{name: "put if match has one winner", check: func(p *probe) {
		key := p.key("a")
		etag := p.put(key, "start").ETag
		for range rounds {
			etag = p.race(key, ifMatch(etag))
		}
	}},
}

// race lets writers loose on one key and checks that exactly one wins, that
// its content stands, and that the losers are told so. It gives the winner's
// ETag.
func (p *probe) race(key string, o bucket.PutOptions) string {
	var (
		nonce   = rand.Text() // equal bytes have equal ETags: last round's winner must not fit again
		wg      sync.WaitGroup
		start   = make(chan struct{})
		infos   [racers]bucket.Info
		errs    [racers]error
		winners []int
	)
	for i := range racers {
		wg.Go(func() {
			<-start
			infos[i], errs[i] = p.Store.Put(p.ctx, key, strings.NewReader(fmt.Sprintf("%s by %d", nonce, i)), o)
		})
	}
	close(start)
	wg.Wait()
	for i, err := range errs {
		switch {
		case err == nil:
			winners = append(winners, i)
		case !errors.Is(err, bucket.ErrConflict):
			p.class("loser", err, bucket.ErrPrecondition)
		}
	}
	if len(winners) != 1 {
		p.fatalf("%d winners of %d", len(winners), racers)
	}
	p.holds("winner", key, fmt.Sprintf("%s by %d", nonce, winners[0]))
	return infos[winners[0]].ETag
}
