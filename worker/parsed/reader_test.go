package parsed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/zdrworker/zdrworker/worker/parsed"
)

func TestReader(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"alone", `{"markdown":"# One\n\nText"}`, "# One\n\nText"},
		{"last", `{"chunks":[{"markdown":"no"}],"splits":[],"metadata":{"page_count":1},"markdown":"yes"}`, "yes"},
		{"among others", ` { "a" : 1e-5 , "markdown" : "yes" , "b" : [ { } , [ ] , null , true , false , -0.5E+3 ] } ` + "\n", "yes"},
		{"nested ones do not count", `{"x":{"markdown":"no"},"markdown":"yes"}`, "yes"},
		{"name with escapes", `{"m\u0061rkdown":"yes"}`, "yes"},
		{"another case is another name", `{"Markdown":"no","markdown":"yes"}`, "yes"},
		{"a longer name", `{"markdownmarkdownmarkdownmarkdown":"no","markdown":"yes"}`, "yes"},
		{"empty", `{"markdown":""}`, ""},
		{"escapes", `{"markdown":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac"}`, "\"\\/\b\f\n\r\tAé€"},
		{"pair", `{"markdown":"\ud83d\ude00"}`, "😀"},
		{"high half alone", `{"markdown":"\ud83dx"}`, "\ufffdx"},
		{"low half alone", `{"markdown":"\ude00x"}`, "\ufffdx"},
		{"high half, then a pair", `{"markdown":"\ud83d\ud83d\ude00"}`, "\ufffd😀"},
		{"high half, then a letter", `{"markdown":"\ud83d\u0041"}`, "\ufffdA"},
		{"no UTF-8", "{\"markdown\":\"a\xffb\xc3\"}", "a\ufffdb\ufffd"},
		{"cut character", "{\"markdown\":\"\xe2\x82\"}", "\ufffd\ufffd"},
	}
	for _, test := range tests {
		for how, r := range map[string]io.Reader{
			"whole": strings.NewReader(test.in), "byte by byte": iotest.OneByteReader(strings.NewReader(test.in)),
			"with the end": iotest.DataErrReader(strings.NewReader(test.in)),
		} {
			t.Run(test.name+", "+how, func(t *testing.T) {
				got, err := io.ReadAll(parsed.NewReader(r))
				if err != nil || string(got) != test.want {
					t.Errorf("got %q, %v, want %q", got, err, test.want)
				}
				if got, err := io.ReadAll(iotest.OneByteReader(parsed.NewReader(strings.NewReader(test.in)))); err != nil || string(got) != test.want {
					t.Errorf("read byte by byte: got %q, %v, want %q", got, err, test.want)
				}
			})
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	deep := strings.Repeat("[", 10_001)
	tests := []struct{ name, in string }{
		{"nothing", ""},
		{"a list", `["markdown"]`},
		{"a text", `"markdown"`},
		{"no markdown", `{"metadata":{}}`},
		{"an empty object", `{}`},
		{"a comma in an empty object", `{,"markdown":"x"}`},
		{"markdown is null", `{"markdown":null}`},
		{"markdown is a list", `{"markdown":["x"]}`},
		{"two of them", `{"markdown":"x","markdown":"x"}`},
		{"two, one with an escape", `{"markdown":"x","mark\u0064own":"x"}`},
		{"two metadata", `{"markdown":"x","metadata":{},"metadata":{}}`},
		{"cut within", `{"markdown":"x`},
		{"cut after", `{"markdown":"x"`},
		{"cut in an escape", `{"markdown":"\u00`},
		{"cut after half a pair", `{"markdown":"\ud83d\u`},
		{"something after the end", `{"markdown":"x"} {}`},
		{"a comma after the last", `{"markdown":"x",}`},
		{"control character", "{\"markdown\":\"a\nb\"}"},
		{"control character elsewhere", "{\"a\":\"a\nb\",\"markdown\":\"x\"}"},
		{"unknown escape", `{"markdown":"\x"}`},
		{"broken escape", `{"markdown":"\u00zz"}`},
		{"escape cut by the end of the text", `{"markdown":"\u00"}`},
		{"a number with a leading zero", `{"markdown":"x","a":01}`},
		{"a number without digits", `{"markdown":"x","a":-}`},
		{"a point without digits", `{"markdown":"x","a":1.}`},
		{"an exponent without digits", `{"markdown":"x","a":1e}`},
		{"a wrong word", `{"markdown":"x","a":nul1}`},
		{"a wrong end", `{"markdown":"x","a":[1}}`},
		{"a name without quotes", `{markdown:"x"}`},
		{"too deep", `{"markdown":"x","a":` + deep + strings.Repeat("]", 10_001) + `}`},
		{"too much metadata", `{"markdown":"x","metadata":{"filename":"` + strings.Repeat("x", 300<<10) + `"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := io.ReadAll(parsed.NewReader(strings.NewReader(test.in)))
			var invalid *parsed.Invalid
			if !errors.As(err, &invalid) {
				t.Errorf("got %v, want *Invalid", err)
			}
		})
	}
}

// A read that fails is no bad result, wherever it fails.
func TestReaderTellsReadErrors(t *testing.T) {
	in := `{"metadata":{"page_count":2},"markdown":"a\ud83d\ude00b\u00e9","x":[1,true,{"a":"b"}]}`
	for n := range len(in) {
		broken := io.MultiReader(strings.NewReader(in[:n]), iotest.ErrReader(errors.New("secret-name")))
		_, err := io.ReadAll(parsed.NewReader(broken))
		var failed *parsed.ReadError
		if !errors.As(err, &failed) {
			t.Fatalf("after %d bytes: got %v, want *ReadError", n, err)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Fatalf("the error quotes its cause: %v", err)
		}
	}
}

func TestMeta(t *testing.T) {
	in := `{"markdown":" \n x","metadata":{"filename":"theirs.pdf","org_id":null,"page_count":7,"duration_ms":1250.5,` +
		`"credit_usage":21,"job_id":"cmg1","version":"dpt-2-20260410","failed_pages":[0,6]}}`
	r := parsed.NewReader(iotest.HalfReader(strings.NewReader(in)))
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	m := r.Meta()
	if m.Pages != 7 || len(m.FailedPages) != 2 || m.FailedPages[1] != 6 || m.Credits != 21 || m.DurationMS != 1250.5 ||
		m.JobID != "cmg1" || m.Model != "dpt-2-20260410" || r.Size() != 4 || r.Blank() {
		t.Errorf("got %+v, %d bytes, blank %t", m, r.Size(), r.Blank())
	}
	blank := parsed.NewReader(strings.NewReader(`{"markdown":" \n\t","metadata":{"page_count":"many"}}`))
	if _, err := io.Copy(io.Discard, blank); err != nil || !blank.Blank() || blank.Meta().Pages != 0 {
		t.Errorf("got %v, blank %t, %+v", err, blank.Blank(), blank.Meta())
	}
}

// markdownOf is what encoding/json makes of a parse result, and whether it is
// one to this package: exactly one markdown at the top, a text.
func markdownOf(b []byte) (string, bool) {
	if !json.Valid(b) {
		return "", false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", false
	}
	count := map[string]int{}
	var text any
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return "", false
		}
		count[name.(string)]++
		if name == "markdown" && json.Unmarshal(value, &text) != nil {
			return "", false
		}
	}
	s, ok := text.(string)
	return s, ok && count["markdown"] == 1 && count["metadata"] <= 1
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"markdown":"# A\n\u00e9\ud83d\ude00","chunks":[{"markdown":"b"}],"metadata":{"page_count":2,"failed_pages":[1]}}`,
		`{"a":[[],{}],"markdown":"\ud83d\ud83d","b":-1.5e+3}`, "{\"markdown\":\"\xff\xe2\x82\"}",
		`{"markdown":"x","markdown":"y"}`, `{"m\u0061rkdown":"x"} `, `{}`, `[]`, `{"markdown":1}`, `{"markdown":"\u00zz"}`,
	} {
		f.Add([]byte(seed), 1)
		f.Add([]byte(seed), 7)
	}
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		want, good := markdownOf(b)
		got, err := io.ReadAll(pieces{parsed.NewReader(pieces{bytes.NewReader(b), piece}), piece})
		if good != (err == nil) {
			t.Fatalf("encoding/json takes it: %t; Reader: %v", good, err)
		}
		if good && string(got) != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// pieces reads little at a time.
type pieces struct {
	r io.Reader
	n int
}

func (p pieces) Read(b []byte) (int, error) {
	return p.r.Read(b[:min(len(b), 1+abs(p.n)%97)])
}

func abs(n int) int { return max(n, -n, 0) }

func BenchmarkReader(b *testing.B) {
	page := strings.Repeat("Line of a page with an \\n escape and caf\u00e9, number 1234.\\n", 200)
	in := []byte(`{"chunks":[{"markdown":"` + strings.Repeat(page, 40) + `"}],"markdown":"` + strings.Repeat(page, 40) + `"}`)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := parsed.Check(bytes.NewReader(in)); err != nil {
			b.Fatal(err)
		}
	}
}
