//go:build !nosandbox

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/sandbox"
)

// sandboxPID is the variable that says which process to end.
const sandboxPID = "ZDRWORKER_SANDBOX_PID"

// sandboxOptions are the flags of sandbox.
type sandboxOptions struct {
	s3Addr, providerAddr string
	zdr                  bool
	delay                time.Duration
	envFile              string
}

func newSandbox(a *app) *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use: "sandbox", GroupID: groupTry, Short: "Run a bucket and a stand-in for the provider, to develop against", Args: args(),
		Long: `Serve a bucket and a stand-in for the provider on loopback addresses until
interrupted. All is in memory and gone at the end. The stand-in extracts by
rules and parses without OCR; it is no model.

Standard output is lines of export NAME='value' and nothing else: all that points
zdrworker, the vendor's SDKs and aws s3 at the two. It is closed once both
answer, so the shell goes on at once with the first example, which ends the
sandbox again. --env-file writes the same lines to a file instead, for other
terminals too; the file is there whole or not at all, and gone at the end.`,
		Example: `  eval "$(zdrworker sandbox &)"
  zdrworker run in/*.md --schema s.json --output out
  kill $` + sandboxPID + `

  zdrworker sandbox --env-file sandbox.env     # and in another terminal:
  . ./sandbox.env`,
	}
	f := cmd.Flags()
	f.StringVar(&o.s3Addr, "s3-addr", "127.0.0.1:0", "loopback `address` of the bucket; port 0 is a free one ($ZDRWORKER_S3_ADDR)")
	f.StringVar(&o.providerAddr, "provider-addr", "127.0.0.1:0", "loopback `address` of the stand-in; port 0 is a free one ($ZDRWORKER_PROVIDER_ADDR)")
	f.BoolVar(&o.zdr, "zdr", true, "zero data retention at the stand-in; --zdr=false shows what it then keeps ($ZDRWORKER_ZDR)")
	f.DurationVar(&o.delay, "delay", 300*time.Millisecond, "how `long` the stand-in takes for a job ($ZDRWORKER_DELAY)")
	f.StringVar(&o.envFile, "env-file", "", "`file` for the variables instead of standard output ($ZDRWORKER_ENV_FILE)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.sandbox(cmd.Context(), o) }
	return cmd
}

func (a *app) sandbox(ctx context.Context, o sandboxOptions) error {
	if o.delay <= 0 {
		return usage("--delay: a time above zero is wanted")
	}
	box, err := sandbox.Start(ctx, sandbox.Options{S3Addr: o.s3Addr, ProviderAddr: o.providerAddr, NoZDR: !o.zdr, Delay: o.delay})
	if err != nil {
		return sandboxFailure(err)
	}
	undo, err := a.publish(box, o)
	if err == nil {
		<-ctx.Done() // an interruption is the way to end it, no error
	}
	return errors.Join(err, undo(), box.Close())
}

// sandboxFailure is an address that cannot be listened on.
func sandboxFailure(err error) error {
	return &failure{
		code: codeUsage, cause: err, text: "an address cannot be listened on",
		hint: "--s3-addr and --provider-addr take literal loopback addresses such as 127.0.0.1:9000, with a port that is free",
	}
}

// publish says where the two servers are. undo takes the file away again.
func (a *app) publish(box *sandbox.Sandbox, o sandboxOptions) (undo func() error, err error) {
	vars := [][2]string{{sandboxPID, strconv.Itoa(os.Getpid())}}
	for name, value := range box.Env() {
		vars = append(vars, [2]string{name, value})
	}
	undo = func() error { return nil }
	if o.envFile != "" {
		if err := writeWhole(filepath.Clean(o.envFile), strings.NewReader(exports(vars))); err != nil {
			return undo, err
		}
		undo = func() error { return os.Remove(o.envFile) }
	} else if err := a.tellSandbox(vars); err != nil {
		return undo, err
	}
	_, err = fmt.Fprintf(a.stderr, "zdrworker sandbox: bucket and stand-in are up; end them with an interrupt, or kill %d\n", os.Getpid())
	return undo, err
}

// tellSandbox writes the variables and closes standard output, so that a shell
// that waits for its end goes on.
func (a *app) tellSandbox(vars [][2]string) error {
	if a.json {
		env := map[string]string{}
		for _, v := range vars {
			env[v[0]] = v[1]
		}
		if err := a.line(map[string]any{"type": "sandbox", "env": env}); err != nil {
			return err
		}
	} else if _, err := io.WriteString(a.stdout, exports(vars)); err != nil {
		return err
	}
	if c, ok := a.stdout.(io.Closer); ok && !isTerminal(a.stdout) {
		return c.Close()
	}
	return nil
}

// exports is what a POSIX shell reads. No value has a quote in it that is not
// written for the shell.
func exports(vars [][2]string) string {
	var b strings.Builder
	for _, v := range vars {
		fmt.Fprintf(&b, "export %s='%s'\n", v[0], strings.ReplaceAll(v[1], "'", `'\''`))
	}
	return b.String()
}
