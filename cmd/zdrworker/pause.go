package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
)

func newPause(a *app) *cobra.Command {
	var route string
	cmd := &cobra.Command{
		Use: "pause", GroupID: groupOperate, Short: "Stop submissions of the whole fleet, or of one route", Args: args(),
		Long: `Submit nothing more, of all routes or of one, until zdrworker resume. Documents
are still taken in, and what the provider has accepted comes home. The pause is
an object in the store bucket that every worker reads before it submits: all of
them know it within some seconds.`,
		Example: "  zdrworker pause\n  zdrworker pause --route invoices",
	}
	cmd.Flags().StringVar(&route, "route", "", "`name` of the route to pause; all if empty ($ZDRWORKER_ROUTE)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withRecords(cmd, func(ctx context.Context, w *opened) error {
			if err := w.knows(route); err != nil {
				return err
			}
			now, err := w.Pipeline.Pause(ctx, route)
			if err != nil {
				return err
			}
			return a.tellPause(now)
		})
	}
	return cmd
}

func newResume(a *app) *cobra.Command {
	var route string
	cmd := &cobra.Command{
		Use: "resume", GroupID: groupOperate, Short: "Submit again, of all routes or of one", Args: args(),
		Long: `End a pause: without --route every pause that stands, with it that of the route.
A route stays paused where all are.`,
		Example: "  zdrworker resume\n  zdrworker resume --route invoices",
	}
	cmd.Flags().StringVar(&route, "route", "", "`name` of the route to resume; everything if empty ($ZDRWORKER_ROUTE)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withRecords(cmd, func(ctx context.Context, w *opened) error {
			now, err := w.Pipeline.Resume(ctx, route)
			if err != nil {
				return err
			}
			return a.tellPause(now)
		})
	}
	return cmd
}

// knows refuses a route that the configuration does not have, where it has any:
// pausing a name that is misspelt pauses nothing.
func (w *opened) knows(route string) error {
	if route == "" || len(w.config.Routes) == 0 {
		return nil
	}
	for _, r := range w.config.Routes {
		if r.Name == route {
			return nil
		}
	}
	return &failure{code: codeUsage, text: "the configuration has no route of this name", hint: "`zdrworker config show` lists the routes"}
}

// tellPause says what is paused.
func (a *app) tellPause(p worker.Pause) error {
	line := map[string]any{"type": "pause", "paused": p.Any()}
	if !p.All.IsZero() {
		line["all"] = p.All
	}
	if len(p.Routes) > 0 {
		line["routes"] = p.Routes
	}
	return a.say(line, "%s\n", pauseText(p, time.Now()))
}

func pauseText(p worker.Pause, now time.Time) string {
	if !p.All.IsZero() {
		return "paused since " + clock(p.All, now) + ": all routes; zdrworker resume ends it"
	}
	text := ""
	for _, name := range slices.Sorted(maps.Keys(p.Routes)) {
		text += fmt.Sprintf(", %s since %s", name, clock(p.Routes[name], now))
	}
	if text == "" {
		return "not paused: documents are submitted"
	}
	return "paused: route " + text[2:]
}
