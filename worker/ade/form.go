package ade

import (
	"strconv"

	"github.com/zdrworker/zdrworker/zdr"
)

// form writes a job in the one form that the guard lets out. It is the only
// place where a presigned URL becomes text.
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
