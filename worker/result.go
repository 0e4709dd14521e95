package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// smallResult is how large a result may be to be held in memory while it is
// checked and published, in bytes. Larger ones are read twice, streamed.
const smallResult = 4 << 20

// verdict is what the check of a landed result came to.
type verdict struct {
	code    Code   // why it cannot be sealed; "" when it can
	status  string // StatusOK, StatusSchemaViolation
	receipt receipt
	jobID   string       // the provider's job id, as the result names it
	body    zdr.Document // the result itself, where it is small

	violationText zdr.Text
	warnings      []ade.Warning
}

// resultMetadata is the receipt inside a result (ExtractMetadata of the
// published API). Texts are not read: they can quote the document.
type resultMetadata struct {
	JobID      *string         `json:"job_id"`
	Credits    float64         `json:"credit_usage"`
	DurationMS float64         `json:"duration_ms"`
	Version    *string         `json:"version"`
	Violation  json.RawMessage `json:"schema_violation_error"`
	Warnings   json.RawMessage `json:"warnings"`
}

// checkResult reads a landed result and says whether it can be sealed: it is
// one JSON object with an extraction, and whether that answers the schema. An
// error is a failed read; a bad result is a verdict with a code. Nothing of the
// result is in either.
func checkResult(r io.Reader, size int64, schema zdr.Schema) (verdict, error) {
	if size > smallResult {
		return checkLarge(r)
	}
	b, err := io.ReadAll(io.LimitReader(r, smallResult+1))
	if err != nil {
		return verdict{}, errors.New("result could not be read")
	}
	if int64(len(b)) != size {
		return verdict{}, errors.New("result was cut short")
	}
	v := checkSmall(b, schema)
	v.body = zdr.NewDocument(b)
	return v, nil
}

func checkSmall(b []byte, schema zdr.Schema) verdict {
	var top struct {
		Extraction json.RawMessage `json:"extraction"`
		Metadata   resultMetadata  `json:"metadata"`
	}
	if !json.Valid(b) || json.Unmarshal(b, &top) != nil || !isObject(top.Extraction) {
		return verdict{code: CodeResultInvalid}
	}
	v := top.Metadata.verdict()
	if !answers(schema, top.Extraction) {
		v.status, v.receipt.Violation = StatusSchemaViolation, true
	}
	return v
}

// checkLarge walks a result token by token, in constant memory. Whether each
// value answers the schema is then left to the provider's own receipt.
func checkLarge(r io.Reader) (verdict, error) {
	src := &counted{r: r}
	d := json.NewDecoder(src)
	meta, found, err := walkResult(d)
	if err == nil {
		_, err = d.Token()
		if errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errNotOne
		}
	}
	switch {
	case src.err != nil:
		return verdict{}, errors.New("result could not be read")
	case err != nil || !found:
		return verdict{code: CodeResultInvalid}, nil
	}
	return meta.verdict(), nil
}

var errNotOne = errors.New("more than one JSON document")

// counted remembers a failed read, so that it is not taken for bad JSON.
type counted struct {
	r   io.Reader
	err error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// walkResult goes through the members of the top object; found says that one
// of them is an extraction.
func walkResult(d *json.Decoder) (meta resultMetadata, found bool, err error) {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return meta, false, errors.Join(err, errNotOne)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return meta, false, err
		}
		switch name {
		case "metadata":
			err = d.Decode(&meta)
		case "extraction":
			found = true
			err = skipValue(d)
		default:
			err = skipValue(d)
		}
		if err != nil {
			return meta, false, err
		}
	}
	_, err = d.Token()
	return meta, found, err
}

// skipValue reads one JSON value of any depth without keeping it.
func skipValue(d *json.Decoder) error {
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (m resultMetadata) verdict() verdict {
	v := verdict{status: StatusOK, receipt: receipt{Credits: m.Credits, DurationMS: int64(m.DurationMS)}}
	if m.JobID != nil {
		v.jobID = *m.JobID
	}
	if m.Version != nil {
		v.receipt.Model = modelOf(*m.Version)
	}
	if text := bytes.TrimSpace(m.Violation); len(text) > 0 && !bytes.Equal(text, []byte("null")) {
		v.status, v.receipt.Violation = StatusSchemaViolation, true
	}
	var warnings []json.RawMessage
	if json.Unmarshal(m.Warnings, &warnings) == nil {
		v.receipt.Warnings = len(warnings)
	}
	return v
}

// merge takes over what the provider's own record of the job says.
func (v *verdict) merge(got ade.Job, providerJob string) {
	r := got.Receipt
	if v.jobID != "" && v.jobID != providerJob && r.JobID == providerJob {
		v.code = CodeResultForeign
	}
	v.receipt.Credits, v.receipt.DurationMS = r.Credits, int64(r.Duration/time.Millisecond)
	v.receipt.Partial, v.receipt.Warnings = v.receipt.Partial || got.Partial, len(r.Warnings)
	if len(r.FailedPages) > 0 {
		v.receipt.Partial, v.receipt.Failed = true, max(v.receipt.Failed, len(r.FailedPages))
	}
	if v.receipt.Failed > 0 && v.status == StatusOK {
		v.status = StatusPartial // pages of the document that a parse could not read
	}
	if r.Version != "" {
		v.receipt.Model = r.Version
	}
	if !r.SchemaViolation.IsZero() {
		v.status, v.receipt.Violation = StatusSchemaViolation, true
	}
	v.violationText, v.warnings = r.SchemaViolation, r.Warnings
}

// ofPartial: what was extracted from some of the pages says so.
func (v *verdict) ofPartial(from *parseRef) {
	if from != nil && from.Partial && v.status == StatusOK {
		v.status, v.receipt.Partial = StatusPartial, true
	}
}

// texts are the provider's words about the result.
func (v *verdict) texts() map[string]zdr.Text {
	out := map[string]zdr.Text{}
	if !v.violationText.IsZero() {
		out["schema_violation"] = v.violationText
	}
	if len(v.warnings) > 0 {
		var all bytes.Buffer
		for _, w := range v.warnings {
			all.WriteString(w.Code + ": " + w.Message.Reveal() + "\n")
		}
		out["warnings"] = zdr.NewText(all.String())
	}
	return out
}

func isObject(b json.RawMessage) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && b[0] == '{'
}
