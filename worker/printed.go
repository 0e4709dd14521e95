package worker

import (
	"fmt"
	"io"
	"log/slog"
)

// What names documents or holds a piece of one prints as a placeholder, as the
// types of package zdr do. Its fields are plain, so that it is easily made: fmt
// prints them all the same under %p, and where the type sits in somebody's
// unexported field.

// printed is what is printed of a type.
func printed(what string) string { return "[worker." + what + " redacted]" }

func printAs(f fmt.State, what string) { _, _ = io.WriteString(f, printed(what)) }

// Format prints a placeholder for every verb.
func (Document) Format(f fmt.State, _ rune) { printAs(f, "Document") }

// LogValue logs a placeholder.
func (Document) LogValue() slog.Value { return slog.StringValue(printed("Document")) }

// Format prints a placeholder for every verb.
func (File) Format(f fmt.State, _ rune) { printAs(f, "File") }

// LogValue logs a placeholder.
func (File) LogValue() slog.Value { return slog.StringValue(printed("File")) }

// Format prints a placeholder for every verb.
func (Match) Format(f fmt.State, _ rune) { printAs(f, "Match") }

// LogValue logs a placeholder.
func (Match) LogValue() slog.Value { return slog.StringValue(printed("Match")) }

// Format prints a placeholder for every verb.
func (Capture) Format(f fmt.State, _ rune) { printAs(f, "Capture") }

// LogValue logs a placeholder.
func (Capture) LogValue() slog.Value { return slog.StringValue(printed("Capture")) }

// Format prints a placeholder for every verb.
func (BackfillPlan) Format(f fmt.State, _ rune) { printAs(f, "BackfillPlan") }

// LogValue logs a placeholder.
func (BackfillPlan) LogValue() slog.Value { return slog.StringValue(printed("BackfillPlan")) }

// String gives the backfill's ID. A field has the name of the method that would
// do so for every verb.
func (b Backfill) String() string { return printed("Backfill " + b.ID) }

// GoString gives the backfill's ID.
func (b Backfill) GoString() string { return b.String() }

// LogValue logs the backfill's ID.
func (b Backfill) LogValue() slog.Value { return slog.StringValue(b.String()) }

// Format prints the part and the line for every verb.
func (p Place) Format(f fmt.State, _ rune) { printAs(f, p.where()) }

// LogValue logs the part and the line.
func (p Place) LogValue() slog.Value { return slog.StringValue(printed(p.where())) }

func (p Place) where() string { return fmt.Sprintf("Place part %d line %d", p.Part, p.Line) }
