package worker

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/zdrworker/zdrworker/zdr"
)

func mustSchema(t testing.TB, s string) zdr.Schema {
	t.Helper()
	out, err := zdr.ParseSchema([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const resultSchema = `{"type":"object","required":["total"],"properties":{
	"total":{"type":"number","description":"Total"},
	"kind":{"type":"string","enum":["a","b"]},
	"day":{"type":"string","format":"as on the page"},
	"lines":{"type":"array","items":{"type":"object","properties":{"n":{"type":"integer"}}}}}}`

func TestCheckResult(t *testing.T) {
	schema := mustSchema(t, resultSchema)
	for _, c := range []struct {
		name, body, status string
		code               Code
	}{
		{"fits", `{"extraction":{"total":1.5,"kind":"a","day":"3rd","lines":[{"n":1}]},"metadata":{"credit_usage":2.5,"version":"m"}}`, StatusOK, ""},
		{"null for what the document does not say", `{"extraction":{"total":null,"kind":null,"day":null,"lines":[{"n":null}]},"metadata":{}}`, StatusOK, ""},
		{"absent is as good as null", `{"extraction":{},"metadata":{}}`, StatusOK, ""},
		{"wrong type", `{"extraction":{"total":"x"},"metadata":{}}`, StatusSchemaViolation, ""},
		{"wrong enum", `{"extraction":{"kind":"c"},"metadata":{}}`, StatusSchemaViolation, ""},
		{"provider says so", `{"extraction":{"total":1},"metadata":{"schema_violation_error":"x"}}`, StatusSchemaViolation, ""},
		{"no json", `{"extraction":{"total":1}`, "", CodeResultInvalid},
		{"two documents", `{"extraction":{}} {}`, "", CodeResultInvalid},
		{"no extraction", `{"metadata":{}}`, "", CodeResultInvalid},
		{"extraction is no object", `{"extraction":[],"metadata":{}}`, "", CodeResultInvalid},
		{"an array", `[]`, "", CodeResultInvalid},
		{"empty", ``, "", CodeResultInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := checkResult(strings.NewReader(c.body), int64(len(c.body)), schema)
			if err != nil || v.code != c.code || v.status != c.status {
				t.Errorf("got code %q status %q err %v, want %q %q", v.code, v.status, err, c.code, c.status)
			}
		})
	}
}

// A large result is walked, not held; the rules are the same but for the
// schema, which the provider's receipt then answers for.
func TestCheckLargeResult(t *testing.T) {
	big := strings.Repeat("x", 1000)
	var rows []string
	for i := range 5000 {
		rows = append(rows, fmt.Sprintf(`{"n":%d,"s":%q}`, i, big))
	}
	body := `{"extraction":{"lines":[` + strings.Join(rows, ",") + `]},"metadata":{"credit_usage":7,"job_id":"j"}}`
	if len(body) <= smallResult {
		t.Fatalf("the body has %d bytes, it must be over %d", len(body), smallResult)
	}
	schema := mustSchema(t, resultSchema)
	v, err := checkResult(strings.NewReader(body), int64(len(body)), schema)
	if err != nil || v.code != "" || v.receipt.Credits != 7 || v.jobID != "j" || v.body.Reveal() != nil {
		t.Errorf("got %q, credits %v, job %q, held %t, err %v", v.code, v.receipt.Credits, v.jobID, v.body.Reveal() != nil, err)
	}
	cut := body[:len(body)-20]
	if v, err := checkResult(strings.NewReader(cut), int64(len(cut)), schema); err != nil || v.code != CodeResultInvalid {
		t.Errorf("cut: code %q, err %v", v.code, err)
	}
	if _, err := checkResult(iotest.TimeoutReader(strings.NewReader(body)), int64(len(body)), schema); err == nil {
		t.Error("a failed read was taken for a bad result")
	}
}

func TestSmallResultCutShortIsAReadError(t *testing.T) {
	if _, err := checkResult(strings.NewReader(`{"extraction":{}}`), 99, mustSchema(t, resultSchema)); err == nil {
		t.Error("a result shorter than its object was accepted")
	}
}

func TestCheckMarkdown(t *testing.T) {
	long := []byte(strings.Repeat("ü", 2048))
	for name, c := range map[string]struct {
		head []byte
		size int64
		want Code
	}{
		"text":          {[]byte("# Invoice\n"), 10, ""},
		"cut character": {long[:4095], 100000, ""},
		"empty":         {nil, 0, CodeEmpty},
		"white space":   {[]byte(" \n\t"), 3, CodeEmpty},
		"white head":    {[]byte("    "), 10000, ""},
		"zero byte":     {[]byte("a\x00b"), 3, CodeBinary},
		"a pdf":         {[]byte("%PDF-1.7\n\xe2\xe3\xcf\xd3\n"), 15, CodeBinary},
		"latin-1":       {[]byte("Stra\xdfe"), 6, CodeBinary},
	} {
		err := CheckMarkdown(c.head, c.size)
		if got := codeIn(err); got != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func codeIn(err error) Code {
	if f, ok := err.(*Fault); ok {
		return f.Code
	}
	return ""
}
