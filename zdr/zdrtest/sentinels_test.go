package zdrtest_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// encodings are ways in which a text gets out that are not the text.
func encodings() map[string]func(string) []byte {
	b64 := base64.StdEncoding.EncodeToString
	return map[string]func(string) []byte{
		"raw":          func(s string) []byte { return []byte(s) },
		"upper":        func(s string) []byte { return []byte(strings.ToUpper(s)) },
		"lower":        func(s string) []byte { return []byte(strings.ToLower(s)) },
		"quoted":       func(s string) []byte { return fmt.Appendf(nil, "%+q", s) },
		"json escapes": jsonEscaped,
		"json in json": func(s string) []byte { b, _ := json.Marshal(string(jsonEscaped(s))); return b },
		"url escapes":  func(s string) []byte { return urlEscaped(s) },
		"twice":        func(s string) []byte { return []byte(url.QueryEscape(string(urlEscaped(s)))) },
		"html":         htmlEscaped,
		"hex":          func(s string) []byte { return []byte(hex.EncodeToString([]byte(s))) },
		"HEX":          func(s string) []byte { return fmt.Appendf(nil, "%X", s) },
		"bytes by %v":  func(s string) []byte { return fmt.Append(nil, []byte(s)) },
		"bytes by %#v": func(s string) []byte { return []byte(strings.ReplaceAll(fmt.Sprint([]byte(s)), " ", ", ")) },
		"base64 +0":    func(s string) []byte { return []byte(b64([]byte(s + "tail"))) },
		"base64 +1":    func(s string) []byte { return []byte(b64([]byte("a" + s + "tail"))) },
		"base64 +2":    func(s string) []byte { return []byte(b64([]byte("ab" + s + "t"))) },
		"base64 url":   func(s string) []byte { return []byte(base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe" + s))) },
		"base64 upper": func(s string) []byte { return []byte(b64([]byte("Name: " + strings.ToUpper(s)))) },
		"base32":       func(s string) []byte { return []byte(base32.StdEncoding.EncodeToString([]byte("abc" + s + "de"))) },
		"utf-16":       utf16LE,
		"gzip":         gzipped,
		"gzip in gzip": func(s string) []byte { return gzipped("head" + string(gzipped(s))) },
		"cut gzip":     func(s string) []byte { b := gzipped(s + strings.Repeat("0", 100)); return b[:len(b)-9] },
		"zlib":         zlibbed,
		"base64 in gz": func(s string) []byte { return gzipped(b64([]byte("x" + s))) },
		"md5":          func(s string) []byte { d := md5.Sum([]byte(s)); return fmt.Appendf(nil, "%x", d) },
		"sha1":         func(s string) []byte { d := sha1.Sum([]byte(s)); return fmt.Appendf(nil, "%X", d) },
		"sha256":       func(s string) []byte { d := sha256.Sum256([]byte(s)); return []byte(b64(d[:])) },
		"sha256 url": func(s string) []byte {
			d := sha256.Sum256([]byte(s))
			return []byte(base64.URLEncoding.EncodeToString(d[:]))
		},
		"sha256 bytes": func(s string) []byte { d := sha256.Sum256([]byte(s)); return d[:] },
	}
}

func jsonEscaped(s string) []byte {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return []byte(b.String())
}

func urlEscaped(s string) []byte {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return []byte(b.String())
}

func htmlEscaped(s string) []byte {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "&#%d;", s[i])
	}
	return []byte(b.String())
}

func utf16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.Bytes()
}

func zlibbed(s string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.Bytes()
}

func TestScanFindsEveryEncoding(t *testing.T) {
	for name, encode := range encodings() {
		t.Run(name, func(t *testing.T) {
			marks := zdrtest.New(t)
			mark := marks.Mark("customer")
			// Something follows a pseudo stream too, as it would in a log.
			hidden := append([]byte("level=info x\x9c msg="), encode(mark)...)
			if len(marks.Scan("log", hidden)) == 0 {
				t.Error("not found")
			}
		})
	}
}

func TestScanFindsNothingElse(t *testing.T) {
	marks := zdrtest.New(t)
	other := zdrtest.New(t)
	marks.Mark("customer")
	marks.Content("document", []byte("a short form"))
	for name, encode := range encodings() {
		t.Run(name, func(t *testing.T) {
			marks.Assert(t, "log", encode(other.Mark("other")))
		})
	}
}

func TestScanFindsTheDigestOfAContent(t *testing.T) {
	marks := zdrtest.New(t)
	content := []byte("Patient 7, positive\n")
	marks.Content("form", content)
	tag := fmt.Sprintf("etag=%x", md5.Sum(content))
	if got := marks.Scan("record", []byte(tag)); len(got) != 1 || got[0].Form != "md5 hex" || got[0].Mark != "form" {
		t.Errorf("got %v, want one hit of the form's MD5", got)
	}
	if got := marks.Scan("record", []byte("etag=d41d8cd98f00b204e9800998ecf8427e")); len(got) != 0 {
		t.Errorf("got %v for another digest, want none", got)
	}
}

func TestHitsQuoteNothing(t *testing.T) {
	marks := zdrtest.New(t)
	mark := marks.Mark("customer")
	dir := t.TempDir()
	name := filepath.Join(dir, mark+".txt")
	if err := os.WriteFile(name, []byte("x"+mark), 0o600); err != nil {
		t.Fatal(err)
	}
	hits, err := marks.ScanDir(dir)
	if err != nil || len(hits) != 2 {
		t.Fatalf("got %d hits and %v, want the name and the content", len(hits), err)
	}
	marks.Assert(t, "the hits", fmt.Append(nil, hits))
}

func TestScanDirOfNothing(t *testing.T) {
	marks := zdrtest.New(t)
	marks.Mark("any")
	if _, err := marks.ScanDir(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a folder that is not there was scanned without an error")
	}
}

// recorder stands in for a test that must fail.
type recorder struct {
	testing.TB
	failed   bool
	cleanups []func()
}

func (r *recorder) Helper()               {}
func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Failed() bool          { return r.failed }
func (r *recorder) Skipped() bool         { return false }
func (r *recorder) Cleanup(f func())      { r.cleanups = append(r.cleanups, f) }

func TestAssertFails(t *testing.T) {
	marks := zdrtest.New(t)
	mark := marks.Mark("customer")
	for name, call := range map[string]func(*recorder){
		"found":        func(r *recorder) { marks.Assert(r, "log", []byte(mark)) },
		"nothing made": func(r *recorder) { zdrtest.New(r).Assert(r, "log", nil) },
		"not found":    func(r *recorder) { marks.AssertFound(r, "source", []byte("none")) },
		"no folder":    func(r *recorder) { marks.AssertDir(r, filepath.Join(t.TempDir(), "absent")) },
		"unused": func(r *recorder) {
			zdrtest.New(r)
			r.cleanups[0]()
		},
	} {
		r := &recorder{}
		if call(r); !r.failed {
			t.Errorf("%s: the test did not fail", name)
		}
	}
}
