//go:build !nosandbox

package worker_test

import (
	"context"
	"fmt"
	"log"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/worker/sandbox"
	"github.com/zdrworker/zdrworker/zdr"
)

// A pipeline is put together of its parts, without a configuration file: two
// buckets, the guard, a signer with two identities, the provider's client. Run
// brings many documents to their end; Jobs looks at them afterwards.
func ExampleNew() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	box, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close()
	p, tally, err := assembled(ctx, box)
	if err != nil {
		log.Fatal(err)
	}

	documents := func(yield func(worker.Document, error) bool) {
		for _, number := range []string{"INV-7", "INV-8"} {
			text := strings.NewReader("# Invoice\n\n**Invoice number:** " + number + "\n")
			d, _, err := p.Upload(ctx, "inbox/"+number+".md", text)
			if !yield(d, err) {
				return
			}
		}
	}
	sum, err := p.Run(ctx, worker.RunOptions{Documents: documents})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sealed:", sum.Sealed)
	for job, err := range p.Jobs(ctx, worker.Filter{All: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(job.Route, job.Status, job.Document)
	}
	fmt.Println("bytes of content let out:", tally.Snapshot().ContentBytes())
	// Output:
	// sealed: 2
	// invoices ok [zdr.Name redacted]
	// invoices ok [zdr.Name redacted]
	// bytes of content let out: 0
}

func assembled(ctx context.Context, box *sandbox.Sandbox) (*worker.Pipeline, *zdr.Tally, error) {
	env := maps.Collect(box.Env()) // outside of the sandbox, what your platform gives
	store, err := s3store.Open(ctx, box.AWS(), env["ZDRWORKER_STORE"])
	if err != nil {
		return nil, nil, err
	}
	exchange, err := s3store.Open(ctx, box.AWS(), env["ZDRWORKER_EXCHANGE"])
	if err != nil {
		return nil, nil, err
	}
	schema, err := zdr.ParseSchema([]byte(invoiceSchema))
	if err != nil {
		return nil, nil, err
	}
	policy := zdr.Policy{Development: true, Hosts: []string{env["LANDINGAI_ADE_BASE_URL"]}} // loopback alone; else leave both out
	policy.Approve(schema, "code")
	var tally zdr.Tally // counts; evidence is for a Recorder that is durable
	guard, err := zdr.NewGuard(policy, &tally)
	if err != nil {
		return nil, nil, err
	}
	signer, err := presign.New(presign.Config{
		Bucket: exchange.Name(), Region: env["AWS_REGION"], Endpoint: env["ZDRWORKER_SIGNING_ENDPOINT"], PathStyle: true,
		Reader:     presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(env["ZDRWORKER_READER_ACCESS_KEY_ID"], env["ZDRWORKER_READER_SECRET_ACCESS_KEY"], "")},
		Writer:     presign.Identity{Credentials: credentials.NewStaticCredentialsProvider(env["ZDRWORKER_WRITER_ACCESS_KEY_ID"], env["ZDRWORKER_WRITER_SECRET_ACCESS_KEY"], "")},
		Depository: guard,
	})
	if err != nil {
		return nil, nil, err
	}
	p, err := worker.New(ctx, worker.Config{
		Store: store, Exchange: exchange, Signer: signer, Development: true,
		Provider: ade.New(guard, zdr.NewAPIKey(env["VISION_AGENT_API_KEY"])),
		Routes:   worker.Routes{{Name: "invoices", Prefix: "inbox/", Schema: schema}},
	})
	return p, &tally, err
}
