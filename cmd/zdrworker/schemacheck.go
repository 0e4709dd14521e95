package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/zdr"
)

func newSchema(a *app) *cobra.Command {
	return parent("schema", groupOperate, "Check extraction schemas", newSchemaCheck(a))
}

func newSchemaCheck(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Say what the provider honours, drops or refuses in a schema", Args: args("FILE"),
		Long: `Say, keyword by keyword, what the provider makes of an extraction schema. Only
what needs attention is printed, unless --all is given. Nothing is sent.

  honoured   it guides the extraction
  dropped    taken away without a word; zdrworker does so before sending
  resolved   replaced by what it means, then dropped
  warned     the job completes with a warning, and is billed
  refused    with strict the provider refuses the schema, else it may fail or drop the keyword
  unclear    no document says

A line that begins with "lint" is about what the provider should perhaps not
keep: the schema is sent inline and stays there.`,
		RunE: func(cmd *cobra.Command, given []string) error { return a.schemaCheck(cmd, given[0], all) },
	}
	cmd.Flags().BoolVar(&all, "all", false, "every keyword, harmless ones too ($ZDRWORKER_ALL)")
	return cmd
}

func (a *app) schemaCheck(cmd *cobra.Command, path string, all bool) error {
	schema, err := config.ReadSchema(cmd.Context(), path, nil)
	if e, ok := errors.AsType[*config.SchemaError](err); ok && e.Read {
		return &failure{code: codeSchemaInvalid, cause: err, hint: "mend that in the file, then check it again"}
	} else if err != nil {
		return err
	}
	for _, f := range schema.Findings {
		if !all && !f.NeedsAttention() {
			continue
		}
		line := map[string]any{"type": "keyword", "path": f.Path, "keyword": f.Keyword, "effect": f.Effect, "advice": f.Advice}
		if err := a.line(line); err != nil {
			return err
		}
		if err := a.printf("%s\n", f); err != nil {
			return err
		}
	}
	lints := zdr.LintSchema(schema.Schema)
	if err := a.lints(lints); err != nil {
		return err
	}
	if err := a.line(map[string]any{"type": "schema", "digest": schema.Schema.Digest(), "bytes": len(schema.Schema.Canonical())}); err != nil {
		return err
	}
	return a.printf("%s, %d bytes as sent\n", schema.Schema.Digest(), len(schema.Schema.Canonical()))
}

// lints prints what a schema may say too much.
func (a *app) lints(lints []zdr.Finding) error {
	for _, f := range lints {
		if err := a.line(map[string]any{"type": "lint", "path": f.Path, "rule": f.Rule, "advice": f.Advice}); err != nil {
			return err
		}
		if err := a.printf("lint     %s: %s: %s\n", f.Path, f.Rule, f.Advice); err != nil {
			return err
		}
	}
	return nil
}
