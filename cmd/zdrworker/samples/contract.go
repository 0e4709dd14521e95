package samples

import (
	"bytes"
	"fmt"
	"strconv"
)

// linesPerPage is how many rows the table of a page of the contract has.
const linesPerPage = 18

// Contract makes a supply contract of so many pages, at least 3: terms, then
// a price schedule on each page, then signatures. It is made anew each time and
// is the same each time, some 3 kB a page.
func Contract(pages int) Sample {
	pages = max(3, pages)
	d := &paper{}
	d.terms(pages)
	total := 0
	for page := 1; page < pages-1; page++ {
		total += d.schedule(page)
	}
	d.signatures(pages, total)
	return Sample{
		Name:       "supply-contract.md",
		SchemaName: "supply-contract.json",
		Title:      fmt.Sprintf("a supply contract of %d pages", pages),
		Markdown:   d.out.Bytes(),
		Schema:     file("supply-contract.json"),
		Want:       contractWant(pages, total),
	}
}

func contractWant(pages, total int) map[string]any {
	last := (pages-2)*linesPerPage - 1
	first := lineOf(1, 1)
	end := lineOf(pages-2, linesPerPage)
	return map[string]any{
		"/contract_number":                           "SC-2026-0009",
		"/effective_date":                            "2026-07-01",
		"/supplier_name":                             "Grand Marzipan Wheelworks",
		"/buyer_name":                                "Mistlemouth Tram Company",
		"/notice_days":                               90.0,
		"/schedules":                                 float64(pages - 2),
		"/total_value":                               float64(total) / 100,
		"/deliveries/0/article":                      first.article,
		"/deliveries/0/line_value":                   float64(first.value()) / 100,
		fmt.Sprintf("/deliveries/%d/line", last):     end.number,
		fmt.Sprintf("/deliveries/%d/quantity", last): float64(end.quantity),
		"/signed_by_buyer":                           "Leopoldine Trackwright",
	}
}

func (d *paper) terms(pages int) {
	d.chunk("<::logo: Grand Marzipan Wheelworks\nA cogwheel with a bite taken out of it::>")
	d.chunk("# SUPPLY CONTRACT")
	d.chunk("**Contract number:** SC-2026-0009\n**Effective date:** 2026-07-01\n**End date:** 2031-06-30\n" +
		"**Supplier:** Grand Marzipan Wheelworks\n**Buyer:** Mistlemouth Tram Company\n" +
		"**Governing law:** The law of Quonia\n**Notice period in days:** 90\n" +
		fmt.Sprintf("**Number of schedules:** %d", pages-2))
	d.chunk("## 1. Delivery\n\nThe supplier delivers the articles of each price schedule to the depot that is named beside them, " +
		"carriage paid. What is delivered broken is replaced within ten working days.")
	d.chunk("## 2. Prices\n\nPrices are in euros, without tax, and fixed for the first year. " +
		"After that they follow the index of wheel prices of Quonia, once a year, upwards by no more than two in a hundred.")
	d.chunk("All firms, persons and places in this contract are invented.")
	d.footer(0, pages)
}

// schedule writes one page and gives the value of its lines, in cents.
func (d *paper) schedule(page int) int {
	d.chunk(fmt.Sprintf("## Price schedule %d", page))
	rows := [][]string{{"Line", "Article", "Depot", "Quantity", "Unit price", "Line value"}}
	total := 0
	for n := 1; n <= linesPerPage; n++ {
		l := lineOf(page, n)
		total += l.value()
		rows = append(rows, []string{l.number, l.article, l.depot, strconv.Itoa(l.quantity), money(l.price), money(l.value())})
	}
	d.table(page, rows)
	d.chunk(fmt.Sprintf("Sum of schedule %d: %s. %s", page, money(total), remarks[page%len(remarks)]))
	d.footer(page, 0)
	return total
}

func (d *paper) signatures(pages, total int) {
	d.chunk("## Signatures\n\n**Total contract value:** " + money(total) + "\n" +
		"**Signed for the supplier by:** Barnabas Sugarloaf\n**Signed for the buyer by:** Leopoldine Trackwright")
	d.chunk("<::attestation: Signatures\nTwo signatures and a round seal\nReadable Text: B. Sugarloaf, L. Trackwright::>")
	d.footer(pages-1, pages)
}

// line is one row of a price schedule; price is in cents.
type line struct {
	number, article, depot string
	quantity, price        int
}

func (l line) value() int { return l.quantity * l.price }

// lineOf chooses by remainders of primes: varied, and always the same.
func lineOf(page, n int) line {
	k := page*linesPerPage + n
	return line{
		number:   fmt.Sprintf("%d.%02d", page, n),
		article:  articles[k*7%len(articles)] + ", size " + strconv.Itoa(k*13%89+10),
		depot:    depots[k*5%len(depots)],
		quantity: k*31%241 + 1,
		price:    k*101%9973 + 125,
	}
}

var (
	articles = []string{
		"Bogie wheel", "Brake shoe", "Trolley pole", "Window strap", "Bell, brass", "Lamp glass", "Seat slat",
		"Sand hopper", "Fare box", "Destination blind", "Step plate", "Controller handle", "Buffer spring",
	}
	depots  = []string{"Harbour", "Lantern Hill", "Old Dome", "Cobbler's Rise", "Salt Pier", "Upper Glimmer", "North Loop"}
	remarks = []string{
		"Quantities are for each year.",
		"Lines of less than ten pieces are delivered with the next order.",
		"Sizes are in millimetres.",
	}
)

// money writes cents as 1,234.50.
func money(cents int) string {
	whole := strconv.Itoa(cents / 100)
	var b bytes.Buffer
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return fmt.Sprintf("%s.%02d", b.String(), cents%100)
}
