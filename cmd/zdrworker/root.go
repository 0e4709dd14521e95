package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	ownUnknown(root)
	completeSets(root)
	return root
}

// ownUnknown makes the library's own commands refuse what they do not know, as
// all others do.
func ownUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Args = knownCommand
		case "completion":
			cmd.Args, cmd.RunE = unknownCommand, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// knownCommand is what help can be asked about.
func knownCommand(cmd *cobra.Command, given []string) error {
	about, rest, err := cmd.Root().Find(given)
	if err != nil {
		return err
	}
	return unknownCommand(about, rest)
}

// completeSets lets shells complete the values of flags with a closed set.
func completeSets(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if c, ok := f.Value.(*chosen); ok {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(c.words(), cobra.ShellCompDirectiveNoFileComp))
		}
	})
	for _, sub := range cmd.Commands() {
		completeSets(sub)
	}
}

// unknownCommand refuses what is no command. It repeats a word only: somebody
// may have forgotten the command before a document's name.
func unknownCommand(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	f := &failure{code: codeUsage, text: "unknown command", hint: classOf(codeUsage).hint}
	if cmd.HasParent() {
		f.hint = "`" + cmd.CommandPath() + " --help` lists the commands"
	}
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
