package adetest

import (
	"encoding/json"
	"math"
	"time"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/extract"
)

// output is a finished extraction: the bytes of the result and its receipt.
type output struct {
	body    []byte
	receipt map[string]any
	partial bool
	credits float64
}

// run does one job to its end.
func (p *Provider) run(j *job) {
	started := time.Now()
	if err := p.need(j); err != nil {
		p.end(j, StatusFailed, err.Error())
		return
	}
	switch j.fault.End {
	case EndFailed:
		p.end(j, StatusFailed, either(j.fault.Reason, textProcess))
		return
	case EndCancelled:
		p.end(j, StatusCancelled, "")
		return
	}
	if j.parse != nil {
		p.runParse(j, started)
		return
	}
	p.mu.Lock()
	o := j.order
	p.mu.Unlock()
	p.land(j, p.extraction(o, j.id, started))
}

// need reads the document of a job that has not been read at submit.
func (p *Provider) need(j *job) error {
	p.mu.Lock()
	has, link := j.markdown != nil, j.markdownURL
	p.mu.Unlock()
	if has || link == "" {
		return nil
	}
	if j.parse != nil {
		return p.needDocument(j, link)
	}
	markdown, _, err := p.fetch(j.id, link)
	if err != nil {
		return err
	}
	if !isText(markdown) {
		return problem(textProcess)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	j.markdown = markdown
	return nil
}

func (p *Provider) needDocument(j *job, link string) error {
	data, kind, err := p.fetchUpTo(j.id, link, p.o.MaxDocument)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	j.markdown, j.parse.mediaType = data, kind
	return nil
}

// end closes a job without a result. Nothing of its content stays.
func (p *Provider) end(j *job, status, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	j.status, j.failure = status, reason
	j.markdown, j.result = nil, nil
}

// extraction does the work of a job or a sync call.
func (p *Provider) extraction(o order, id string, started time.Time) output {
	found := extract.Run(o.schema, o.markdown)
	values, references := encode(found.Extraction), encode(found.Metadata)
	out := output{credits: credits(o.markdown, values)}
	warnings := []map[string]any{}
	if text := o.schema.Nonconformance(); text != "" {
		warnings = append(warnings, map[string]any{"code": "nonconformant_schema", "msg": text})
	}
	violation := found.Violation()
	if violation != "" {
		warnings = append(warnings, map[string]any{"code": "nonconformant_output", "msg": "The extraction does not conform to the schema."})
	}
	out.receipt = map[string]any{
		"filename": o.filename, "org_id": p.o.OrgID, "job_id": id, "version": o.version,
		"duration_ms":            time.Since(started).Milliseconds(),
		"credit_usage":           out.credits,
		"schema_violation_error": orNull(violation),
		"fallback_model_version": nil,
	}
	out.partial = violation != ""
	if checksSchemas(o.version) {
		out.receipt["warnings"] = warnings
		out.partial = len(warnings) > 0
	}
	out.body = encode(result{values, references, out.receipt})
	return out
}

// result is the body of a result, in the API's order.
type result struct {
	Extraction         json.RawMessage `json:"extraction"`
	ExtractionMetadata json.RawMessage `json:"extraction_metadata"`
	Metadata           map[string]any  `json:"metadata"`
}

// credits is the price of an extraction: input characters by 5,000 and output
// characters by 1,000, rounded up to a tenth.
func credits(markdown, values []byte) float64 {
	in, out := utf8.RuneCount(markdown), utf8.RuneCount(values)
	return math.Ceil(float64(in)/500+float64(out)/100) / 10
}
