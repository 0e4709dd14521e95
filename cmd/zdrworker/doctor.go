package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/doctor"
)

func newDoctor(a *app) *cobra.Command {
	strict, timeout := false, doctor.DefaultTimeout
	cmd := &cobra.Command{
		Use: "doctor", GroupID: groupOperate, Short: "Look whether the deployment would work and is safe, and say what to do", Args: args(),
		Long: `Look at everything that the configuration names, as a worker would use it:
credentials and how long they last against the life of presigned URLs, the
buckets and their settings, conditional writes raced by many, a canary that is
staged, signed, fetched and delivered by a bare client, the signers' rights,
queues, clock, and the provider's answer to the key. It takes less than a
minute, or what --timeout says, reads and names no document, and leaves nothing behind.

Each line is ok, warn, fail or unknown; unknown is what cannot be told from
here, never a yes. The exit code is 0 where nothing failed, 64 where something
has to be changed, 1 where something did not answer, 5 where the provider
refuses the key or the account, 70 where content came back from it.`,
		Example: "  zdrworker doctor\n  zdrworker doctor --json --strict",
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings count as failures ($ZDRWORKER_STRICT)")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "longest for all checks together; each has a fifth of it ($ZDRWORKER_TIMEOUT)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd, strict, timeout) }
	return cmd
}

func (a *app) doctor(cmd *cobra.Command, strict bool, timeout time.Duration) error {
	if timeout <= 0 {
		return usage("--timeout: a time above 0 is wanted")
	}
	c, err := a.config(cmd)
	if all, ok := errors.AsType[config.Errors](err); ok {
		return a.mistakes(all)
	}
	if err != nil {
		return err
	}
	_, lambda := a.lookup("AWS_LAMBDA_FUNCTION_NAME")
	var broken error
	found := doctor.Run(cmd.Context(), c, doctor.Options{
		Fetch: c.Fetch, Lambda: lambda, Timeout: timeout,
		Each: func(f doctor.Finding) { broken = errors.Join(broken, a.diagnosis(f)) },
	})
	if broken != nil {
		return broken
	}
	if cmd.Context().Err() != nil {
		return context.Cause(cmd.Context())
	}
	return a.diagnosed(found, strict)
}

// diagnosis prints one line.
func (a *app) diagnosis(f doctor.Finding) error {
	if err := a.line(struct {
		Type string `json:"type"`
		doctor.Finding
	}{"check", f}); err != nil {
		return err
	}
	what := strings.TrimSpace(f.Check + " " + f.Of)
	if err := a.printf("%-8s %-24s %s\n", f.Status, what, f.Saw); err != nil || f.Do == "" {
		return err
	}
	return a.printf("%34s→ %s\n", "", f.Do)
}

// diagnosed sums up. What has to be changed goes before what may work in a
// minute, and content that came back before everything.
func (a *app) diagnosed(found []doctor.Finding, strict bool) error {
	n, causes := map[doctor.Status]int{}, map[doctor.Cause]bool{}
	for _, f := range found {
		n[f.Status]++
		causes[f.Cause] = f.Status == doctor.Fail || causes[f.Cause]
	}
	err := unhealthy(causes, strict && n[doctor.Warn] > 0)
	exit := exitOK
	if err != nil {
		exit = classOf(explain(err).code).exit
	}
	summary := map[string]any{
		"type": "summary", "ok": n[doctor.OK], "warn": n[doctor.Warn], "fail": n[doctor.Fail], "unknown": n[doctor.Unknown], "exit_code": exit,
	}
	text := fmt.Sprintf("%d ok, %d to be changed, %d failed, %d unknown\n", n[doctor.OK], n[doctor.Warn], n[doctor.Fail], n[doctor.Unknown])
	return errors.Join(a.say(summary, "%s", text), err)
}

func unhealthy(causes map[doctor.Cause]bool, warned bool) error {
	switch {
	case causes[doctor.Violation]:
		return &failure{code: codeViolation, text: "content or a foreign URL came back from the provider"}
	case causes[doctor.Configuration], warned:
		return &failure{code: codeUnhealthy, text: "the deployment is not as it must be"}
	case causes[doctor.Unreachable]:
		return &failure{code: codeAway, text: "something does not answer"}
	case causes[doctor.Provider]:
		return &failure{code: codeKeyless, text: "the provider refuses the key or the account"}
	}
	return nil
}
