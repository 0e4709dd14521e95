package worker

import (
	"fmt"
	"io"
	"log/slog"
)

// printedDocument is all that is printed of a Document: its key is a name.
const printedDocument = "[worker.Document redacted]"

// Format prints a placeholder for every verb.
func (Document) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, printedDocument) }

// LogValue logs a placeholder.
func (Document) LogValue() slog.Value { return slog.StringValue(printedDocument) }
