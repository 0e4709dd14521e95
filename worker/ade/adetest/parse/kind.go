package parse

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

type kind int

const (
	unknown kind = iota
	aPDF
	aPicture
	aText
)

// kindOf looks at the content first: a name can be anything.
func kindOf(in Input) kind {
	head := in.Data[:min(len(in.Data), 1024)]
	switch {
	case bytes.Contains(head, []byte("%PDF-")):
		return aPDF
	case slices.Contains([]string{"image/png", "image/jpeg"}, http.DetectContentType(in.Data)):
		return aPicture
	case strings.HasPrefix(mediaType(in), "text/") && utf8.Valid(in.Data) && !slices.Contains(in.Data, 0):
		return aText
	}
	return unknown
}

// mediaType is what the sender says, where it says anything, or what the
// content looks like.
func mediaType(in Input) string {
	said, _, err := mime.ParseMediaType(in.MediaType)
	if err == nil && said != "application/octet-stream" && said != "binary/octet-stream" {
		return said
	}
	seen, _, _ := mime.ParseMediaType(http.DetectContentType(in.Data))
	return seen
}
