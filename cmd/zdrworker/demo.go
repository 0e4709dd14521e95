//go:build !nosandbox

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/zdrworker/zdrworker/cmd/zdrworker/samples"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr"
)

func newDemo(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "demo", GroupID: groupTry, Short: "See it work: invented documents through a bucket and a stand-in provider in this process", Args: args(),
		Long: `Start a bucket and a stand-in for the provider on loopback, send invented
documents through the whole pipeline, show the extracted fields, and then what
the provider was told and what is left in the bucket. Needs nothing and leaves
nothing. The stand-in extracts by rules; it is no model.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context()) },
	}
}

// demoDelay makes the stand-in slow enough to be watched.
const demoDelay = 1200 * time.Millisecond

func (a *app) demo(ctx context.Context) error {
	box, err := sandbox.Start(ctx, sandbox.Options{Delay: demoDelay})
	if err != nil {
		return err
	}
	d := &demo{a: a, box: box, progress: a.newProgress(), samples: append([]samples.Sample{samples.Scan()}, samples.All()...), tally: &zdr.Tally{}}
	return errors.Join(d.run(ctx), box.Close())
}

// demo is one run of the samples.
type demo struct {
	a        *app
	box      *sandbox.Sandbox
	progress *progress
	samples  []samples.Sample
	tally    *zdr.Tally
	pipeline *worker.Pipeline

	mu   sync.Mutex
	jobs map[string]worker.Job // by document key
}

func (d *demo) run(ctx context.Context) error {
	if err := d.assemble(ctx); err != nil {
		return err
	}
	if err := d.a.printf("A bucket and a stand-in for the provider, in this process, on loopback.\n%d invented documents, %s; the stand-in extracts by rules and is no model.\n\n", len(d.samples), size(d.bytes())); err != nil {
		return err
	}
	began := time.Now()
	sum, err := d.extract(ctx)
	if err != nil {
		return err
	}
	if err := d.fields(ctx); err != nil {
		return err
	}
	return d.prove(ctx, sum, time.Since(began))
}

// folder is a sample's route and its folder in the bucket.
func folder(s samples.Sample) string { return strings.TrimSuffix(s.Name, path.Ext(s.Name)) }

func keyOf(s samples.Sample) string { return "inbox/" + folder(s) + "/" + s.Name }

// assemble makes the pipeline from the sandbox's variables alone: nothing of
// the user's configuration is read.
func (d *demo) assemble(ctx context.Context) error {
	vars := within(d.box)
	c, err := config.Load(config.Options{NoFile: true, Lookup: func(name string) (string, bool) { v, ok := vars[name]; return v, ok }})
	if err != nil {
		return err
	}
	x := config.Extras{Recorder: d.tally, Logger: d.a.logger(d.progress)}
	for _, s := range d.samples {
		schema, err := zdr.ParseSchema(s.Schema)
		if err != nil {
			return err
		}
		x.Approve = append(x.Approve, schema)
		x.Routes = append(x.Routes, worker.Route{Name: folder(s), Prefix: "inbox/" + folder(s) + "/", Suffixes: []string{path.Ext(s.Name)}, Schema: schema, Model: c.Defaults.Model})
	}
	a, err := c.Assemble(ctx, x)
	if err != nil {
		return err
	}
	d.pipeline = a.Pipeline
	return nil
}

func (d *demo) bytes() (n int) {
	for _, s := range d.samples {
		n += len(s.Body())
	}
	return n
}

// extract sends the documents through, with the picture of progress.
func (d *demo) extract(ctx context.Context) (worker.Summary, error) {
	d.jobs = map[string]worker.Job{}
	shown, stop := context.WithCancel(ctx)
	var side sync.WaitGroup
	side.Go(func() { d.progress.Run(shown) })
	sum, err := d.pipeline.Run(ctx, worker.RunOptions{Documents: d.documents(ctx), Notify: d.notify, Status: d.status})
	stop()
	side.Wait()
	if err == nil && sum.Sealed != len(d.samples) {
		err = fmt.Errorf("%d of %d documents were sealed", sum.Sealed, len(d.samples))
	}
	return sum, err
}

func (d *demo) documents(ctx context.Context) iter.Seq2[worker.Document, error] {
	return func(yield func(worker.Document, error) bool) {
		for _, s := range d.samples {
			doc, _, err := d.pipeline.Upload(ctx, keyOf(s), strings.NewReader(string(s.Body())))
			if !yield(doc, err) {
				return
			}
		}
	}
}

func (d *demo) notify(o worker.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs[o.Document.Reveal()] = o.Job
}

func (d *demo) status(s worker.Summary) {
	d.progress.Set(counts{
		Total: len(d.samples), Sealed: s.Sealed, Failed: s.Failed + s.Refused, Waiting: s.Open,
		Queued: len(d.samples) - s.Sealed - s.Failed - s.Refused - s.Open, Credits: s.Credits,
	})
}

// maxShown is how many fields of a document are shown.
const maxShown = 5

// fields shows what was extracted, read back from the bucket.
func (d *demo) fields(ctx context.Context) error {
	for _, s := range d.samples {
		res, err := d.pipeline.Wait(ctx, d.jobs[keyOf(s)].Ref)
		if err != nil {
			return err
		}
		var found map[string]any
		if err := res.Decode(&found); err != nil {
			return err
		}
		if err := d.a.line(map[string]any{"type": "job", "ref": res.Job.Ref, "state": "sealed", "status": res.Job.Status, "credits": res.Job.Credits, "document": s.Name, "extraction": found}); err != nil {
			return err
		}
		if err := d.a.printf("%s (%s)\n%s\n", s.Title, size(len(s.Body())), lines(found)); err != nil {
			return err
		}
	}
	return nil
}

// lines are the first fields of an extraction, one a line.
func lines(found map[string]any) string {
	var b strings.Builder
	names := sortedNames(found)
	for _, name := range names[:min(len(names), maxShown)] {
		fmt.Fprintf(&b, "  %-24s %s\n", name, brief(found[name]))
	}
	if more := len(names) - maxShown; more > 0 {
		fmt.Fprintf(&b, "  and %s more\n", count(more, "field"))
	}
	return b.String()
}

// maxValue is how much of a value is shown, in characters: a line fits 80.
const maxValue = 50

// brief is a value in at most one short line.
func brief(v any) string {
	switch v := v.(type) {
	case []any:
		return count(len(v), "item")
	case string:
		return cut(v, maxValue)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return cut(string(text), maxValue)
}

// prove shows the other side: what the provider was told, and what is left.
func (d *demo) prove(ctx context.Context, sum worker.Summary, elapsed time.Duration) error {
	staged, err := d.pipeline.Staged(ctx)
	if err != nil {
		return err
	}
	told := d.box.Provider().Account()
	if err := d.a.line(map[string]any{
		"type": "summary", "sealed": sum.Sealed, "credits": added(sum.Credits), "staged_left": staged, "exit_code": exitOK,
		"provider": map[string]any{"requests": requests(told), "content_bytes": told.ContentBytes, "content_bytes_kept": told.HeldBytes},
	}); err != nil {
		return err
	}
	if err := d.a.printf("%d sealed in %s, %s credits (the stand-in's: nothing was paid)\n\nWhat the provider was told\n  requests                       %d\n%s\n  bytes of content in them       %d\n  bytes of content it keeps      %d\n  fetched by presigned URL       %d documents\n  delivered by presigned URL     %d results\nWhat is left in the exchange bucket\n  staged objects                 %d\n",
		sum.Sealed, took(elapsed), credits(sum.Credits), requests(told), operations(told), told.ContentBytes, told.HeldBytes, len(told.Fetches), len(told.Puts), staged); err != nil {
		return err
	}
	if told.ContentBytes != 0 || told.HeldBytes != 0 || staged != 0 {
		return &failure{code: codeViolation, text: "content is where it must not be"}
	}
	return nil
}

func requests(a adetest.Account) (n int) {
	for _, k := range a.Counts {
		n += k
	}
	return n
}

// operations are the requests by kind, a line each.
func operations(a adetest.Account) string {
	var lines []string
	for _, name := range sortedNames(a.Counts) {
		lines = append(lines, fmt.Sprintf("    %-29s%d", name, a.Counts[name]))
	}
	return strings.Join(lines, "\n")
}

// size is a number of bytes as a person reads it.
func size(n int) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%d MB", n/1_000_000)
}
