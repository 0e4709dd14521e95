package main

import (
	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
)

func newConfig(a *app) *cobra.Command {
	return parent("config", groupOperate, "Check and show the configuration",
		newConfigCheck(a), newConfigShow(a), newConfigSchema(a))
}

func newConfigSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the configuration file, for editors", Args: args(),
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.JSONSchema()
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(append(schema, '\n'))
			return err
		},
	}
}
