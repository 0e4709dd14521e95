package zdr_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

func TestFormGolden(t *testing.T) {
	f := zdr.NewForm()
	f.Add("output_save_url", "https://b/o/1")
	f.Add("schema", "{}")
	f.Add("other", "1")
	f.Add("markdown_url", "https://b/s/1")
	contentType, body := f.Encode()
	const b = "zdrworker-form-7d1f0c3e5b9a4826"
	part := func(name, value string) string {
		return "--" + b + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	want := part("schema", "{}") + part("markdown_url", "https://b/s/1") + part("output_save_url", "https://b/o/1") +
		part("other", "1") + "--" + b + "--\r\n"
	if string(body) != want || contentType != "multipart/form-data; boundary="+b {
		t.Errorf("got %s\n%s\nwant\n%s", contentType, body, want)
	}
}

// A form prints without its values, wherever it stands.
func TestFormPrintsNothing(t *testing.T) {
	f := zdr.NewForm()
	f.Add("markdown_url", "secret")
	hidden := struct{ f *zdr.Form }{f}
	for _, verb := range verbs {
		if s := fmt.Sprintf(verb+verb+verb, f, hidden, *f); strings.Contains(s, "secret") {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}

// FuzzForm: what the guard takes is equal to its own canonical form, and the
// standard reader finds the same fields in it and no others.
func FuzzForm(f *testing.F) {
	seeds := formSeeds()
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	accepted := 0
	for _, s := range seeds {
		if _, ok := zdr.ParseFormForTest(s); ok {
			accepted++
		}
		f.Add(s)
	}
	if accepted == 0 || accepted == len(seeds) {
		f.Fatalf("%d of %d seeds are accepted: both kinds must be there", accepted, len(seeds))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		again, ok := zdr.ParseFormForTest(body)
		if !ok {
			return
		}
		if !bytes.Equal(again, body) {
			t.Fatalf("accepted %q, canonical is %q", body, again)
		}
		rebuilt := rebuild(t, body)
		if !bytes.Equal(rebuilt, body) {
			t.Fatalf("another reader makes %q of %q", rebuilt, body)
		}
	})
}

func formSeeds() [][]byte {
	good := zdr.NewForm()
	good.Add("schema", `{"properties":{"a":{}},"type":"object"}`)
	good.Add("markdown_url", "https://b.example/s/a.md?X-Amz-Signature=1")
	good.Add("output_save_url", "https://b.example/o/a.json?X-Amz-Signature=2")
	contentType, body := good.Encode()
	parse := zdr.NewForm()
	parse.Add("document_url", "https://b.example/s/a.pdf?X-Amz-Signature=1")
	parse.Add("password", "open sesame")
	parse.Add("custom_prompts", `{"figure":"Describe the axes."}`)
	parse.Add("split", "page")
	_, parsed := parse.Encode()
	empty := zdr.NewForm()
	empty.Add("model", "")
	_, blank := empty.Encode()
	edit := func(old, now string) []byte { return []byte(strings.Replace(string(body), old, now, 1)) }
	return [][]byte{
		body, parsed, blank, nil, []byte(contentType),
		append([]byte("x\r\n"), body...), append(bytes.Clone(body), 'x'), body[:len(body)-2],
		bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")),
		edit(`name="schema"`, `name="schema"; filename="a"`), edit("\r\n\r\n", "\r\nX: y\r\n\r\n"),
		edit(`name="schema"`, `name="Schema"`), edit(`name="schema"`, `name="output_save_url"`),
		edit("https://b", "\r\n--zdr\r\nhttps://b"),
	}
}

// rebuild reads a body with the standard library and writes the form again.
func rebuild(t *testing.T, body []byte) []byte {
	t.Helper()
	f := zdr.NewForm()
	contentType, _ := f.Encode()
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("another reader refuses %q: %v", body, err)
		}
		if p.FileName() != "" || len(p.Header) != 1 {
			t.Fatalf("another reader finds more in %q", body)
		}
		value, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		f.Add(p.FormName(), string(value))
	}
	_, again := f.Encode()
	return again
}
