package main

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/trigger"
	"github.com/zdrworker/zdrworker/zdr"
)

// works is a pipeline that is ready, with what the calls share.
type works struct {
	*config.Assembly
	config  *config.Config
	queue   worker.Later // nil: none is configured
	metrics *embedder
	log     *slog.Logger
}

// setUp makes everything that a call needs.
func (f *function) setUp(ctx context.Context) (*works, error) {
	file, _ := f.lookup("ZDRWORKER_CONFIG")
	c, err := config.Find(ctx, config.Options{File: file, Lookup: f.lookup})
	if err != nil {
		return nil, err
	}
	routes, err := c.BuildRoutes(ctx, c.Fetch)
	if err != nil {
		return nil, err
	}
	if names, _ := c.Unapproved(routes); len(names) > 0 {
		return nil, &worker.Fault{Code: codeNotApproved, Hint: "the policy does not name the schema of route " + strings.Join(names, ", ")}
	}
	for _, route := range c.Unpinned() {
		f.log.Warn("the route's model has no date: results depend on the day", "route", route, "code", "model_not_pinned")
	}
	registry := prometheus.NewRegistry()
	meter, err := worker.NewRequestMeter(registry)
	if err != nil {
		return nil, err
	}
	w := &works{config: c, log: f.log, metrics: newEmbedder(f.stdout, registry)}
	w.Assembly, err = c.Assemble(ctx, config.Extras{
		Routes: routes, Logger: f.log, Registerer: registry, Recorder: zdr.Multi(&zdr.Tally{}, meter),
	})
	if err != nil {
		return nil, err
	}
	return w, w.connect(ctx)
}

// codeNotApproved is the command line's word as well.
const codeNotApproved worker.Code = "schema_not_approved"

// connect finds the queue that nudges go through.
func (w *works) connect(ctx context.Context) error {
	for _, s := range w.config.Sources {
		if s.Kind() != config.FeedSQS {
			continue // events come by calls
		}
		cfg, err := w.config.AWS(ctx)
		if err != nil {
			return err
		}
		u, err := url.Parse(s.SQS)
		if err != nil {
			return err
		}
		client := sqs.NewFromConfig(cfg, func(o *sqs.Options) { trigger.AtQueue(o, u) }, outOfLineage)
		q, err := trigger.NewSQS(client, s.SQS, trigger.SQSOptions{Options: w.options(w.log)})
		if err == nil {
			w.queue = q
		}
		return err
	}
	return nil
}

// outOfLineage keeps the trace of a call out of what is queued. A job that waits
// for its turn comes back through the queue as often as it has to, half a minute
// apart at least; Lambda would take it for a loop after 16 times and throw its
// message away (AWS Lambda developer guide, "recursive loop detection").
func outOfLineage(o *sqs.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		_, err := stack.Build.Remove("RecursionDetection")
		return err
	})
}

// options are what is taken for ours.
func (w *works) options(log *slog.Logger) trigger.Options {
	return trigger.Options{Buckets: []string{w.Store.Name()}, Exchange: w.Exchange.Name(), Logger: log}
}

// emit prints the metrics of a call.
func (w *works) emit() {
	if err := w.metrics.emit(time.Now()); err != nil {
		w.log.Warn("metrics not printed", "code", "internal")
	}
}
