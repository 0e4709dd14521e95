package samples

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

var updatePDF = flag.Bool("update", false, "write delivery-note.pdf anew")

// What lies beside this file is what is drawn here.
func TestScan(t *testing.T) {
	drawn := pdftest.Make(t, pdftest.Page{
		Lines: []string{
			"Delivery note number: DN-2026-0093", "Delivery date: 2026-04-02", "Carrier: Bramblewick Carriers",
			"Parcels: 7", "Weight kg: 41.5", "All firms, persons and places in this note are invented.",
		},
		Table: [][]string{{"Parcel", "Content"}, {"1 to 4", "Twine, 200 m"}, {"5 to 7", "Star chart paper"}},
	})
	if *updatePDF {
		if err := os.WriteFile("delivery-note.pdf", drawn, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := Scan()
	if !bytes.Equal(s.Body(), drawn) {
		t.Error("delivery-note.pdf is not what is drawn; go test ./cmd/zdrworker/samples -run Scan -update writes it")
	}
	if _, _, err := ade.CheckSchema(s.Schema); err != nil {
		t.Errorf("schema: %v", err)
	}
}
