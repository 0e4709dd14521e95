package account_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/config"
	"github.com/zdrworker/zdrworker/worker/doctor"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
	"github.com/zdrworker/zdrworker/zdr"
)

// idle are rights whose loss nothing here notices, and why they are given.
var idle = map[string]string{
	// Nothing here is large enough to be uploaded in parts.
	"WriteStateAndResults/AbortMultipartUpload": "only for uploads in parts that fail",
	"ClearExchange/AbortMultipartUpload":        "only for uploads in parts that fail",
	// AWS tells a version from the current object. MinIO is content with one of
	// the two; without both, see pairs.
	"ReadDocuments/GetObject":                      "MinIO is content with GetObjectVersion",
	"ReadDocuments/GetObjectVersion":               "MinIO is content with GetObject",
	"RemoveMarkersAndFailures/DeleteObjectVersion": "MinIO is content with DeleteObject",
	"ClearExchange/DeleteObjectVersion":            "MinIO is content with DeleteObject",
	"ListStoreVersions/ListBucketVersions":         "MinIO is content with ListBucket",
	"ListExchange/ListBucketVersions":              "MinIO is content with ListBucket",
}

// pairs are rights of which MinIO is content with one: both are taken away.
var pairs = map[string]string{"ReadDocuments/GetObject": "s3:GetObjectVersion"}

// testRights: with exactly the rights that the module renders, documents go
// through; and each of them, taken away, is missed by the pipeline or by the
// doctor.
func (w *world) testRights(t *testing.T) {
	a := w.account(t)
	c := a.enter()
	if err := a.work(c, patience); err != nil {
		t.Fatalf("with all rights: %v", err)
	}
	green := verdicts(look(t, c))
	var all []func()
	for _, who := range []string{"reader", "writer", "worker"} { // a reader that reads nothing takes longest
		for _, r := range a.policies[who].rights() {
			all = append(all, func() {
				t.Run(who+"/"+r.String(), func(t *testing.T) { w.account(t).lacks(who, r, green) })
			})
		}
	}
	together(all)
}

// lacks takes a right away and works.
func (a *account) lacks(who string, r right, green []string) {
	a.policies[who] = a.policies[who].without(r.statement, r.action)
	reason, known := idle[r.String()]
	if other, ok := pairs[r.String()]; ok {
		a.policies[who] = a.policies[who].without(r.statement, other)
		known = false
	}
	c := a.enter()
	most := workTime
	if known {
		most = patience
	}
	missed := a.work(c, most)
	if missed == nil {
		missed = differs(green, verdicts(look(a.t, c)))
	}
	switch {
	case missed == nil && !known:
		a.t.Error("nobody misses it: the policy gives too much, or nothing here tries it")
	case missed != nil && known:
		a.t.Errorf("missed (%v), though it is listed as one that is not: %s", missed, reason)
	case missed != nil:
		a.t.Logf("missed: %v", missed)
	}
}

// verdicts is what the doctor said, without its words.
func verdicts(found []doctor.Finding) (all []string) {
	for _, f := range found {
		all = append(all, fmt.Sprintf("%s %s %s", f.Check, f.Of, f.Status))
	}
	return all
}

// differs tells a verdict that was not given, or not as often: a check may say
// several things of one bucket.
func differs(want, got []string) error {
	left := slices.Clone(want)
	for _, v := range got {
		i := slices.Index(left, v)
		if i < 0 {
			return fmt.Errorf("the doctor: %s", v)
		}
		left = slices.Delete(left, i, i+1)
	}
	return nil
}

// workTime is more than the work takes, and not so long that it could not be
// waited for where a right is missing. Where none is, it is never waited for.
const (
	workTime = 30 * time.Second
	patience = 4 * time.Minute
)

// work sends documents through, one of which fails at first and one of which is
// parsed first, and looks at what became of them with the owner's eyes.
func (a *account) work(c *config.Config, most time.Duration) error {
	ctx, cancel := context.WithTimeout(a.t.Context(), most)
	defer cancel()
	a.put("inbox/good.md", "Invoice number: 17\n")
	a.put("inbox/late.md", "Invoice number: 18\n")
	a.put("inbox/scan.pdf", scan(a.t))
	a.provider.BreakNext(3, adetest.JobFault{End: adetest.EndFailed, Reason: "invented"})
	p, err := a.pipeline(ctx, c)
	if err != nil {
		return err
	}
	if err := a.run(ctx, p, 1, "inbox/late.md"); err != nil {
		return err
	}
	a.put("inbox/late.md", "Invoice number: 18, again\n")
	if err := a.run(ctx, p, 0, "inbox/late.md", "inbox/good.md", "inbox/scan.pdf"); err != nil {
		return err
	}
	if _, err := p.Sweep(ctx, true); err != nil {
		return err
	}
	return a.outcome()
}

func (a *account) pipeline(ctx context.Context, c *config.Config) (*worker.Pipeline, error) {
	routes, err := c.BuildRoutes(ctx, c.Fetch)
	if err != nil {
		return nil, err
	}
	made, err := c.Assemble(ctx, config.Extras{
		Routes: routes, Recorder: &zdr.Tally{},
		Settings: worker.Settings{Poll: 10 * time.Millisecond, PollMax: 100 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	return made.Pipeline, nil
}

// run brings documents to their end.
func (a *account) run(ctx context.Context, p *worker.Pipeline, failed int, keys ...string) error {
	sum, err := p.Run(ctx, worker.RunOptions{Documents: documents(keys)})
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case sum.Failed != failed || sum.Refused+sum.Open > 0:
		return fmt.Errorf("want %d failed: %+v", failed, sum)
	}
	return nil
}

func documents(keys []string) iter.Seq2[worker.Document, error] {
	return func(yield func(worker.Document, error) bool) {
		for _, key := range keys {
			if !yield(worker.Document{Key: key}, nil) {
				return
			}
		}
	}
}

func (a *account) put(key, text string) {
	a.t.Helper()
	_, err := a.owner.PutObject(a.t.Context(), &s3.PutObjectInput{Bucket: &a.store, Key: &key, Body: strings.NewReader(text)})
	a.must(err)
}

// scan is a document that has to be parsed first.
func scan(t *testing.T) string { return string(pdftest.Text(t, "Invoice number: 19")) }

// outcome: all three results are there, no failure, and nothing is staged.
func (a *account) outcome() error {
	for place, want := range map[[2]string]int{
		{a.store, "results/"}: 3, {a.store, "zdr/parsed/"}: 1, {a.store, "failures/"}: 0, {a.exchange, worker.StagingPrefix}: 0, {a.exchange, worker.OutboxPrefix}: 0,
	} {
		out, err := a.owner.ListObjectsV2(a.t.Context(), &s3.ListObjectsV2Input{Bucket: &place[0], Prefix: &place[1]})
		a.must(err)
		if len(out.Contents) != want {
			return fmt.Errorf("%d objects under %s, want %d", len(out.Contents), place[1], want)
		}
	}
	return nil
}
