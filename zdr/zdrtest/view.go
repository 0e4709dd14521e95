package zdrtest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"html"
	"io"
	"regexp"
	"strconv"
)

const (
	maxInflated = 64 << 20 // bytes read of one compressed stream
	maxNested   = 3        // streams within streams
)

// view is one way to read the scanned bytes.
type view struct {
	name  string // "" for the bytes themselves, else "in …: "
	bytes []byte
	lower []byte
}

func newView(name string, b []byte) view { return view{name, b, bytes.ToLower(b)} }

// find gives the offset of a needle, -1 where it is not.
func (v view) find(n needle) int {
	if n.fold {
		return bytes.Index(v.lower, bytes.ToLower([]byte(n.text)))
	}
	return bytes.Index(v.bytes, []byte(n.text))
}

// viewsOf gives the bytes as they are, with escapes undone, twice, since escapes
// nest, and unpacked.
func viewsOf(b []byte) []view { return appendViews(nil, "", b, 0) }

func appendViews(views []view, name string, b []byte, depth int) []view {
	views = append(views, newView(name, b))
	once := unescape(b)
	if !bytes.Equal(once, b) {
		views = append(views, newView(name+"escaped ", once))
		if twice := unescape(once); !bytes.Equal(twice, once) {
			views = append(views, newView(name+"twice escaped ", twice))
		}
	}
	if depth == maxNested {
		return views
	}
	for _, inner := range streamsIn(b) {
		views = appendViews(views, name+"compressed ", inner, depth+1)
	}
	return views
}

var escapes = regexp.MustCompile(`\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[0-7]{3}|\\[\\/"]|%[0-9a-fA-F]{2}|&#?[0-9a-zA-Z]{1,8};`)

// unescape undoes JSON, Go, URL and HTML escapes wherever they stand.
func unescape(b []byte) []byte {
	return escapes.ReplaceAllFunc(b, func(e []byte) []byte {
		switch {
		case e[0] == '&':
			return []byte(html.UnescapeString(string(e)))
		case e[0] == '%':
			return one(string(e[1:]), 16)
		case e[1] == 'u':
			n, _ := strconv.ParseUint(string(e[2:]), 16, 32)
			return []byte(string(rune(n)))
		case len(e) == 2:
			return e[1:]
		case e[1] == 'x':
			return one(string(e[2:]), 16)
		default:
			return one(string(e[1:]), 8)
		}
	})
}

func one(digits string, base int) []byte {
	n, _ := strconv.ParseUint(digits, base, 16)
	return []byte{byte(n)}
}

// streamsIn unpacks every gzip and zlib stream that begins anywhere in b, as far
// as it goes: a cut stream is read up to the cut.
func streamsIn(b []byte) [][]byte {
	var streams [][]byte
	for i := 0; i+2 < len(b); i++ {
		var r io.Reader
		var err error
		switch {
		case b[i] == 0x1f && b[i+1] == 0x8b && b[i+2] == 8:
			r, err = gzip.NewReader(bytes.NewReader(b[i:]))
		case b[i] == 0x78 && (uint(b[i])<<8|uint(b[i+1]))%31 == 0:
			r, err = zlib.NewReader(bytes.NewReader(b[i:]))
		default:
			continue
		}
		if err != nil {
			continue
		}
		// An error in the middle is the end of what can be read.
		inner, _ := io.ReadAll(io.LimitReader(r, maxInflated))
		if len(inner) >= minNeedle {
			streams = append(streams, inner)
		}
	}
	return streams
}
