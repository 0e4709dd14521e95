package adetest

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zdrworker/zdrworker/worker/ade/adetest/extract"
)

// create is POST /v1/ade/extract/jobs.
func (p *Provider) create(c *call, key string) reply {
	o, refusal := p.readOrder(c)
	if refusal == nil {
		refusal = p.throttle(c, &p.jobsPool)
	}
	if refusal == nil && p.o.Undocumented.Fetch == AtSubmit {
		refusal = p.fetchInto(c, &o)
	}
	if refusal != nil {
		return *refusal
	}
	j := p.accept(o, key)
	c.about.JobID = j.id
	return jsonReply(http.StatusAccepted, map[string]any{"job_id": j.id})
}

// readOrder checks a create or sync call in the order in which it is cheapest
// to refuse; the provider's own order is not known.
func (p *Provider) readOrder(c *call) (order, *reply) {
	var o order
	strict := false
	checks := []func() *reply{
		func() *reply { return checkForm(c, &strict) },
		func() *reply { return p.checkCredits(c) },
		func() *reply { return p.checkZDR(c) },
		func() *reply { return p.readSource(c, &o) },
		func() *reply { return p.readSaveURL(c, &o) },
		func() *reply { return p.readModel(c, &o) },
		func() *reply { return p.readSchema(c, &o, strict) },
	}
	for _, check := range checks {
		if refusal := check(); refusal != nil {
			return order{}, refusal
		}
	}
	return o, nil
}

// business is a refusal by the API's own rules.
func (p *Provider) business(status int, format string, args ...any) *reply {
	r := jsonReply(status, map[string]any{p.o.Undocumented.BusinessKey: fmt.Sprintf(format, args...)})
	return &r
}

// checkForm is what the framework refuses before the API sees it.
func checkForm(c *call, strict *bool) *reply {
	if c.form.broken {
		r := jsonReply(http.StatusBadRequest, map[string]any{"detail": "There was an error parsing the body"})
		return &r
	}
	var found []finding
	schemas := c.form.all("schema")
	if len(schemas) == 0 {
		found = append(found, missing("body", "schema"))
	} else if schemas[len(schemas)-1].isFile {
		found = append(found, finding{Type: "string_type", Loc: []string{"body", "schema"}, Msg: "Input should be a valid string"})
	}
	var ok bool
	if *strict, ok = readBool(c.form.text("strict")); !ok {
		found = append(found, notBool(c.form.text("strict"), "body", "strict"))
	}
	if len(found) > 0 {
		return invalid(found...)
	}
	return nil
}

func (p *Provider) checkCredits(c *call) *reply {
	if p.o.Credits > 0 && p.Billed().Credits >= p.o.Credits {
		return p.business(http.StatusPaymentRequired, textCredits)
	}
	return nil
}

// checkZDR holds jobs to the two URLs; nothing says that sync calls are held.
func (p *Provider) checkZDR(c *call) *reply {
	switch {
	case c.about.Operation != OpCreate || !p.isZDR():
		return nil
	case c.form.text("output_save_url") == "":
		return p.business(http.StatusBadRequest, textZDRSaveURL)
	case len(c.form.all("markdown")) > 0:
		return p.business(http.StatusBadRequest, textZDRMarkdown)
	}
	return nil
}

// readSource finds the one document: a part or a URL.
func (p *Provider) readSource(c *call, o *order) *reply {
	given, link := c.form.all("markdown"), c.form.text("markdown_url")
	switch {
	case len(given) == 0 && link == "":
		return p.business(http.StatusUnprocessableEntity, textNoMarkdown)
	case len(given) > 0 && link != "":
		return p.business(http.StatusUnprocessableEntity, textBothMarkdown)
	case len(given) > 1:
		return p.business(http.StatusUnprocessableEntity, textManyMarkdown, len(given))
	case len(given) == 1:
		return p.readPart(c, given[0], o)
	case !isWebURL(link):
		return p.business(http.StatusUnprocessableEntity, textInvalidURL, link)
	case p.o.RefusePrivateHosts && hasPrivateHost(link):
		return p.business(http.StatusBadRequest, textUnreachable)
	}
	o.markdownURL, o.filename = link, lastSegment(pathOf(link))
	return nil
}

