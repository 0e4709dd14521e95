// Package extract fills a JSON schema from Markdown by rules. It is no model:
// it compares names, descriptions and x-alternativeNames of a schema's
// properties with the labels, table headers, headings and lists of the text,
// and takes what stands beside them. What a reader would infer, it does not
// find.
//
// It reads:
//
//   - "Label: value", "**Label** value", "Label = value", "Label ..... value", "Label No. 7",
//     several of them on a line when two spaces, a tab or a bar part them, and
//     a label alone whose value is on the next line
//   - check boxes: "[x] Label", "☑ Label"
//   - tables with bars and tables in HTML: rows of label and value, a header
//     over one row, a header over many rows (arrays of objects), total rows
//   - lists under a label or a heading (arrays)
//   - headings as context, so that "City" under "Billing address" is
//     billing_address.city and not shipping_address.city
//
// Values are brought into the type of the schema: numbers lose currency, unit
// and thousands, dates with format date become ISO 8601, words become booleans
// and members of an enum. A value that will not fit is kept as it stands and
// reported, see [Result.Violation]. What is not found is null, an empty array,
// or an object whose leaves are null.
//
// Each value names where it was read: the id of the table cell, or of the
// nearest anchor (<a id='…'></a>) before it, as in Parse's Markdown.
package extract
