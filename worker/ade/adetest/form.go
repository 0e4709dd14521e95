package adetest

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
)

// part is one field of a form.
type part struct {
	name     string
	filename string
	isFile   bool
	mimeType string
	body     []byte
}

// form is a body of multipart/form-data, the only type that the API takes.
// Another type leaves it empty, as FastAPI does.
type form struct {
	parts  []part
	broken bool // multipart that does not parse
}

func readForm(contentType string, body []byte) form {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		return form{}
	}
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	var f form
	for {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f
		}
		if err != nil {
			return form{broken: true}
		}
		read, err := readPart(p)
		if err != nil {
			return form{broken: true}
		}
		f.parts = append(f.parts, read)
	}
}

// readPart takes a part with a filename parameter for a file, even if the name
// is empty.
func readPart(p *multipart.Part) (part, error) {
	body, err := io.ReadAll(p)
	if err != nil {
		return part{}, err
	}
	_, params, _ := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	_, isFile := params["filename"]
	kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
	return part{name: p.FormName(), filename: p.FileName(), isFile: isFile, mimeType: kind, body: body}, nil
}

// all gives the parts of one name. Empty ones count as absent, as in FastAPI.
func (f form) all(name string) []part {
	var found []part
	for _, p := range f.parts {
		if p.name == name && (len(p.body) > 0 || p.filename != "") {
			found = append(found, p)
		}
	}
	return found
}

// text gives the last value of a text field; "" when there is none.
func (f form) text(name string) string {
	found := f.all(name)
	if len(found) == 0 {
		return ""
	}
	return string(found[len(found)-1].body)
}
