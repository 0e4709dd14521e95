//go:build !nosandbox

package worker_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr"
)

// A document goes in, its fields come out of the bucket. The sandbox stands in
// for bucket and provider; with a configuration file the rest is the same.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	box, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close()
	p, err := pipeline(ctx, box)
	if err != nil {
		log.Fatal(err)
	}

	text := strings.NewReader("# Invoice\n\n**Invoice number:** INV-7\n\n**Total amount due:** 120.50\n")
	doc, _, err := p.Upload(ctx, "inbox/a.md", text)
	if err != nil {
		log.Fatal(err)
	}
	job, err := p.Put(ctx, doc) // durable when it returns; the same job if called twice
	if err != nil {
		log.Fatal(err)
	}
	res, err := p.Wait(ctx, job.Ref)
	if err != nil {
		log.Fatal(err)
	}
	var invoice struct {
		Number string
		Total  float64
	}
	if err := res.Decode(&invoice); err != nil {
		log.Fatal(err)
	}
	fmt.Println(invoice.Number, invoice.Total)
	fmt.Println("content at the provider:", box.Provider().Account().HeldBytes, "bytes")
	// Output:
	// INV-7 120.5
	// content at the provider: 0 bytes
}

// pipeline is assembled from the variables that the sandbox names.
func pipeline(ctx context.Context, box *sandbox.Sandbox) (*worker.Pipeline, error) {
	env := map[string]string{}
	for name, value := range box.Env() {
		env[name] = value
	}
	c, err := config.Load(config.Options{Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	if err != nil {
		return nil, err
	}
	schema, err := zdr.ParseSchema([]byte(invoiceSchema))
	if err != nil {
		return nil, err
	}
	a, err := c.Assemble(ctx, config.Extras{
		Routes:   worker.Routes{{Name: "invoices", Prefix: "inbox/", Schema: schema}},
		Approve:  []zdr.Schema{schema},
		Recorder: &zdr.Tally{},
	})
	if err != nil {
		return nil, err
	}
	return a.Pipeline, nil
}
