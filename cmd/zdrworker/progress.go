package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// How often a picture on a terminal and a line elsewhere are renewed.
const (
	redrawEvery = 200 * time.Millisecond
	lineEvery   = time.Minute
)

// counts is what there is to say about a run.
type counts struct {
	Total        int // documents of this run that are not skipped
	Sealed       int
	Unchanged    int // sealed by an earlier run
	Failed       int
	Waiting      int // at the provider
	Queued       int // not yet submitted
	Credits      float64
	ContentBytes int64 // that the provider saw in requests; always 0
}

// done is what needs no more work.
func (c counts) done() int { return c.Sealed + c.Unchanged + c.Failed }

// pace gives how many documents are finished a minute, and how long the rest
// takes at that; 0 and 0 as long as that cannot be told.
func (c counts) pace(elapsed time.Duration) (perMinute float64, left time.Duration) {
	finished := c.Sealed + c.Failed
	if finished == 0 || elapsed < time.Second {
		return 0, 0
	}
	perMinute = float64(finished) / elapsed.Minutes()
	return perMinute, time.Duration(float64(c.Total-c.done()) / perMinute * float64(time.Minute))
}

// progress shows on standard error how a run goes on: a picture that is drawn
// over itself on a terminal, a plain line a minute elsewhere. All that is
// written to standard error meanwhile must go through Write. It is safe for
// concurrent use.
type progress struct {
	out     io.Writer
	picture bool            // draw over the last lines
	silent  bool            // --progress=none
	columns func() int      // of the terminal
	line    func(any) error // writes a JSON line; nil: there are none

	mu    sync.Mutex
	start time.Time
	now   counts
	drawn int           // lines of the picture that stand on the terminal
	words func() string // goes before the counts; nil: nothing does
}

// newProgress follows --progress.
func (a *app) newProgress() *progress {
	kind, _ := a.lookup("TERM")
	p := &progress{
		out:     a.stderr,
		picture: a.progress == "auto" && kind != "dumb" && isTerminal(a.stderr) && ansi(a.stderr),
		silent:  a.progress == "none",
		columns: func() int { return width(a.stderr) },
	}
	if a.json && !p.silent {
		p.line = a.line
	}
	return p
}

// Run shows what Set says until ctx ends, and then once more.
func (p *progress) Run(ctx context.Context) {
	p.mu.Lock()
	p.start = time.Now()
	p.mu.Unlock()
	every := lineEvery
	if p.picture {
		every = redrawEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	said := time.NewTicker(lineEvery)
	defer said.Stop()
	for {
		select {
		case <-tick.C:
			p.show()
		case <-said.C:
			p.say()
		case <-ctx.Done():
			p.last()
			return
		}
	}
}

// During shows what words says until end is called, and leaves nothing of it on a
// terminal. words must return at once.
func (p *progress) During(ctx context.Context, words func() string) (end func()) {
	p.mu.Lock()
	p.words = words
	p.mu.Unlock()
	ctx, stop := context.WithCancel(ctx)
	var shown sync.WaitGroup
	shown.Go(func() { p.Run(ctx) })
	return func() {
		stop()
		shown.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.words = nil
	}
}

// Set gives the newest counts.
func (p *progress) Set(c counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = c
}

// Write puts something else on standard error, above the picture.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	return p.out.Write(b)
}

// show draws or writes the state of now.
func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.silent:
	case p.picture:
		p.erase()
		p.draw()
	case p.line != nil: // standard error has JSON alone there
	case p.words != nil:
		fmt.Fprintln(p.out, p.words())
	default:
		fmt.Fprintln(p.out, line(p.now, time.Since(p.start)))
	}
}

// say writes the state of now for a machine. One that does not listen any more
// is seen by what else is written.
func (p *progress) say() {
	p.mu.Lock()
	now, elapsed := p.now, time.Since(p.start)
	counting := p.words != nil
	p.mu.Unlock()
	if p.line == nil || counting {
		return
	}
	line := map[string]any{
		"type": "progress", "total": now.Total, "sealed": now.Sealed, "unchanged": now.Unchanged, "failed": now.Failed,
		"open": now.Waiting + now.Queued, "credits": added(now.Credits),
	}
	if _, left := now.pace(elapsed); left > 0 {
		line["eta_s"] = int(left.Round(time.Second).Seconds())
	}
	_ = p.line(line)
}

// last leaves the final picture standing. A run without one says its summary
// on standard output.
func (p *progress) last() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.words != nil {
		p.erase()
	} else if p.picture && !p.silent {
		p.erase()
		p.draw()
		p.drawn = 0
	}
}

func (p *progress) draw() {
	lines := picture(p.now, time.Since(p.start), p.columns())
	if p.words != nil {
		lines = []string{cut("  "+p.words(), p.columns()-1)}
	}
	p.drawn = len(lines)
	fmt.Fprintln(p.out, strings.Join(lines, "\n"))
}

// erase takes the picture away: cursor up, clear to the end of the screen
// (ECMA-48, CUU and ED).
func (p *progress) erase() {
	if p.drawn > 0 {
		fmt.Fprintf(p.out, "\x1b[%dA\x1b[J", p.drawn)
		p.drawn = 0
	}
}

// line says it all in one line.
func line(c counts, elapsed time.Duration) string {
	return strings.Join(append([]string{tally(c), backlog(c)}, outlook(c, elapsed)...), " · ")
}

// picture says it in two lines that fit the terminal's columns.
func picture(c counts, elapsed time.Duration, columns int) []string {
	head, tail := "  "+tally(c)+"  ", "  "+backlog(c)
	free := columns - 1 - utf8.RuneCountInString(head+tail)
	first := head + bar(c.done(), c.Total, min(free, 32)) + tail
	second := "  " + strings.Join(outlook(c, elapsed), " · ")
	return []string{cut(first, columns-1), cut(second, columns-1)}
}

func tally(c counts) string { return fmt.Sprintf("sealed %d/%d", c.Sealed+c.Unchanged, c.Total) }

func backlog(c counts) string {
	return fmt.Sprintf("waiting %d · queued %d · failed %d", c.Waiting, c.Queued, c.Failed)
}

// outlook says pace, end and cost, as far as they can be told.
func outlook(c counts, elapsed time.Duration) []string {
	var parts []string
	if perMinute, left := c.pace(elapsed); perMinute > 0 {
		parts = append(parts, fmt.Sprintf("%.1f a minute", perMinute))
		if left > 0 {
			parts = append(parts, "about "+roughly(left)+" left")
		}
	}
	return append(parts, credits(c.Credits)+" credits",
		fmt.Sprintf("content bytes at the provider: %d", c.ContentBytes))
}

// roughly rounds to what a person plans with.
func roughly(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// bar draws done/total into that many columns, with eighths of a column; "" if
// there is no room.
func bar(done, total, columns int) string {
	inside := columns - 2
	if inside < 4 || total <= 0 {
		return ""
	}
	eighths := inside * 8 * min(done, total) / total
	full := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		full += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return "▕" + full + strings.Repeat(" ", inside-utf8.RuneCountInString(full)) + "▏"
}

// cut keeps a line within the columns: one that wraps could not be erased.
func cut(s string, columns int) string {
	runes := []rune(s)
	if columns = max(columns, 1); len(runes) > columns {
		return string(runes[:columns])
	}
	return s
}
