package samples

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// paper writes Markdown in the shape of a parsed document.
type paper struct {
	out    bytes.Buffer
	chunks int
}

// chunk writes one chunk after its anchor. The id has the form of a UUID and
// counts.
func (d *paper) chunk(body string) {
	d.chunks++
	fmt.Fprintf(&d.out, "<a id='5a3d1e00-0c0a-4f00-8000-%012x'></a>\n\n%s\n\n", d.chunks, body)
}

// table writes rows as HTML, the first as heads. Table and cells have ids of
// page and running number, the number in base 62.
func (d *paper) table(page int, rows [][]string) {
	var b strings.Builder
	cell := 1
	fmt.Fprintf(&b, "<table id=\"%d-%s\">\n", page, base62(cell))
	for i, row := range rows {
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		b.WriteString("<tr>")
		for _, text := range row {
			cell++
			fmt.Fprintf(&b, "<%s id=\"%d-%s\">%s</%s>", tag, page, base62(cell), html.EscapeString(text), tag)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>")
	d.chunk(b.String())
}

// footer ends a page; of is 0 where the paper does not say how many there are.
func (d *paper) footer(page, of int) {
	number := fmt.Sprintf("Page %d", page+1)
	if of > 0 {
		number += fmt.Sprintf(" of %d", of)
	}
	d.chunk(number)
	if page+1 != of {
		d.out.WriteString("<!-- PAGE BREAK -->\n\n")
	}
}

const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func base62(n int) string {
	if n < len(digits) {
		return digits[n : n+1]
	}
	return base62(n/len(digits)) + digits[n%len(digits):n%len(digits)+1]
}
