package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/trigger"
	"github.com/zdrworker/zdrworker/zdr"
)

func newServe(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "serve", GroupID: groupOperate, Short: "Work until told to end: take events, extract documents, sweep", Args: args(),
		Long: `Take nudges from the sources of the configuration, bring the documents that they
name to their end, and sweep for what no nudge covers. Any number of workers may
serve the same buckets; one of them at a time sweeps.

Sources are SQS, NATS JetStream, a webhook, a scan of a prefix, and a schedule of
sweeps. A message is acknowledged once its job is in the bucket. Messages may be
lost, doubled and reordered: the buckets say what is true.

The log says info where --log-level does not say otherwise.

serve.admin is an address for /healthz, /readyz and /metrics. It has no password:
keep it in a closed network.

SIGTERM ends it with exit code 143 once the steps in hand are done, the longest of
which is a request to the provider: give it a minute and a half before SIGKILL.
Killed at any moment it loses nothing.`,
		Example: "  zdrworker serve --config zdrworker.yaml --serve-admin :9090",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.serve(cmd) },
	}
}

// service is one `zdrworker serve`.
type service struct {
	*opened
	a        *app
	server   *worker.Server
	registry *prometheus.Registry
	log      *slog.Logger
	feeds    []feed
	nudges   worker.Nudges
	closers  []func()
}

// feed is a source that is ready to run.
type feed struct {
	kind    string
	address string // where it listens; "" where it does not
	run     func(context.Context, trigger.Handler) error
}

func (a *app) serve(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("log-level") {
		a.logLevel = "info" // nobody watches: the log is all there is
	}
	w, err := a.prepare(cmd, opening{log: a.stderr})
	if err != nil {
		return err
	}
	s := &service{opened: w, a: a, registry: prometheus.NewRegistry(), log: w.extras.Logger}
	defer s.close()
	if err := s.assemble(cmd.Context()); err != nil {
		return err
	}
	return s.run(cmd.Context())
}

func (s *service) close() {
	for _, c := range s.closers {
		c()
	}
}

// assemble makes pipeline, sources and server.
func (s *service) assemble(ctx context.Context) error {
	if err := s.route(ctx, opening{}); err != nil {
		return err
	}
	if len(s.routes) == 0 {
		return &failure{code: codeConfigMissing, text: "serve needs routes", hint: "`zdrworker init` writes a configuration that shows them"}
	}
	for _, route := range s.config.Unpinned() {
		s.log.Warn("the route's model has no date: results depend on the day", "route", route, "code", "model_not_pinned")
	}
	meter, err := worker.NewRequestMeter(s.registry)
	if err != nil {
		return err
	}
	s.extras.Registerer, s.extras.Recorder = s.registry, zdr.Multi(s.extras.Recorder, meter)
	if err := s.opened.assemble(ctx); err != nil {
		return err
	}
	return s.connect(ctx)
}

// connect makes the sources, and then the server that they feed.
func (s *service) connect(ctx context.Context) error {
	o := worker.ServeOptions{}
	for _, source := range s.config.Sources {
		if source.Kind() == config.FeedSchedule {
			o.Sweep = source.Schedule.Every
			continue
		}
		f, err := s.feed(ctx, source)
		if err != nil {
			return err
		}
		s.feeds = append(s.feeds, f)
	}
	o.Nudges = s.nudges
	var err error
	s.server, err = s.Pipeline.Serve(o)
	return err
}

// run serves until ctx ends or a source turns out not to exist.
func (s *service) run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	admin, err := s.admin()
	if err != nil {
		return err
	}
	if err := s.announce(admin); err != nil {
		return err
	}
	var feeds sync.WaitGroup
	for _, f := range s.feeds {
		feeds.Go(func() {
			err := s.a.guarded(func() error { return f.run(ctx, trigger.HandlerFunc(s.handle)) })
			if err != nil && ctx.Err() == nil {
				stop(&failure{code: codeSource, text: "a source does not exist or cannot be used: " + f.kind, cause: err})
			}
		})
	}
	err = s.server.Run(ctx)
	stop(err) // it may have ended by itself, and nobody would work at what still comes
	feeds.Wait()
	return errors.Join(err, admin.close())
}

// announce says where the worker can be reached.
func (s *service) announce(admin *adminPort) error {
	kinds := []string{}
	line := map[string]any{"type": "serve", "admin": admin.address()}
	for _, f := range s.feeds {
		kinds = append(kinds, strings.TrimSpace(f.kind+" "+f.address))
		if f.address != "" {
			line[f.kind] = f.address
		}
	}
	line["sources"] = len(s.feeds)
	text := "serving: " + strings.Join(kinds, ", ")
	if len(kinds) == 0 {
		text = "serving without sources: what lies in the buckets is moved on"
	}
	if at := admin.address(); at != "" {
		text += "; admin " + at
	}
	return s.a.say(line, "%s\n", text)
}

// handle does what an event calls for. What it wraps in ErrPoison never comes
// again.
func (s *service) handle(ctx context.Context, e trigger.Event) error {
	switch e.Kind {
	case trigger.Created:
		if e.Bucket.Reveal() != s.Store.Name() {
			return trigger.ErrPoison
		}
		return s.server.Arrived(ctx, worker.Document{Key: e.Key.Reveal(), Version: e.Version})
	case trigger.Result:
		// What others put into the exchange bucket is no concern of ours.
		_ = s.server.Landed(e.Token)
	case trigger.Nudge:
		if s.server.Nudged(e.Token) != nil {
			return trigger.ErrPoison
		}
	}
	return nil
}

// options are what every source gets.
func (s *service) options() trigger.Options {
	return trigger.Options{
		Buckets: []string{s.Store.Name()}, Exchange: s.Exchange.Name(), Logger: s.log,
		Observe: func(from trigger.Source, became trigger.Outcome) { s.server.Observe(string(from), string(became)) },
	}
}

// listen opens the address of a key of the configuration.
func listen(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		why := ""
		if no, ok := errors.AsType[syscall.Errno](err); ok {
			why = ": " + no.Error()
		}
		return nil, &failure{code: codeUsage, cause: err, text: key + ": the address cannot be listened on" + why, hint: "give it an address of this machine with a port that is free"}
	}
	return l, nil
}
