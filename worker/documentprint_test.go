package worker_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// A document that is printed or logged does not say its name.
func TestDocumentDoesNotPrint(t *testing.T) {
	marks := zdrtest.New(t)
	d := worker.Document{Key: "inbox/" + marks.Mark("key") + ".pdf", Version: "3"}
	var b bytes.Buffer
	for _, x := range []any{d, &d, []worker.Document{d}, struct{ D worker.Document }{d}, map[string]worker.Document{"d": d}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb+"\n", x)
		}
		b.WriteString(errors.Join(fmt.Errorf("put %v", x)).Error())
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Error("m", "document", d, slog.Group("g", "document", d))
	}
	marks.Assert(t, "a document", b.Bytes())
}
