package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
)

// helpTopics are pages of help that are no commands.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "errors", Short: "Every error code, what it means and what to do", Long: strings.TrimSpace(errorsPage())},
		{Use: "exit-codes", Short: "Every exit code", Long: strings.TrimSpace(exitsPage())},
		{Use: "retries", Short: "What is tried again, how often, and whether it can bill again", Long: strings.TrimSpace(retriesPage())},
		{Use: "environment", Short: "Every setting with its key, variable, flag and default", Long: strings.TrimSpace(settingsPage())},
	}
}

func errorsPage() string {
	var b strings.Builder
	b.WriteString("An error is one line, `zdrworker: CODE: text`, and a hint. Codes are never renamed.\n")
	for _, c := range classes {
		fmt.Fprintf(&b, "\n%s (exit %d)\n    %s\n    hint: %s\n", c.code, c.exit, c.meaning, c.hint)
	}
	return b.String()
}

func exitsPage() string {
	var b strings.Builder
	b.WriteString("EXIT  MEANING (IN A KUBERNETES JOB)\n")
	for _, e := range exits {
		job := ""
		if e.job != "" {
			job = " (" + e.job + ")"
		}
		fmt.Fprintf(&b, "%4d  %s%s\n", e.exit, e.meaning, job)
	}
	return b.String()
}

func retriesPage() string {
	var b strings.Builder
	b.WriteString(`A job is moved on by whoever looks at it, from its record. Numbers are those of
the defaults; timing.* and provider.list_lag change them.
`)
	for _, r := range worker.Retries {
		fmt.Fprintf(&b, "\n%s\n    %s\n    bills again: %s\n", r.What, r.Then, r.Bills)
	}
	return b.String()
}

func settingsPage() string {
	var b strings.Builder
	b.WriteString(`A flag goes before its variable, that before the file, the file before a
variable of AWS's or the provider's, and that before the default. Every other
flag has a variable too: --log-level is ZDRWORKER_LOG_LEVEL. Secrets are never
flags: VISION_AGENT_API_KEY or provider.api_key_file, and AWS's own variables.
`)
	for _, k := range config.Keys() {
		fmt.Fprintf(&b, "\n%s   --%s   %s\n    %s\n", k.Path, k.Flag(), strings.Join(append([]string{k.Variable()}, k.Others...), " "), k.Doc)
		if k.Default != "" {
			fmt.Fprintf(&b, "    default: %s\n", k.Default)
		}
	}
	return b.String()
}
