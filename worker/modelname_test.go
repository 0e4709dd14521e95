package worker

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// A result says which model made it. What is no model's name stays in the
// result: it would go into metadata, which cannot hold every text, and be shown
// where content is not.
func TestModelOfAResultIsAName(t *testing.T) {
	schema := mustSchema(t, resultSchema)
	for version, want := range map[string]string{
		`"extract-20260314"`: "extract-20260314", `"dpt-2:2026/03+a_b.c"`: "dpt-2:2026/03+a_b.c",
		`"Invoice of Ann"`: "", `"extract\n20260314"`: "", `"\u001b[2J"`: "", `"é"`: "", `""`: "", `null`: "",
		`"` + strings.Repeat("a", 129) + `"`: "",
	} {
		small := fmt.Sprintf(`{"extraction":{},"metadata":{"version":%s}}`, version)
		large := fmt.Sprintf(`{"extraction":{"a":"%s"},"metadata":{"version":%s}}`, strings.Repeat("x", smallResult), version)
		for _, body := range []string{small, large} {
			v, err := checkResult(strings.NewReader(body), int64(len(body)), schema)
			if err != nil || v.code != "" || v.receipt.Model != want {
				t.Errorf("%s in %d bytes: got model %q, %v, %v", version, len(body), v.receipt.Model, v.code, err)
			}
		}
		parsed := fmt.Sprintf(`{"markdown":"a","metadata":{"version":%s}}`, version)
		v, err := (&Pipeline{}).checkParsed(bucket.Object{Body: io.NopCloser(strings.NewReader(parsed))})
		if err != nil || v.code != "" || v.receipt.Model != want {
			t.Errorf("%s in a parse: got model %q, %v, %v", version, v.receipt.Model, v.code, err)
		}
	}
}
