package worker

import (
	"path"
	"slices"
	"strings"
)

// extMarkdown is the extension of what an extract job reads.
const extMarkdown = "md"

// extUnknown is the extension of a document whose own is not in the table.
const extUnknown = "bin"

// stagedTypes are the Content-Types that the provider's GET shows, by the
// extension of the staged object. Extensions of file names that are not here
// are never shown: they could be anything.
var stagedTypes = map[string]string{
	extMarkdown: stagedType,
	extUnknown:  "application/octet-stream",
	"pdf":       "application/pdf",
	"png":       "image/png",
	"jpg":       "image/jpeg",
	"jpeg":      "image/jpeg",
	"jfif":      "image/jpeg",
	"tif":       "image/tiff",
	"tiff":      "image/tiff",
	"gif":       "image/gif",
	"bmp":       "image/bmp",
	"webp":      "image/webp",
	"heic":      "image/heic",
	"doc":       "application/msword",
	"docx":      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"ppt":       "application/vnd.ms-powerpoint",
	"pptx":      "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"xls":       "application/vnd.ms-excel",
	"xlsx":      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"odt":       "application/vnd.oasis.opendocument.text",
	"odp":       "application/vnd.oasis.opendocument.presentation",
	"csv":       "text/csv; charset=utf-8",
	"txt":       "text/plain; charset=utf-8",
	"html":      "text/html; charset=utf-8",
	"htm":       "text/html; charset=utf-8",
}

// extOf is the extension under which a document is staged.
func extOf(key string) string {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(key), "."))
	if _, known := stagedTypes[ext]; !known || ext == "" {
		return extUnknown
	}
	return ext
}

// Suffixes are the endings of the documents that can be worked on: Markdown, and
// what the provider parses.
func Suffixes() []string {
	var out []string
	for ext := range stagedTypes {
		if ext != extUnknown {
			out = append(out, "."+ext)
		}
	}
	slices.Sort(out)
	return out
}
