package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
)

func newConfigCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Check the configuration, its routes and their schemas", Args: args(),
		Long: `Read the configuration and every schema that it names in a file, and say all that
is wrong. Nothing is sent anywhere: buckets, credentials and the provider are
not asked.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.configCheck(cmd) },
	}
}

func (a *app) configCheck(cmd *cobra.Command) error {
	c, err := a.config(cmd)
	if all, ok := errors.AsType[config.Errors](err); ok {
		return a.mistakes(all)
	}
	if err != nil {
		return err
	}
	if _, err := c.Boundary(); err != nil {
		return err
	}
	if err := firstOf(c.Residency(), c.Lifetimes()); err != nil {
		return err
	}
	if err := a.checkRoutes(cmd.Context(), c); err != nil {
		return err
	}
	for _, w := range a.warnings(c) {
		if err := a.finding("warning", w); err != nil {
			return err
		}
	}
	if err := a.line(map[string]any{"type": "config", "file": c.File, "routes": len(c.Routes), "ok": true}); err != nil {
		return err
	}
	file := c.File
	if file == "" {
		file = "no file, variables and flags only"
	}
	return a.printf("ok: %s, %s\n", file, count(len(c.Routes), "route"))
}

// mistakes prints all but the last, which is the error of the command.
func (a *app) mistakes(all config.Errors) error {
	for _, e := range all[:len(all)-1] {
		text := e.Error()
		if e.Hint != "" {
			text += " (" + e.Hint + ")"
		}
		if err := a.finding("error", text); err != nil {
			return err
		}
	}
	last := *all[len(all)-1]
	if last.Hint == "" {
		last.Hint = "mend that, then `zdrworker config check` again"
	}
	return config.Errors{&last}
}

func (a *app) finding(kind, text string) error {
	if err := a.line(map[string]any{"type": kind, "text": text}); err != nil {
		return err
	}
	return a.printf("%s: %s\n", kind, text)
}

// checkRoutes reads the schemas of all routes. One in a bucket cannot be
// checked without asking the bucket, and is said to be so.
func (a *app) checkRoutes(ctx context.Context, c *config.Config) error {
	local := *c
	local.Routes = slices.DeleteFunc(slices.Clone(c.Routes), func(r config.Route) bool {
		return strings.HasPrefix(r.Schema, "s3://")
	})
	if n := len(c.Routes) - len(local.Routes); n > 0 {
		if err := a.finding("warning", count(n, "schema")+" in a bucket not checked"); err != nil {
			return err
		}
	}
	routes, err := local.BuildRoutes(ctx, nil)
	if err != nil {
		return a.routeMistakes(ctx, &local, err)
	}
	if names, files := local.Unapproved(routes); len(names) > 0 {
		return &failure{
			code: codeNotApproved,
			text: "policy.schemas does not name the schema of route " + names[0],
			hint: "`zdrworker policy approve " + files[0] + "` adds it",
		}
	}
	for i, r := range local.Routes {
		if err := a.checkRoute(ctx, &local, r, routes[i].Name); err != nil {
			return err
		}
	}
	return nil
}

// routeMistakes tries the routes one by one and prints what is wrong with all but
// the last, which is the error of the command. What only several of them do
// together is known already.
func (a *app) routeMistakes(ctx context.Context, c *config.Config, together error) error {
	last := together
	for _, r := range c.Routes {
		alone := *c
		alone.Routes = []config.Route{r}
		_, err := alone.BuildRoutes(ctx, nil)
		if err == nil || err.Error() == last.Error() {
			continue
		}
		if err := a.finding("error", explain(last).text); err != nil {
			return err
		}
		last = err
	}
	return last
}

// checkRoute warns of what a schema says in vain.
func (a *app) checkRoute(ctx context.Context, c *config.Config, r config.Route, name string) error {
	schema, err := config.ReadSchema(ctx, c.Beside(r.Schema), nil)
	if err != nil {
		return err
	}
	odd := 0
	for _, f := range schema.Findings {
		if f.NeedsAttention() {
			odd++
		}
	}
	if odd > 0 {
		return a.finding("warning", fmt.Sprintf("route %s: %s of its schema would not do what they say; see `zdrworker schema check`", name, count(odd, "keyword")))
	}
	return nil
}

// warnings names what works and may not be meant.
func (a *app) warnings(c *config.Config) []string {
	var all []string
	if c.SharedIdentity() && !c.Policy.Development {
		all = append(all, "signing.reader and signing.writer are the same identity: whoever holds a PUT URL may be able to read with it on some stores")
	}
	for _, route := range c.Unpinned() {
		all = append(all, "route "+route+": its model has no date: results depend on the day; name one such as extract-20260314")
	}
	if c.Ledger != "" {
		all = append(all, "ledger is kept for later: this version writes nothing there")
	}
	for _, line := range a.environ {
		name, _, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "ZDRWORKER_") && !known(name) && !identityVariable(c, name) {
			all = append(all, "variable "+name+" is not one of ours"+didYouMean(name))
		}
	}
	return all
}

// known says whether a variable belongs to a key or a flag, or is one that
// Kubernetes makes for a service of this name.
func known(name string) bool {
	for _, k := range config.Keys() {
		if k.Variable() == name || slices.Contains(k.Others, name) {
			return true
		}
	}
	return slices.Contains(flagVariables(), name) || name == "ZDRWORKER_SANDBOX_PID" ||
		strings.HasPrefix(name, "ZDRWORKER_SERVICE_") || strings.HasPrefix(name, "ZDRWORKER_PORT")
}

// identityVariable says whether a variable holds credentials of a signer.
func identityVariable(c *config.Config, name string) bool {
	for _, id := range []config.Identity{c.Signing.Reader, c.Signing.Writer} {
		if id.Prefix != "" && strings.HasPrefix(name, id.Prefix+"_") {
			return true
		}
	}
	return false
}

func didYouMean(name string) string {
	names := flagVariables()
	for _, k := range config.Keys() {
		names = append(names, k.Variable())
	}
	if near := config.Nearest(name, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// count writes "1 route", "2 routes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
