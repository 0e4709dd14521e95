package worker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/zdr"
)

// The steps of a document. Parse makes Markdown of what is none; extract makes
// fields of Markdown. Each is a job of its own with a record of its own.
const (
	StepParse   = "parse"
	StepExtract = "extract"
)

// ParseOptions say how a route's documents that are no Markdown are parsed. The
// zero value lets the provider choose.
type ParseOptions struct {
	// Model is the provider's parse model; empty lets the provider choose.
	Model string
	// SplitPages cuts the result by pages besides the whole. Default: false.
	SplitPages bool
	// Prompts are words about figures. They leave as they are, so the policy
	// must approve them. Default: none.
	Prompts zdr.Prompts
	// Password names the secret that opens the route's documents; Config.Password
	// reads it. The name is kept in records, the password nowhere. Default: none.
	Password string
}

// IsZero reports whether nothing is chosen.
func (o ParseOptions) IsZero() bool {
	return o.Model == "" && !o.SplitPages && o.Prompts.IsZero() && o.Password == ""
}

// Digest is "sha256:…" over all that a parse result depends on.
func (o ParseOptions) Digest() string { return o.record().digest() }

// parseOptions are ParseOptions as a record keeps them, so that any worker can
// go on with the job whatever its own configuration says by then.
type parseOptions struct {
	Model    string `json:"model,omitempty"`
	Split    string `json:"split,omitempty"`
	Figure   string `json:"figure_prompt,omitempty"`
	Password string `json:"password_from,omitempty"` // the name of a secret, never the secret
}

func (o ParseOptions) record() parseOptions {
	out := parseOptions{Model: o.Model, Password: o.Password}
	if o.SplitPages {
		out.Split = string(ade.SplitPage)
	}
	var words struct {
		Figure string `json:"figure"`
	}
	if json.Unmarshal([]byte(o.Prompts.Canonical()), &words) == nil {
		out.Figure = words.Figure
	}
	return out
}

// digest has the parts in a fixed order, each with its length before it.
func (o parseOptions) digest() string {
	h := sha256.New()
	for _, part := range []string{"zdr-parse-1", o.Model, o.Split, o.Figure, o.Password} {
		writePart(h, part)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func (o parseOptions) prompts() (zdr.Prompts, error) {
	if o.Figure == "" {
		return zdr.Prompts{}, nil
	}
	return zdr.NewPrompts(o.Figure)
}
