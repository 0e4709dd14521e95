package config

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr"
)

// parseOptions are a route's, with the defaults where it takes what must be
// parsed: a route of Markdown alone stays what it was.
func (c *Config) parseOptions(r Route) (worker.ParseOptions, error) {
	o := worker.ParseOptions{Model: r.Parse.Model, SplitPages: r.Parse.Split == "page", Password: r.Parse.Password}
	if o.Model == "" && r.parses() {
		o.Model = c.Defaults.ParseModel
	}
	if r.Parse.Figure == "" {
		return o, nil
	}
	prompts, err := zdr.NewPrompts(r.Parse.Figure)
	if err != nil {
		return o, &Error{Where: c.where(r), Key: "parse.custom_prompts.figure", Text: "1 to 512 characters are wanted"}
	}
	if !slices.Contains(c.Policy.Prompts, prompts.Digest()) {
		return o, &Error{
			Where: c.where(r), Key: "parse.custom_prompts.figure", Text: "these words stay with the provider and are not approved",
			Hint: "if that is wanted, add " + prompts.Digest() + " to policy.prompts",
		}
	}
	o.Prompts = prompts
	return o, nil
}

// parses: the route takes documents that are no Markdown.
func (r Route) parses() bool {
	return slices.ContainsFunc(r.Suffix, func(s string) bool { return !strings.EqualFold(s, worker.Markdown) })
}

// maxPassword bounds a file that should hold a password, in bytes.
const maxPassword = 4096

// errNoSecret says no more: the name of a file can name its document.
var errNoSecret = errors.New("the secret is not there")

// Password reads the secret of a route's documents by the name that the route
// gives it.
func (c *Config) Password(_ context.Context, name string) (zdr.Password, error) {
	kind, at, _ := strings.Cut(name, ":")
	if kind == "env" {
		return zdr.NewPassword(c.Variable(at)), nil
	}
	b, err := os.ReadFile(c.Beside(at))
	if kind != "file" || err != nil || len(b) > maxPassword {
		return zdr.Password{}, errNoSecret
	}
	return zdr.NewPassword(strings.TrimRight(string(b), "\r\n")), nil
}

// checkPasswordName takes a name of a secret and not the secret itself.
func checkPasswordName(v string) string {
	if kind, at, ok := strings.Cut(v, ":"); !ok || at == "" || kind != "env" && kind != "file" {
		return "env:NAME or file:PATH is wanted, never the password itself"
	}
	return ""
}
