package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/s3store"
)

// TestManyObjectsAreCounted: what a prefix of more than a page costs is known
// before anything is submitted: its first page alone is below the threshold.
func TestManyObjectsAreCounted(t *testing.T) {
	t.Parallel()
	if !hasSandbox {
		t.Skip("a build without the sandbox")
	}
	vars, stop, err := sandboxProcess(append(os.Environ(), "GORACE=atexit_sleep_ms=0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	environ := os.Environ()
	for _, v := range vars {
		environ = append(environ, v[0]+"="+v[1])
	}
	const n = surveyed + 50
	putMany(t, environ, n)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "s.json"), `{"type":"object","properties":{"invoice_number":{"type":"string"}}}`)
	environ = append(environ, fmt.Sprintf("ZDRWORKER_BUDGET_CONFIRM_OVER=%d", surveyed/10+2))
	for _, tt := range []struct {
		flags []string
		exit  int
		says  []string
	}{
		{nil, exitUsage, []string{"1050 extract jobs, about 105 credits", "as 1000 of 1050 documents say that were looked at", "--max-credits"}},
		// Where nobody is to be asked, the first of them have to do.
		{[]string{"--no-wait", "--yes"}, exitOK, []string{"estimate  more than 1000 extract jobs, about 100 credits", "as 100 of 1000 documents say", "left in the bucket: 1050 documents"}},
	} {
		cmd := exec.Command("zdrworker", append([]string{"run", "s3://sandbox-store/in/", "--schema", "s.json"}, tt.flags...)...)
		cmd.Dir, cmd.Env = dir, environ
		out, err := cmd.CombinedOutput()
		exit := 0
		if ended, ok := errors.AsType[*exec.ExitError](err); ok {
			exit = ended.ExitCode()
		}
		if exit != tt.exit {
			t.Fatalf("%v, want exit %d:\n%s", err, tt.exit, out)
		}
		for _, want := range tt.says {
			if !strings.Contains(string(out), want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
	}
}

// bucketOf opens the store bucket of a configuration in variables.
func bucketOf(t *testing.T, environ []string) *s3store.Store {
	t.Helper()
	store, err := openStore(t.Context(), environ)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func openStore(ctx context.Context, environ []string) (*s3store.Store, error) {
	c, err := config.Load(config.Options{Lookup: lookupIn(environ)})
	if err != nil {
		return nil, err
	}
	cfg, err := c.AWS(ctx)
	if err != nil {
		return nil, err
	}
	return c.OpenStore(ctx, cfg)
}

// putMany puts small documents into the store bucket.
func putMany(t *testing.T, environ []string, n int) {
	t.Helper()
	store := bucketOf(t, environ)
	var all sync.WaitGroup
	var failed atomic.Int64
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range next {
				if _, err := store.Put(t.Context(), fmt.Sprintf("in/%05d.md", i), strings.NewReader("Invoice number: 1\n"), bucket.PutOptions{}); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	if failed.Load() > 0 {
		t.Fatalf("%d documents were not put", failed.Load())
	}
}

// TestSampleHoldsFew: a million documents are counted, a thousand of them are
// kept, and those come from everywhere.
func TestSampleHoldsFew(t *testing.T) {
	const n = 1_000_000
	var drawn atomic.Int64
	some, all, err := sample(numbered(n), 0, surveyed, &drawn)
	if err != nil || len(some) != surveyed || cap(some) > 2*surveyed || all != n || drawn.Load() != n {
		t.Fatalf("%d of %d, %d drawn, %v", len(some), all, drawn.Load(), err)
	}
	var parts [10]int
	for _, c := range some {
		parts[c.key[0]-'0']++
	}
	for i, k := range parts {
		// 100 are to be expected; so far off is one in 10^11.
		if k < 40 || k > 160 {
			t.Errorf("%d come from tenth %d", k, i)
		}
	}
	if some, all, _ := sample(numbered(n), 7, surveyed, &drawn); len(some) != 7 || all != 7 {
		t.Errorf("with a limit of 7: %d of %d", len(some), all)
	}
}

func numbered(n int) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for i := range n {
			if !yield(candidate{key: fmt.Sprintf("%06d", i)}, nil) {
				return
			}
		}
	}
}

// TestStandardInputIsReadTwice: half of a list was read when it is read again.
func TestStandardInputIsReadTwice(t *testing.T) {
	want := strings.Repeat("a line of a list\n", 10_000)
	for _, read := range []int{0, 1, len(want) / 2, len(want)} {
		l := &objectList{body: strings.NewReader(want)}
		l.keep(stdinName)
		if _, err := io.ReadFull(l.body, make([]byte, read)); err != nil {
			t.Fatal(err)
		}
		r := &runner{list: l}
		if err := r.rewind(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(l.body); err != nil || string(got) != want {
			t.Errorf("after %d bytes: %d bytes again, %v", read, len(got), err)
		}
	}
}
