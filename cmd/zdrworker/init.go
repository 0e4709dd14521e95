package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
)

func newInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", GroupID: groupTry, Short: "Write a commented configuration file", Args: args("[FILE]"),
		Long: "Write a commented configuration file that uses every key, " + config.DefaultFile + `
unless another name is given. No file is ever overwritten.`,
		RunE: func(_ *cobra.Command, given []string) error {
			path := config.DefaultFile
			if len(given) == 1 {
				path = given[0]
			}
			return a.init(path)
		},
	}
}

func (a *app) init(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return &failure{code: codeFileExists, text: "the file exists and is left as it is"}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(config.Example)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := a.line(map[string]any{"type": "init", "file": path}); err != nil {
		return err
	}
	return a.printf("wrote %s: change store, exchange and s3.region, then `zdrworker config check`\n", path)
}
