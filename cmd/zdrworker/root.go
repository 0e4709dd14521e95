package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// The groups of the commands in help.
const (
	groupTry     = "try"
	groupRun     = "run"
	groupOperate = "operate"
	groupProve   = "prove"
)

// suggest is how many letters may differ between a word and the command that
// was perhaps meant.
const suggest = 2

// newRoot puts the commands together.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "zdrworker",
		Short: "Extract fields from documents in your buckets; nothing of them rests at the provider",
		Long: `zdrworker stages a document in a bucket of yours, hands LandingAI's ADE two
presigned URLs, one to read the document and one to write the result, checks and
seals the result in your bucket, and removes what it staged.`,
		SilenceErrors: true,

		SuggestionsMinimumDistance: suggest,

		SilenceUsage: true,
		Args:         unknownCommand,
		RunE:         func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.variables(cmd)
		},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	root.AddGroup(
		&cobra.Group{ID: groupTry, Title: "Try:"},
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupOperate, Title: "Operate:"},
		&cobra.Group{ID: groupProve, Title: "Prove:"},
	)
	root.SetHelpCommandGroupID(groupTry)
	root.SetCompletionCommandGroupID(groupTry)
	a.addGlobal(root)
	root.AddCommand(newInit(a), newConfig(a), newRoute(a), newSchema(a), newPolicy(a), newVersion(a), newRun(a), newPlan(a),
		newJobs(a), newBreaker(a), newSweep(a), newServe(a), newStatus(a), newPause(a), newResume(a), newBackfill(a), newWait(a))
	root.AddCommand(newDoctor(a), newManifests(a))
	root.AddCommand(sandboxCommands(a)...)
	root.AddCommand(helpTopics()...)
	return root
}

// unknownCommand refuses what is no command. It repeats a word only: somebody
// may have forgotten the command before a document's name.
func unknownCommand(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	f := &failure{code: codeUsage, text: "unknown command"}
	if plainWord.MatchString(given[0]) {
		f.text += " " + given[0]
		if near := cmd.SuggestionsFor(given[0]); len(near) > 0 {
			f.hint = "did you mean " + strings.Join(near, " or ") + "?"
		}
	}
	return f
}

// parent is a command that only holds others.
func parent(use, group, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, GroupID: group, Short: short,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: suggest,
	}
	cmd.AddCommand(commands...)
	return cmd
}
