package worker

import (
	"encoding/json"
	"math"

	"github.com/zdrworker/zdrworker/zdr"
)

// What the provider asks for (its price list and receipts, November 2026).
const (
	creditsPerPage    = 3.0   // of a parse
	creditsPerPageZDR = 1.0   // more, perhaps, where nothing may be kept
	charsInPerCredit  = 5000  // of an extraction's Markdown
	charsOutPerCredit = 1000  // of its fields
	maxPages          = 6000  // of one document
	bytesPerPage      = 2048  // the least that a page is taken to have where pages are not counted
	maxCharsOut       = 1e6   // the longest answer that is reckoned with
	maxCharsPerPage   = 10000 // of Markdown that a page comes to
	likelyPage        = 2500  // of Markdown, as a rule
)

// Credits is a range of the provider's units.
type Credits struct {
	Low    float64 // no less
	Likely float64
	High   float64 // what is reserved of a budget; a job that costs more exceeds it by that
}

// Plus adds two ranges.
func (c Credits) Plus(o Credits) Credits {
	return Credits{round4(c.Low + o.Low), round4(c.Likely + o.Likely), round4(c.High + o.High)}
}

// IsZero reports whether nothing is spent.
func (c Credits) IsZero() bool { return c == Credits{} }

// round4 keeps sums of many small numbers from drifting.
func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// tenthUp is how the provider rounds a receipt.
func tenthUp(x float64) float64 { return math.Ceil(round4(x)*10) / 10 }

// EstimateParse is what parsing costs: by pages where they are counted, else by
// what a document of so many bytes may have.
func EstimateParse(pages int, size int64) Credits {
	least, likely, most := pages, pages, pages
	if pages <= 0 {
		least, likely, most = 1, int(size/(20*bytesPerPage))+1, int(size/bytesPerPage)+1
	}
	cost := func(n int, each float64) float64 { return float64(min(n, maxPages)) * each }
	return Credits{cost(least, creditsPerPage), cost(likely, creditsPerPage), cost(most, creditsPerPage+creditsPerPageZDR)}
}

// EstimateExtract is what the extraction from Markdown of so many bytes costs:
// its characters, of which there are fewer than bytes, and the fields.
func EstimateExtract(s zdr.Schema, size int64) Credits {
	in, a := float64(size), answerOf(s)
	return Credits{
		Low:    extractCost(in/3, a.least),
		Likely: extractCost(in, a.likely(in)),
		High:   extractCost(in, a.most(in)),
	}
}

// EstimateAfterParse is what the extraction from a document costs whose Markdown
// is not there yet.
func EstimateAfterParse(s zdr.Schema, pages int, size int64) Credits {
	likely, most := pagesOf(pages, size)
	return Credits{
		Low:    EstimateExtract(s, int64(max(pages, 1))*50).Low,
		Likely: EstimateExtract(s, int64(likely)*likelyPage).Likely,
		High:   EstimateExtract(s, int64(most)*maxCharsPerPage).High,
	}
}

// pagesOf is how many pages a document has, where they are not counted by its
// size.
func pagesOf(pages int, size int64) (likely, most int) {
	if pages > 0 {
		return pages, pages
	}
	return min(int(size/(20*bytesPerPage))+1, maxPages), min(int(size/bytesPerPage)+1, maxPages)
}

func extractCost(in, out float64) float64 {
	return tenthUp(in/charsInPerCredit + out/charsOutPerCredit)
}

// answer is how long a schema's answer may be, in characters.
type answer struct {
	fields int     // outside lists
	least  float64 // every field empty
	row    float64 // of the names of one item of all lists
	lists  bool
}

const (
	likelyField = 25  // of one field's value
	longField   = 400 // the longest that is reckoned with
	shortRow    = 20  // of the document that one item of a list is taken from, at least
)

func (a answer) likely(in float64) float64 {
	out := a.least + likelyField*float64(a.fields)
	if a.lists {
		out += min(in, maxCharsOut) / 5
	}
	return min(out, maxCharsOut)
}

// most: a list says again what the document says, with its names before each.
func (a answer) most(in float64) float64 {
	out := a.least + longField*float64(a.fields)
	if a.lists {
		out += in + in/shortRow*a.row
	}
	return min(max(out, a.least), maxCharsOut)
}

// answerOf reads a schema. What it cannot read counts as a list of anything.
func answerOf(s zdr.Schema) answer {
	var top any
	if json.Unmarshal(s.Canonical(), &top) != nil {
		return answer{least: 2, lists: true, row: 100}
	}
	a := answer{least: 2}
	a.add(top, false)
	return a
}

// add walks one part of a schema; in says that it is within a list.
func (a *answer) add(v any, in bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	props, _ := m["properties"].(map[string]any)
	for name, sub := range props {
		a.name(float64(len(name)+4), in)
		a.add(sub, in)
	}
	items, list := m["items"]
	switch {
	case list:
		a.lists = true
		a.add(items, true)
	case props == nil && !a.choice(m, in):
		a.leaf(in)
	}
}

// choice walks the alternatives of a part: all of them count, though one of
// them answers.
func (a *answer) choice(m map[string]any, in bool) bool {
	any, _ := m["anyOf"].([]any)
	for _, sub := range any {
		a.add(sub, in)
	}
	return len(any) > 0
}

func (a *answer) name(n float64, in bool) {
	if in {
		a.row += n
	} else {
		a.least += n
	}
}

func (a *answer) leaf(in bool) {
	if in {
		a.row += 6 // null, quotes and a comma
		return
	}
	a.fields++
	a.least += 4
}
