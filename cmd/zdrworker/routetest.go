package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newRoute(a *app) *cobra.Command {
	return parent("route", groupOperate, "Try the routes", newRouteTest(a))
}

func newRouteTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "test KEY", Short: "Say which route takes a key, why, and where its result goes", Args: args("KEY"),
		Long: `Ask every route of the configuration, in order, whether it takes the object of
that key (s3://bucket/key works too). Nothing is sent anywhere, and the object
need not exist.`,
		RunE: func(cmd *cobra.Command, given []string) error { return a.routeTest(cmd, given[0]) },
	}
}

func (a *app) routeTest(cmd *cobra.Command, key string) error {
	c, err := a.config(cmd)
	if err != nil {
		return err
	}
	routes, err := c.BuildRoutes(cmd.Context(), nil)
	if err != nil {
		return err
	}
	if rest, ok := strings.CutPrefix(key, strings.TrimSuffix(c.Store, "/")+"/"); ok && c.Store != "" {
		key = rest
	} else if strings.HasPrefix(key, "s3://") {
		return &failure{code: codeUsage, text: "the document is not in the store bucket", hint: "set --store to the bucket of the document, or give its key alone"}
	}
	verdicts := routes.Explain(key)
	for _, v := range verdicts {
		if err := a.verdict(v); err != nil {
			return err
		}
	}
	return a.routed(routes, key)
}

// verdict prints what one route said.
func (a *app) verdict(v worker.Verdict) error {
	why := string(v.Why)
	captures := map[string]string{}
	for _, c := range v.Match.Captures {
		captures[c.Name] = c.Value // told only where names are
	}
	if v.Why == worker.Matched {
		why = fmt.Sprintf("matches %s and %s", v.Route.Prefix+"…", v.Match.Suffix)
		for _, c := range v.Match.Captures {
			why += fmt.Sprintf(", %s is %s", c.Name, a.name(c.Value))
		}
	}
	line := map[string]any{"type": "route", "route": v.Route.Name, "matches": v.Why == worker.Matched, "why": v.Why}
	if v.Why == worker.Matched && a.showNames() {
		line["captures"] = captures
	}
	if err := a.line(line); err != nil {
		return err
	}
	return a.printf("%-20s %s\n", v.Route.Name, why)
}

// routed prints where the answer would go, or fails with the reason why there
// would be none.
func (a *app) routed(routes worker.Routes, key string) error {
	route, match, ok := routes.Match(key)
	if !ok {
		return &worker.NoRoute{}
	}
	result, err := route.ResultKey(key)
	if err != nil {
		return err
	}
	failed, err := route.FailureKey(key)
	if err != nil {
		return err
	}
	line := map[string]any{"type": "match", "route": route.Name, "revision": route.Revision, "digest": route.Digest(), "steps": stepsOf(match)}
	if a.showNames() {
		line["result"], line["failure"] = result, failed
	}
	if err := a.line(line); err != nil {
		return err
	}
	if err := a.printf("\nroute     %s, revision %d\nsteps     %s\nresult    %s\nfailure   %s\n", route.Name, route.Revision, strings.Join(stepsOf(match), ", then "), a.name(result), a.name(failed)); err != nil {
		return err
	}
	return nil
}

// stepsOf are the steps that a document goes through.
func stepsOf(m worker.Match) []string {
	if m.NeedsParse() {
		return []string{worker.StepParse, worker.StepExtract}
	}
	return []string{worker.StepExtract}
}

// name gives a document's name where it may be shown, on one line: a name must
// not steer a terminal either. JSON has it as it is.
func (a *app) name(s string) string {
	if a.showNames() {
		return inLine(s)
	}
	return "(--show-names)"
}
