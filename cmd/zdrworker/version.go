package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", GroupID: groupOperate, Short: "Print the version", Args: args(),
		RunE: func(*cobra.Command, []string) error { return a.version(build()) },
	}
}

// stamp is what a binary knows of its own making.
type stamp struct {
	Type     string `json:"type"`
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Tags     string `json:"tags,omitempty"` // of the build, with commas
	Sandbox  bool   `json:"sandbox"`
}

func build() stamp {
	s := stamp{
		Type: "version", Version: "unknown", Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Sandbox: hasSandbox,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return s
	}
	s.Version = info.Main.Version
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			s.Revision = setting.Value
		case "-tags":
			s.Tags = setting.Value
		case "vcs.modified":
			s.Modified = setting.Value == "true"
		}
	}
	return s
}

func (a *app) version(s stamp) error {
	if a.json {
		return a.line(s)
	}
	sandbox := "with"
	if !s.Sandbox {
		sandbox = "without"
	}
	return a.printf("zdrworker %s\n%s %s, %s sandbox\n", s.Version, s.Go, s.Platform, sandbox)
}
