package main

import (
	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
)

func newConfigShow(a *app) *cobra.Command {
	var origin bool
	cmd := &cobra.Command{
		Use: "show", Short: "Print the configuration in force, as a file", Args: args(),
		Long: `Print the configuration in force, defaults filled in, as a file that can be used
again. With --origin every line says where its value came from. No secret is
ever printed: of the API key only whether there is one.`,
	}
	cmd.Flags().BoolVar(&origin, "origin", false, "say where each value came from ($ZDRWORKER_ORIGIN)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := a.config(cmd)
		if err != nil {
			return err
		}
		return a.configShow(c, origin)
	}
	return cmd
}

func (a *app) configShow(c *config.Config, origin bool) error {
	set := c.HasAPIKey()
	if !a.json {
		key := "# API key: set (not shown)\n"
		if !set {
			key = "# API key: none; set " + config.APIKeyVariable + " or provider.api_key_file\n"
		}
		if err := a.printf("%s", key); err != nil {
			return err
		}
		return c.Write(a.stdout, origin)
	}
	for _, e := range c.Entries() {
		line := map[string]any{"type": "setting", "key": e.Key, "value": e.Value}
		if origin {
			line["origin"] = e.Origin
		}
		if err := a.line(line); err != nil {
			return err
		}
	}
	for _, r := range c.Routes {
		if err := a.line(routeLine(r)); err != nil {
			return err
		}
	}
	return a.line(map[string]any{"type": "api_key", "set": set})
}

func routeLine(r config.Route) map[string]any {
	return map[string]any{
		"type": "route", "name": r.Name, "prefix": r.Prefix, "suffix": r.Suffix, "schema": r.Schema,
		"revision": r.Revision, "model": r.Model, "strict": r.Strict, "on_change": r.OnChange, "partial": r.Partial,
	}
}
