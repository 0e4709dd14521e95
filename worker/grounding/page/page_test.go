package page_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/grounding"
	"github.com/zdrworker/zdrworker/worker/grounding/page"
	"github.com/zdrworker/zdrworker/zdr"
)

func view() page.View {
	return page.View{
		Document: zdr.NewName(`in/<img src=x onerror=alert(1)>.pdf`),
		Facts:    []page.Fact{{Name: "route", Value: "invoices revision 3"}},
		Fields: []grounding.Field{
			{Path: "total", Value: zdr.NewText(`"</script><script>alert(2)</script>"`), Places: []grounding.Place{{Page: 1, Box: grounding.Box{Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.6}}}},
			{Path: "due", Value: zdr.NewText("null")},
		},
		Sheets: map[int]page.Sheet{0: {Type: "image/png", Picture: zdr.NewDocument([]byte("picture")), Width: 850, Height: 1100}},
	}
}

func write(t *testing.T, v page.View) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrite(t *testing.T) {
	got := write(t, view())
	for _, want := range []string{
		"invoices revision 3", `<th scope="row">total</th>`, `<a href="#f0-0">page 2</a>`, "not found", "no place",
		`id="f0-0" style="left:25.000%;top:50.000%;width:50.000%;height:10.000%"`,
		"data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte("picture")),
		"aspect-ratio:850/1100", "aspect-ratio:210/297", // page 2 has no picture
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Index(got, "<figcaption>page 1<") > strings.Index(got, "<figcaption>page 2<") {
		t.Error("the pages are not in their order")
	}
}

func TestWriteTrustsNothing(t *testing.T) {
	v := view()
	v.Sheets[0] = page.Sheet{Type: "image/svg+xml", Picture: zdr.NewDocument([]byte("<svg onload=alert(3)>"))}
	got := write(t, v)
	for _, bad := range []string{"<script", "<img src=x", "image/svg", "http:", "https:"} {
		if strings.Contains(got, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(got, `content="default-src 'none'; img-src data:;`) {
		t.Error("the page may load something")
	}
}

func TestWriteWithoutFields(t *testing.T) {
	if got := write(t, page.View{}); !strings.Contains(got, "has no fields") || !strings.Contains(got, "No field of this result has a place") {
		t.Error("an empty result is not said to be one")
	}
}
