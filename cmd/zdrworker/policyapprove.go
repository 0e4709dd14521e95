package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/zdr"
)

func newPolicyApprove(a *app) *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use: "approve FILE", Short: "Let a schema leave: add its digest to the policy", Args: args("FILE"),
		Long: `A schema is sent to the provider inline and stays there, so only approved ones
leave. This looks for what a schema should perhaps not say (examples, defaults,
long lists of values, e-mail addresses, dates), and adds the digest of what
would be sent to policy.schemas in the configuration file. Without a file it
prints the lines to add.`,
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "approve in spite of findings ($ZDRWORKER_YES)")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the lines to add and change nothing ($ZDRWORKER_DRY_RUN)")
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		return a.policyApprove(cmd, given[0], yes, dryRun)
	}
	return cmd
}

func (a *app) policyApprove(cmd *cobra.Command, path string, yes, dryRun bool) error {
	c, err := a.config(cmd)
	if err != nil {
		return err
	}
	schema, err := config.ReadSchema(cmd.Context(), path, nil)
	if err != nil {
		return err
	}
	lints := zdr.LintSchema(schema.Schema)
	if err := a.lints(lints); err != nil {
		return err
	}
	if len(lints) > 0 && !yes {
		return &failure{code: codeSchemaLint, text: count(len(lints), "finding") + " in the schema; it is not approved"}
	}
	digest := schema.Schema.Digest()
	if c.File == "" || dryRun {
		return a.toAdd(digest)
	}
	return a.approve(c.File, digest, filepath.Base(path))
}

// toAdd prints what somebody has to add by hand.
func (a *app) toAdd(digest string) error {
	if err := a.line(map[string]any{"type": "approval", "digest": digest, "added": false}); err != nil {
		return err
	}
	return a.printf("# to be added to the configuration file, or set ZDRWORKER_POLICY_SCHEMAS\npolicy:\n  schemas:\n    - %s\n", digest)
}

// approve edits the configuration file.
func (a *app) approve(file, digest, note string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	edited, added, err := config.ApproveIn(data, digest, note)
	if errors.Is(err, config.ErrNotEdited) {
		return &failure{
			code: codeFile, text: "the configuration file cannot be edited with certainty and is left as it is",
			hint: "add " + digest + " to policy.schemas by hand",
		}
	}
	if err != nil {
		return err
	}
	if added {
		if err := config.Replace(file, edited); err != nil {
			return err
		}
	}
	if err := a.line(map[string]any{"type": "approval", "digest": digest, "added": added, "file": file}); err != nil {
		return err
	}
	if !added {
		return a.printf("approved before: %s\n", digest)
	}
	return a.printf("approved in %s: %s\n", file, digest)
}
