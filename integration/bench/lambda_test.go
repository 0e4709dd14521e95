//go:build !nosandbox && linux

package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr"
)

// BenchmarkLambda compares the time from the start of the bootstrap until it
// asks for its first call with that of a function that does nothing.
func BenchmarkLambda(b *testing.B) { starting(b, 15) }

// TestLambda is a small one: both ask for a call.
func TestLambda(t *testing.T) { starting(t, 1) }

func starting(t testing.TB, times int) {
	box := must(sandbox.Start(t.Context(), sandbox.Options{}))
	t.Cleanup(func() { _ = box.Close() })
	dir := t.TempDir()
	ours, empty := filepath.Join(dir, "zdrlambda"), filepath.Join(dir, "empty")
	build(t, ours, "../../cmd/zdrlambda")
	build(t, empty, "./testdata/empty")
	if err := os.WriteFile(filepath.Join(dir, "s.json"), []byte(schema), 0o600); err != nil {
		t.Fatal(err)
	}
	digest := must(zdr.ParseSchema([]byte(schema))).Digest()
	env := []string{"ZDRWORKER_CONFIG=" + fmt.Sprintf("version: 1\npolicy:\n  schemas: [%s]\nroutes:\n  - {name: invoices, match: {prefix: inbox/}, schema: s.json}\n", digest)}
	for name, value := range box.Env() {
		env = append(env, name+"="+value)
	}
	untilAsked(t, ours, dir, env) // the first start makes the fleet's secret
	a, b := median(times, func() time.Duration { return untilAsked(t, empty, dir, nil) }), median(times, func() time.Duration { return untilAsked(t, ours, dir, env) })
	t.Logf("| start until the first call is asked for, median of %d | empty %v | zdrlambda %v |", times, a.Round(time.Millisecond), b.Round(time.Millisecond))
}

func build(t testing.TB, file, of string) {
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "nosandbox", "-o", file, of).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// untilAsked starts a bootstrap and waits until it asks for a call.
func untilAsked(t testing.TB, program, dir string, env []string) time.Duration {
	asked := make(chan time.Time, 8)
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/invocation/next") {
			asked <- time.Now()
		}
		<-r.Context().Done()
	}))
	defer api.Close()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = dir
	cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://"), "TMPDIR=" + t.TempDir()}, env...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	select {
	case at := <-asked:
		return at.Sub(began)
	case <-time.After(time.Minute):
		t.Fatal("the bootstrap asks for no call")
	}
	return 0
}

func median(n int, measure func() time.Duration) time.Duration {
	var all []time.Duration
	for range n {
		all = append(all, measure())
	}
	slices.Sort(all)
	return all[n/2]
}
