// Package parse turns files into what Parse of LandingAI's ADE answers, in its
// shape: Markdown with anchors, chunks with the boxes in which they stand,
// splits, and where each cell of a table is.
//
// It is no model and does no OCR. Of a PDF it takes the text that the file
// itself carries, and where it is drawn; text that stands in aligned columns
// becomes a table. A page without text, and a picture, become one figure that
// says so. Markdown, plain text and HTML stay as they are and are cut at blank
// lines; they have no pages, so that their boxes are shares of their lines.
//
// Ids follow from the content: the same file gives the same bytes.
package parse
