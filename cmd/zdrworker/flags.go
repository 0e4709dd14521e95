package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zdrworker/zdrworker/worker/config"
)

// configKey marks a flag that is a key of the configuration: its variable is
// read there, so that its origin is kept.
const configKey = "zdrworker-config-key"

// shownKeys are the keys whose flags every help shows. The others are in
// `zdrworker help environment`.
var shownKeys = []string{"store", "exchange", "ca_bundle"}

// variable is the name of a flag's variable.
func variable(flag string) string {
	return "ZDRWORKER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// addGlobal gives root the flags that every command has.
func (a *app) addGlobal(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&a.configFile, "config", "", "configuration `file`; "+config.DefaultFile+" if it exists ($ZDRWORKER_CONFIG)")
	f.BoolVar(&a.json, "json", false, "JSON lines on standard output ($ZDRWORKER_JSON)")
	f.BoolVar(&a.names, "show-names", false, "names of documents on standard output, also where no terminal is ($ZDRWORKER_SHOW_NAMES)")
	f.Var(choice(&a.logLevel, "warn", "debug", "info", "warn", "error"), "log-level", "`level` of what is logged: debug, info, warn, error; serve says info unless told ($ZDRWORKER_LOG_LEVEL)")
	f.Var(choice(&a.logFormat, "auto", "auto", "json", "text"), "log-format", "`format`: auto, json, text; auto is text on a terminal ($ZDRWORKER_LOG_FORMAT)")
	f.Var(choice(&a.progress, "auto", "auto", "plain", "none"), "progress", "`kind`: auto, plain, none; auto is bars on a terminal, else a line a minute, with --json a JSON line on standard output ($ZDRWORKER_PROGRESS)")
	for _, k := range config.Keys() {
		addKey(f, k)
	}
}

// addKey makes a key of the configuration a flag. Its value stays text here:
// the configuration reads it.
func addKey(f *pflag.FlagSet, k config.Key) {
	f.String(k.Flag(), k.Default, fmt.Sprintf("%s ($%s)", strings.TrimSuffix(k.Doc, "."), k.Variable()))
	flag := f.Lookup(k.Flag())
	flag.Annotations = map[string][]string{configKey: {k.Path}}
	flag.Hidden = !slices.Contains(shownKeys, k.Path)
	if k.Bool() {
		flag.NoOptDefVal = "true"
	}
}

// variables sets every flag that was not given from its variable.
func (a *app) variables(cmd *cobra.Command) error {
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value, ok := a.lookup(variable(f.Name))
		if f.Changed || !ok || value == "" || f.Annotations[configKey] != nil || f.Name == "help" {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil && wrong == nil {
			wrong = usage("variable " + variable(f.Name) + ": " + wanted(f))
		}
	})
	return wrong
}

// chosen is a flag with a closed set of values.
type chosen struct {
	value *string
	set   []string
}

func choice(p *string, def string, set ...string) *chosen {
	*p = def
	return &chosen{p, set}
}

// Set takes one of the set.
func (c *chosen) Set(s string) error {
	if !slices.Contains(c.set, s) {
		return errors.New(c.wanted())
	}
	*c.value = s
	return nil
}

// words are the values that can be named: nothing stands for the default.
func (c *chosen) words() []string {
	return slices.DeleteFunc(slices.Clone(c.set), func(s string) bool { return s == "" })
}

func (c *chosen) wanted() string { return "one of " + strings.Join(c.words(), ", ") + " is wanted" }

// String gives the value.
func (c *chosen) String() string { return *c.value }

// Type is what help calls the value.
func (c *chosen) Type() string { return "string" }

// usage is an error of the command line.
func usage(text string) error { return &failure{code: codeUsage, text: text} }

// flagError says what is wrong with a flag, without its value: that may be a
// document's name.
func flagError(cmd *cobra.Command, err error) error {
	text := "a flag cannot be understood"
	switch e := err.(type) {
	case *pflag.NotExistError:
		text = "unknown flag"
		if name := e.GetSpecifiedName(); plainWord.MatchString(name) {
			text += " --" + name
		}
	case *pflag.ValueRequiredError:
		text = "--" + e.GetFlag().Name + " needs a value"
	case *pflag.InvalidValueError:
		text = "--" + e.GetFlag().Name + ": " + wanted(e.GetFlag())
	}
	return &failure{code: codeUsage, text: text, hint: "`" + cmd.CommandPath() + " --help` lists the flags"}
}

// wanted says what a flag takes.
func wanted(f *pflag.Flag) string {
	if c, ok := f.Value.(*chosen); ok {
		return c.wanted()
	}
	switch f.Value.Type() {
	case "bool":
		return "true or false is wanted"
	case "int":
		return "a whole number is wanted"
	case "float64":
		return "a number is wanted"
	case "duration":
		return "a time such as 90s, 30m or 6h is wanted"
	}
	return "another value is wanted"
}

// plainWord is what can be repeated on standard error: the name of a command
// or flag, hardly that of a document.
var plainWord = regexp.MustCompile(`^[a-z][a-z-]{0,24}$`)

// args checks the arguments of a command against their names: "FILE", "[KEY]",
// "PATH…".
func args(names ...string) cobra.PositionalArgs {
	least, most := 0, len(names)
	for _, n := range names {
		if !strings.HasPrefix(n, "[") {
			least++
		}
		if strings.HasSuffix(n, "…") {
			most = int(^uint(0) >> 1)
		}
	}
	return func(cmd *cobra.Command, given []string) error {
		hint := "`" + cmd.CommandPath() + " --help` shows how"
		switch {
		case len(given) < least:
			return &failure{code: codeUsage, text: cmd.Name() + " needs " + strings.Join(names, " "), hint: hint}
		case len(given) > most && len(names) == 0:
			return &failure{code: codeUsage, text: cmd.Name() + " takes no arguments", hint: hint}
		case len(given) > most:
			return &failure{code: codeUsage, text: cmd.Name() + " takes " + strings.Join(names, " ") + " and no more", hint: hint}
		}
		return nil
	}
}

// flagVariables are the variables of all flags that are no keys.
func flagVariables() []string {
	var all []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, set := range []*pflag.FlagSet{cmd.PersistentFlags(), cmd.LocalFlags()} {
			set.VisitAll(func(f *pflag.Flag) { all = append(all, variable(f.Name)) })
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(newApp(nil, nil, nil, nil)))
	return all
}
