package adetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/parse"
)

// parsing is what an order of a parse says on top. The document is in the
// order's markdown, its URL in markdownURL.
type parsing struct {
	mediaType string
	password  string
	split     bool
	maxPages  int
}

func (o order) input(fail []int) parse.Input {
	return parse.Input{
		Data: o.markdown, MediaType: o.parse.mediaType, Password: o.parse.password,
		SplitPage: o.parse.split, MaxPages: o.parse.maxPages, FailPages: fail,
	}
}

// createParse is POST /v1/ade/parse/jobs.
func (p *Provider) createParse(c *call, key string) reply {
	o, refusal := p.readParse(c)
	if refusal == nil && p.o.Undocumented.Fetch == AtSubmit {
		refusal = p.fetchDocument(c, &o)
	}
	if refusal == nil {
		refusal = p.throttlePages(c, o)
	}
	if refusal != nil {
		return *refusal
	}
	j := p.accept(o, key)
	c.about.JobID = j.id
	return jsonReply(http.StatusAccepted, map[string]any{"job_id": j.id})
}

// parseNow is POST /v1/ade/parse. Nothing of it is kept.
func (p *Provider) parseNow(c *call) reply {
	o, refusal := p.readParse(c)
	if refusal == nil {
		refusal = p.fetchDocument(c, &o)
	}
	if refusal == nil {
		refusal = p.throttlePages(c, o)
	}
	if refusal != nil {
		return *refusal
	}
	out, err := p.parsed(o, p.o.NewID(), time.Now(), nil)
	if err != nil {
		return c.refuse(http.StatusInternalServerError, textProcess)
	}
	p.mu.Lock()
	p.book.bill.Calls++
	p.book.bill.add(out.credits)
	p.mu.Unlock()
	status := http.StatusOK
	if out.partial {
		status = http.StatusPartialContent
	}
	return reply{status: status, raw: out.body, header: http.Header{"Content-Type": {"application/json"}}}
}

// readParse checks a create or sync call, as readOrder does.
func (p *Provider) readParse(c *call) (order, *reply) {
	o := order{parse: &parsing{maxPages: maxJobPages}}
	if c.about.Operation == OpParseSync {
		o.parse.maxPages = maxSyncPages
	}
	checks := []func() *reply{
		func() *reply { return checkParseForm(c) },
		func() *reply { return p.checkCredits(c) },
		func() *reply { return p.checkParseZDR(c) },
		func() *reply { return p.readDocumentSource(c, &o) },
		func() *reply { return p.readSaveURL(c, &o) },
		func() *reply { return p.readParseModel(c, &o) },
		func() *reply { return p.readParseOptions(c, &o) },
	}
	for _, check := range checks {
		if refusal := check(); refusal != nil {
			return order{}, refusal
		}
	}
	return o, nil
}

func checkParseForm(c *call) *reply {
	if c.form.broken {
		r := jsonReply(http.StatusBadRequest, map[string]any{"detail": "There was an error parsing the body"})
		return &r
	}
	if split := c.form.text("split"); split != "" && split != "page" {
		return invalid(finding{Type: "enum", Loc: []string{"body", "split"}, Input: split, Msg: "Input should be 'page'", Ctx: map[string]any{"expected": "'page'"}})
	}
	return nil
}

func (p *Provider) checkParseZDR(c *call) *reply {
	switch {
	case c.about.Operation != OpParseCreate || !p.isZDR():
		return nil
	case c.form.text("output_save_url") == "":
		return p.business(http.StatusBadRequest, textZDRSaveURL)
	case len(c.form.all("document")) > 0:
		return p.business(http.StatusBadRequest, textZDRDocument)
	}
	return nil
}

