//go:build unix

package fleet

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	docsFlag  = flag.Int("fleet.docs", 200, "how many documents")
	killsFlag = flag.Int("fleet.kills", 6, "how many processes are killed")
)

const (
	pods    = 5
	servers = 5
)

// Ten processes share what there is to do: five pods of an indexed Job, and five
// workers that serve and find the other half left in the bucket. One after the
// other is killed or stopped, the one that sweeps among them. Each document is
// billed once, and nothing stays staged. With many:
//
//	go test ./integration/fleet -v -timeout 30m -fleet.docs=5000 -fleet.kills=40
func TestTenProcesses(t *testing.T) {
	w := newWorld(t)
	half := *docsFlag / 2
	w.post("inbox/pods/", half)
	w.post("inbox/left/", *docsFlag-half)
	if code := w.run("run", "s3://"+w.store+"/inbox/left/", "--no-wait", "--shards", fmt.Sprint(servers)); code != 0 {
		t.Fatalf("run --no-wait ended with %d", code)
	}
	began := time.Now()
	all := w.fleet()
	for _, p := range all {
		p.start()
	}
	strikes := w.trouble(all)
	w.finish(all)
	took := time.Since(began)
	w.checkAsked(strikes, took)
	w.check(all)
	t.Logf("%d documents in %s, %d processes killed or stopped, %d workers had the sweep's lease, %d requests of all to the provider",
		*docsFlag, took.Round(time.Second), strikes, len(w.holders), len(w.provider.Account().Requests))
}

// fleet makes the ten.
func (w *world) fleet() (all []*process) {
	for i := range pods {
		all = append(all, &process{
			w: w, name: fmt.Sprintf("pod %d", i), args: []string{"run", "s3://" + w.store + "/inbox/pods/"},
			extra: []string{fmt.Sprintf("JOB_COMPLETION_INDEX=%d", i), fmt.Sprintf("ZDRWORKER_SHARDS=%d", pods), "ZDRWORKER_BACKFILL=fleet-uid"},
		})
	}
	for i := range servers {
		all = append(all, &process{w: w, name: fmt.Sprintf("server %d", i), args: []string{"serve"}})
	}
	return all
}

// trouble stops the one that sweeps, so that its lease changes hands, and kills
// processes while there is work.
func (w *world) trouble(all []*process) (strikes int) {
	w.awaitSweeping(all).strike(syscall.SIGTERM)
	for strikes = 1; strikes < *killsFlag && w.count(w.store, "results/") < *docsFlag*9/10; {
		time.Sleep(time.Duration(500+rand.IntN(1000)) * time.Millisecond)
		victim, signal := all[rand.IntN(len(all))], syscall.SIGKILL
		if strikes%3 == 0 {
			if p := w.sweeping(all); p != nil {
				victim, signal = p, syscall.SIGTERM
			}
		}
		if _, done := victim.ended(); done {
			continue
		}
		victim.strike(signal)
		strikes++
	}
	return strikes
}

// awaitSweeping waits until a process has the sweep's lease.
func (w *world) awaitSweeping(all []*process) *process {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if p := w.sweeping(all); p != nil {
			return p
		}
	}
	w.t.Fatal("nobody sweeps")
	return nil
}

// sweeping is the process that has the sweep's lease.
func (w *world) sweeping(all []*process) *process {
	who := w.sweeper()
	w.mu.Lock()
	pid := w.pids[who]
	w.mu.Unlock()
	for _, p := range all {
		if pid != 0 && p.pid() == pid {
			return p
		}
	}
	return nil
}

// finish waits until the pods have ended, all is answered and another one sweeps,
// and stops the servers.
func (w *world) finish(all []*process) {
	patience := time.Now().Add(3*time.Minute + time.Duration(*docsFlag)*200*time.Millisecond)
	for {
		w.sweeper()
		open := 0
		for _, p := range all[:pods] {
			if _, done := p.ended(); !done {
				open++
			}
		}
		results := w.count(w.store, "results/")
		if open == 0 && results == *docsFlag && w.count(w.exchange, "s/")+w.count(w.exchange, "o/") == 0 && len(w.holders) > 1 {
			break
		}
		if time.Now().After(patience) {
			w.t.Errorf("%d results of %d, %d pods have not ended", results, *docsFlag, open)
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	for _, p := range all[pods:] {
		if err := p.stop(); err != nil {
			w.t.Error(err)
		}
	}
}

// check holds the end to what was promised.
func (w *world) check(all []*process) {
	account := w.provider.Account()
	if account.Bill.Jobs != *docsFlag {
		w.t.Errorf("%d jobs were billed of %d documents", account.Bill.Jobs, *docsFlag)
	}
	if account.ContentBytes != 0 {
		w.t.Errorf("%d bytes of documents were in requests", account.ContentBytes)
	}
	for _, bucketPrefix := range [][2]string{{w.exchange, "s/"}, {w.exchange, "o/"}, {w.store, "failures/"}} {
		if n := w.count(bucketPrefix[0], bucketPrefix[1]); n != 0 {
			w.t.Errorf("%d objects are left under %s", n, bucketPrefix[1])
		}
	}
	for _, p := range all[:pods] {
		exit, ended := p.ended()
		if !ended || exit != 0 {
			w.t.Errorf("%s ended with %d, its exits were %v", p.name, exit, p.exits)
			continue
		}
		done, _ := p.final["sealed"].(float64)
		before, _ := p.final["unchanged"].(float64)
		if int(done+before) != *docsFlag/2 {
			w.t.Errorf("%s tells of %v sealed and %v unchanged of %d", p.name, done, before, *docsFlag/2)
		}
	}
	if len(w.holders) < 2 {
		w.t.Errorf("the sweep's lease was with %d workers: it has not changed hands", len(w.holders))
	}
	// An extra pod finds all done and asks nothing.
	late := &process{w: w, name: "late pod", args: all[0].args, extra: append(strings.Split("JOB_COMPLETION_INDEX=99", " "), all[0].extra[1:]...)}
	late.start()
	<-late.over
	if exit, _ := late.ended(); exit != 0 {
		w.t.Errorf("an extra pod ended with %d", exit)
	}
	if n := len(w.provider.Account().Requests); n != len(account.Requests) {
		w.t.Errorf("an extra pod made %d requests to the provider", n-len(account.Requests))
	}
}
