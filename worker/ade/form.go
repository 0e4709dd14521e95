package ade

import (
	"strconv"

	"github.com/zdrworker/zdrworker/zdr"
)

// The forms below are the ones that the guard lets out. This file is the only
// place where a presigned URL becomes text, or a password.

func (j ExtractJob) form() (contentType string, body []byte) {
	f := zdr.NewForm()
	f.Add("schema", string(j.Schema.Canonical()))
	if j.Model != "" {
		f.Add("model", j.Model)
	}
	f.Add("strict", strconv.FormatBool(j.Strict))
	f.Add("markdown_url", j.Markdown.Reveal())
	f.Add("output_save_url", j.OutputSave.Reveal())
	return f.Encode()
}

func (j ParseJob) form() (contentType string, body []byte) {
	f := j.parse().fields()
	f.Add("output_save_url", j.OutputSave.Reveal())
	return f.Encode()
}

func (p Parse) form() (contentType string, body []byte) { return p.fields().Encode() }

func (p Parse) fields() *zdr.Form {
	f := zdr.NewForm()
	if p.Model != "" {
		f.Add("model", p.Model)
	}
	if p.Split != "" {
		f.Add("split", string(p.Split))
	}
	if !p.Prompts.IsZero() {
		f.Add("custom_prompts", p.Prompts.Canonical())
	}
	if !p.Password.IsZero() {
		f.Add("password", p.Password.Reveal())
	}
	f.Add("document_url", p.Document.Reveal())
	return f
}
