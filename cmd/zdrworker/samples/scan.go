package samples

// Scan is a delivery note as a PDF: a document that is parsed before anything
// can be extracted from it.
func Scan() Sample {
	return Sample{
		Name: "delivery-note.pdf", SchemaName: "delivery-note.json", Title: "a delivery note, as a PDF",
		PDF: file("delivery-note.pdf"), Schema: file("delivery-note.json"),
		Want: map[string]any{
			"/delivery_note_number": "DN-2026-0093",
			"/delivery_date":        "2026-04-02",
			"/carrier":              "Bramblewick Carriers",
			"/parcels":              7.0,
			"/weight_kg":            41.5,
		},
	}
}
