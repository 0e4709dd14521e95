package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker/config"
)

func newPolicy(a *app) *cobra.Command {
	return parent("policy", groupProve, "See and change what may leave", newPolicyShow(a), newPolicyApprove(a))
}

func newPolicyShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Print every rule in force and what it means", Args: args(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.config(cmd)
			if err != nil {
				return err
			}
			return a.policyShow(c)
		},
	}
}

// always are the rules that no setting changes.
var always = []string{
	"Content never goes to the provider in a request: it reads and writes your bucket through presigned URLs.",
	"Only presigned URLs of this process leave, each once and in its own field.",
	"Only the provider's two hosts and those in policy.hosts are asked, over HTTPS, without redirects or proxies.",
	"Replies about jobs are held to receipt fields; content in a reply is a violation and stops the worker.",
	"Every request is on record before it is sent.",
}

func (a *app) policyShow(c *config.Config) error {
	if _, err := c.Boundary(); err != nil {
		return err
	}
	docs := map[string]string{}
	for _, k := range config.Keys() {
		docs[k.Path] = k.Doc
	}
	for _, e := range c.Entries() {
		if !strings.HasPrefix(e.Key, "policy.") {
			continue
		}
		if err := a.line(map[string]any{"type": "rule", "key": e.Key, "value": e.Value, "origin": e.Origin, "meaning": docs[e.Key]}); err != nil {
			return err
		}
		value := strings.Join(e.Value, "\n    ")
		if value == "" {
			value = "(none)"
		}
		if err := a.printf("%s  (%s)\n    %s\n    %s\n\n", e.Key, e.Origin, value, docs[e.Key]); err != nil {
			return err
		}
	}
	for _, rule := range always {
		if err := a.line(map[string]any{"type": "rule", "key": "", "meaning": rule}); err != nil {
			return err
		}
		if err := a.printf("always\n    %s\n\n", rule); err != nil {
			return err
		}
	}
	return nil
}
