package ade

import "fmt"

// Effect is what the provider does with a keyword of an extraction schema.
type Effect string

// The effects, from harmless to fatal. They are those that are documented for
// the model extract-20260314.
const (
	EffectHonoured Effect = "honoured" // it guides the extraction
	EffectDropped  Effect = "dropped"  // taken away without a word; [Prune] does so before sending
	EffectResolved Effect = "resolved" // replaced by what it means, then dropped
	EffectWarned   Effect = "warned"   // the job completes with 206 and a warning, and is billed
	EffectRefused  Effect = "refused"  // strict: 422; otherwise an error, or dropped with 206: the sources differ
	EffectUnclear  Effect = "unclear"  // no document says; try it on one document before relying on it
)

// Finding is one keyword of a schema and what becomes of it. It never holds a
// value of the schema.
type Finding struct {
	Path    string // JSON pointer to the keyword; empty is the whole document
	Keyword string // empty when it is the place itself that is odd
	Effect  Effect
	Advice  string // what to change; empty when there is nothing to do
}

// NeedsAttention says whether the schema would do something else than it says.
// Honoured keywords, and those that are dropped or resolved without loss, do
// not.
func (f Finding) NeedsAttention() bool {
	switch f.Effect {
	case EffectWarned, EffectRefused, EffectUnclear:
		return true
	}
	return f.Advice != ""
}

// String gives one line for a person.
func (f Finding) String() string {
	s := fmt.Sprintf("%-8s %s", f.Effect, f.Path)
	if f.Advice == "" {
		return s
	}
	return s + ": " + f.Advice
}

// SchemaError is a schema that the provider refuses whole, with 422.
type SchemaError struct {
	Path   string // JSON pointer to what is in the way
	Advice string // what to change
}

// Error names the place in the schema; it holds no value of it.
func (e *SchemaError) Error() string {
	if e.Path == "" {
		return "ade: the provider refuses this schema: " + e.Advice
	}
	return "ade: the provider refuses this schema at " + e.Path + ": " + e.Advice
}
