//go:build !nosandbox && linux

package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/integration/miniotest"
	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/zdr"
)

// roleEnv makes this test program a worker: its memory is then its own, without
// the servers'.
const roleEnv = "ZDRWORKER_BENCH_WORKER"

func TestMain(m *testing.M) {
	if setup := os.Getenv(roleEnv); setup != "" {
		beWorker(setup)
		return
	}
	miniotest.Main(m)
}

// setup is what a worker in a process of its own needs to know.
type setup struct {
	Endpoint, Region, Store, Exchange, Provider string
	Owner, Reader, Writer                       [2]string
}

func identity(k [2]string) presign.Identity {
	return presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(k[0], k[1], "")}
}

// beWorker serves until its input ends. "arrive" takes in what lies in the
// inbox, "tidy" gives unused memory back.
func beWorker(text string) {
	var s setup
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	cfg := aws.Config{Region: s.Region, BaseEndpoint: &s.Endpoint, Credentials: identity(s.Owner).Credentials}
	r := &round{place: openUncounted(context.Background(), cfg, s.Store, s.Exchange, presign.Config{
		Region: s.Region, Endpoint: s.Endpoint, Reader: identity(s.Reader), Writer: identity(s.Writer),
	}), schema: must(zdr.ParseSchema([]byte(schema)))}
	r.place.sign.Lifetime.Asked = 0
	r.boundary(s.Provider)
	p := must(r.newPipeline(context.Background(), worker.Settings{}))
	server := must(p.Serve(worker.ServeOptions{}))
	go func() { _ = server.Run(context.Background()) }()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "arrive":
			for o, err := range r.place.owner.List(context.Background(), bucket.Page{Prefix: "inbox/"}) {
				if err == nil {
					err = server.Arrived(context.Background(), worker.Document{Key: o.Key})
				}
				if err != nil {
					panic(err)
				}
			}
		case "tidy":
			debug.FreeOSMemory()
		}
		fmt.Println("done")
	}
}

// child is a worker in a process of its own.
type child struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func startChild(t testing.TB, s setup) *child {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	// No heap profile: a test program takes one and needs memory for it, the
	// product does not.
	cmd.Env = append(os.Environ(), roleEnv+"="+string(must(json.Marshal(s))), "GODEBUG=memprofilerate=0")
	cmd.Stderr = os.Stderr
	c := &child{cmd: cmd, in: must(cmd.StdinPipe()), out: bufio.NewScanner(must(cmd.StdoutPipe()))}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return c
}

// say tells it something and waits until that is done.
func (c *child) say(t testing.TB, word string) {
	t.Helper()
	if _, err := fmt.Fprintln(c.in, word); err != nil {
		t.Fatal(err)
	}
	if !c.out.Scan() {
		t.Fatal("the worker has ended")
	}
}

// memory reads a line of the kernel's account of a process: VmRSS or VmHWM, in
// bytes.
func (c *child) memory(t testing.TB, what string) int64 {
	t.Helper()
	b := must(os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid)))
	m := regexp.MustCompile(`(?m)^` + what + `:\s+(\d+) kB$`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("no %s", what)
	}
	return must(strconv.ParseInt(string(m[1]), 10, 64)) << 10
}

// forChild is the setup for a worker at an embedded place.
func (r *round) forChild(t testing.TB) setup {
	pair := func(p aws.CredentialsProvider) [2]string {
		c := must(p.Retrieve(t.Context()))
		return [2]string{c.AccessKeyID, c.SecretAccessKey}
	}
	return setup{
		Endpoint: r.place.sign.Endpoint, Region: r.place.sign.Region, Store: r.place.store.Name(), Exchange: r.place.exchange.Name(),
		Provider: r.provider.URL, Owner: pair(r.place.owner.Client().Options().Credentials),
		Reader: pair(r.place.sign.Reader.Credentials), Writer: pair(r.place.sign.Writer.Credentials),
	}
}