// readPart takes a document from the request. Jobs refuse a file without an
// extension, which the Python SDK makes of a bare string; sync calls take it.
func (p *Provider) readPart(c *call, given part, o *order) *reply {
	o.markdown, o.filename = given.body, given.filename
	switch {
	case int64(len(given.body)) > p.o.MaxMarkdown:
		r := c.refuse(http.StatusRequestEntityTooLarge, textTooLarge)
		return &r
	case !given.isFile:
		o.filename = "markdown.md"
	case c.about.Operation == OpCreate && path.Ext(given.filename) == "" && !strings.HasPrefix(given.mimeType, "text/"):
		return p.business(http.StatusUnprocessableEntity, textInvalidFile)
	case !isMarkdownName(given.filename, given.mimeType):
		return p.business(http.StatusUnprocessableEntity, textUnsupported, given.mimeType, given.filename)
	}
	return p.checkText(o, given.mimeType)
}

func isMarkdownName(name, mimeType string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == "" || slices.Contains([]string{".md", ".markdown", ".txt"}, ext) || strings.HasPrefix(mimeType, "text/")
}

// checkText refuses a document that is no text.
func (p *Provider) checkText(o *order, mimeType string) *reply {
	if isText(o.markdown) {
		return nil
	}
	return p.business(http.StatusUnprocessableEntity, textUnsupported, either(mimeType, "application/octet-stream"), o.filename)
}

func isText(b []byte) bool { return utf8.Valid(b) && !slices.Contains(b, 0) }

func (p *Provider) readSaveURL(c *call, o *order) *reply {
	link := c.form.text("output_save_url")
	if c.about.Operation != OpCreate && c.about.Operation != OpParseCreate || link == "" {
		return nil
	}
	if !isWebURL(link) || p.o.RefusePrivateHosts && hasPrivateHost(link) {
		return p.business(http.StatusUnprocessableEntity, textInvalidURL, link)
	}
	o.saveURL = link
	return nil
}

// versions are the model snapshots that public sources name for extraction.
var versions = []string{"extract-20260314", "extract-20251024", "extract-20250930"}

var rules = regexp.MustCompile(`^adetest-[a-z0-9-]{1,40}$`)

// readModel settles the snapshot. Names that begin with "adetest-" are taken
// too, so that a test can tell models apart.
func (p *Provider) readModel(c *call, o *order) *reply {
	name := c.form.text("model")
	switch {
	case name == "" || name == "extract-latest":
		o.version = p.o.Version
	case name == p.o.Version || slices.Contains(versions, name) || rules.MatchString(name):
		o.version = name
	default:
		return p.business(http.StatusBadRequest, textModel, name)
	}
	return nil
}

func (p *Provider) readSchema(c *call, o *order, strict bool) *reply {
	s, err := extract.ParseSchema([]byte(c.form.text("schema")))
	if errors.Is(err, extract.ErrNoJSON) && c.about.Operation == OpCreate {
		return p.business(http.StatusBadRequest, textSchemaNoJSON)
	}
	if err != nil {
		return p.business(http.StatusUnprocessableEntity, "%s", err.Error())
	}
	if words := s.Unsupported(); strict && len(words) > 0 && checksSchemas(o.version) {
		return p.business(http.StatusUnprocessableEntity, textSchemaKeywords, strings.Join(words, ", "))
	}
	o.schema = s
	return nil
}

// checksSchemas says whether a snapshot knows strict and warnings: those from
// extract-20260314 on do.
func checksSchemas(version string) bool {
	return !slices.Contains(versions[1:], version)
}