// readDocumentSource finds the one document: a part or a URL.
func (p *Provider) readDocumentSource(c *call, o *order) *reply {
	given, link := c.form.all("document"), c.form.text("document_url")
	switch {
	case len(given) == 0 && link == "":
		return p.business(http.StatusUnprocessableEntity, textNoDocument)
	case len(given) > 0 && link != "":
		return p.business(http.StatusUnprocessableEntity, textBothDocument)
	case len(given) > 0:
		last := given[len(given)-1]
		o.markdown, o.filename, o.parse.mediaType = last.body, last.filename, last.mimeType
		return p.checkDocument(c, o)
	case !isWebURL(link):
		return p.business(http.StatusUnprocessableEntity, textInvalidURL, link)
	case p.o.RefusePrivateHosts && hasPrivateHost(link):
		return p.business(http.StatusBadRequest, textUnreachable)
	}
	o.markdownURL, o.filename = link, lastSegment(pathOf(link))
	return nil
}

// parseVersions are the model snapshots that public sources name for parsing.
var parseVersions = []string{"dpt-2-20260410", "dpt-2-20260302", "dpt-2-20251103", "dpt-2-20250919"}

func (p *Provider) readParseModel(c *call, o *order) *reply {
	name := c.form.text("model")
	switch {
	case slices.Contains([]string{"", "dpt-2", "dpt-2-latest"}, name):
		o.version = p.o.ParseVersion
	case name == p.o.ParseVersion || slices.Contains(parseVersions, name) || rules.MatchString(name):
		o.version = name
	default:
		return p.business(http.StatusBadRequest, textModel, name)
	}
	return nil
}

func (p *Provider) readParseOptions(c *call, o *order) *reply {
	o.parse.split, o.parse.password = c.form.text("split") == "page", c.form.text("password")
	if o.parse.password != "" && !p.isZDR() {
		return p.business(http.StatusUnprocessableEntity, textNoPasswords)
	}
	return p.checkPrompts(c.form.text("custom_prompts"))
}

func (p *Provider) checkPrompts(raw string) *reply {
	if raw == "" {
		return nil
	}
	var prompts map[string]any
	if json.Unmarshal([]byte(raw), &prompts) != nil || prompts == nil {
		return p.business(http.StatusUnprocessableEntity, textPromptsNoJSON)
	}
	for name, value := range prompts {
		text, ok := value.(string)
		switch {
		case name != "figure" || !ok:
			return p.business(http.StatusUnprocessableEntity, textPromptsKey)
		case utf8.RuneCountInString(text) > 512:
			return p.business(http.StatusUnprocessableEntity, textPromptsLong)
		}
	}
	return nil
}

// fetchDocument reads an order's document_url, if it has one, for a request
// that waits for it.
func (p *Provider) fetchDocument(c *call, o *order) *reply {
	if o.markdownURL == "" {
		return nil
	}
	data, kind, err := p.fetchUpTo("", o.markdownURL, p.o.MaxDocument)
	if errors.Is(err, errTooLarge) {
		r := c.refuse(http.StatusRequestEntityTooLarge, textTooLarge)
		return &r
	}
	if err != nil {
		return p.business(http.StatusBadRequest, textUnreachable)
	}
	o.markdown, o.parse.mediaType = data, kind
	return p.checkDocument(c, o)
}

// checkDocument refuses what shows from outside that nothing will come of it.
func (p *Provider) checkDocument(c *call, o *order) *reply {
	if int64(len(o.markdown)) > p.o.MaxDocument {
		r := c.refuse(http.StatusRequestEntityTooLarge, textTooLarge)
		return &r
	}
	if _, err := parse.Pages(o.input(nil)); err != nil {
		return p.business(http.StatusUnprocessableEntity, "%s", parseProblem(err))
	}
	return nil
}

// throttlePages counts the pages of a document, one where it is not there yet.
func (p *Provider) throttlePages(c *call, o order) *reply {
	pages := 1
	if o.markdown != nil {
		if n, err := parse.Pages(o.input(nil)); err == nil {
			pages = n
		}
	}
	return p.throttleBy(c, &p.pagesPool, pages)
}
