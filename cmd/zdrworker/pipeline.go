package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/zdr"
)

// opening is what a command needs of a pipeline beyond the configuration.
type opening struct {
	schema  string // a schema given by hand: one route for every document
	route   string // that route's name; default: made from the schema's
	sandbox bool   // the embedded bucket and stand-in instead of the configured ones
	log     io.Writer
}

// opened is a pipeline in the making or ready, with what its command prints of
// it. prepare, route and assemble make it, in this order: what is wrong on this
// machine is said before a bucket is asked.
type opened struct {
	*config.Assembly
	config *config.Config
	routes worker.Routes
	extras config.Extras
	tally  *zdr.Tally
	close  func() error // never nil
}

// prepare reads the configuration. The caller closes what it gets.
func (a *app) prepare(cmd *cobra.Command, o opening) (_ *opened, err error) {
	w := &opened{tally: &zdr.Tally{}, close: func() error { return nil }}
	if o.sandbox {
		if w.close, err = a.enterSandbox(cmd.Context()); err != nil {
			return nil, err
		}
	}
	w.extras = config.Extras{Recorder: w.tally, Logger: a.logger(o.log)}
	if w.config, err = a.config(cmd); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// assemble makes the pipeline.
func (w *opened) assemble(ctx context.Context) (err error) {
	w.extras.Routes = w.routes
	w.Assembly, err = w.config.Assemble(ctx, w.extras)
	return err
}

// route reads the routes of the configuration, or makes the one of a schema
// given by hand: giving it is approving it.
func (w *opened) route(ctx context.Context, o opening) error {
	if o.schema == "" {
		return w.configured(ctx)
	}
	c := w.config
	file, err := config.ReadSchema(ctx, o.schema, c.Fetch)
	if err != nil {
		return err
	}
	route := worker.Route{
		Name: routeName(o, file.Schema), Schema: file.Schema, Model: c.Defaults.Model,
		Suffixes: worker.Suffixes(), Parse: worker.ParseOptions{Model: c.Defaults.ParseModel}, OnChange: worker.OnChange(c.Defaults.OnChange), Partial: worker.Partial(c.Defaults.Partial),
	}
	w.routes, w.extras.Approve = worker.Routes{route}, []zdr.Schema{file.Schema}
	return route.Validate()
}

func (w *opened) configured(ctx context.Context) (err error) {
	if w.routes, err = w.config.BuildRoutes(ctx, w.config.Fetch); err != nil {
		return err
	}
	if names, _ := w.config.Unapproved(w.routes); len(names) > 0 {
		return &failure{code: codeNotApproved, text: "the policy does not name the schema of route " + strings.Join(names, ", ")}
	}
	return nil
}

// routeName names the route of a schema given by hand after the file and the
// schema itself: another schema is another route, so nothing is mixed up and
// nothing that was answered is asked again.
func routeName(o opening, s zdr.Schema) string {
	if o.route != "" {
		return o.route
	}
	base := o.schema[strings.LastIndexAny(o.schema, `/\`)+1:]
	base, _, _ = strings.Cut(base, ".")
	word := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, base)
	word = strings.Trim(word[:min(len(word), 40)], "-")
	if word == "" {
		word = "schema"
	}
	return word + "-" + strings.TrimPrefix(s.Digest(), "sha256:")[:8]
}
