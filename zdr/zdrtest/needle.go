package zdrtest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"
)

// minNeedle is the shortest text that is not found by chance.
const minNeedle = 8

// needle is one form of one mark.
type needle struct {
	label string
	form  string
	text  string
	fold  bool // case does not matter
}

// formsOf gives every form of a mark that is looked for literally. Escapes are
// undone in the haystack instead: they can be written in too many ways.
func formsOf(label, mark string) []needle {
	n := []needle{
		{label, "raw", mark, true},
		{label, "hex", hex.EncodeToString([]byte(mark)), true},
		{label, "decimal bytes", decimal(mark, " "), false},
		{label, "decimal bytes", decimal(mark, ","), false},
		{label, "decimal bytes", decimal(mark, ", "), false},
		{label, "UTF-16LE", wide(mark, false), false},
		{label, "UTF-16BE", wide(mark, true), false},
	}
	for _, text := range []string{mark, strings.ToLower(mark), strings.ToUpper(mark)} {
		for i := range 3 {
			n = append(n, needle{label, "base64", aligned(base64.RawStdEncoding.EncodeToString, text, i, 6), false})
			n = append(n, needle{label, "base64", aligned(base64.RawURLEncoding.EncodeToString, text, i, 6), false})
		}
		for i := range 5 {
			n = append(n, needle{label, "base32", aligned(noPad.EncodeToString, text, i, 5), true})
		}
	}
	return n
}

var noPad = base32.StdEncoding.WithPadding(base32.NoPadding)

// aligned gives the characters of an encoding that depend on the text alone
// when lead unknown bytes stand before it in its group, and unknown ones follow.
func aligned(encode func([]byte) string, text string, lead, bits int) string {
	whole := encode([]byte(strings.Repeat("\x00", lead) + text))
	first := (lead*8 + bits - 1) / bits
	last := (lead + len(text)) * 8 / bits
	return whole[first:last]
}

func decimal(s, separator string) string {
	parts := make([]string, len(s))
	for i := range len(s) {
		parts[i] = strconv.Itoa(int(s[i]))
	}
	return strings.Join(parts, separator)
}

func wide(s string, bigEndian bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		low, high := byte(u), byte(u>>8)
		if bigEndian {
			low, high = high, low
		}
		b.WriteByte(low)
		b.WriteByte(high)
	}
	return b.String()
}

// digestsOf gives the digests of a text in the forms in which they are written
// down.
func digestsOf(label string, b []byte) []needle {
	m, s1, s2 := md5.Sum(b), sha1.Sum(b), sha256.Sum256(b)
	var n []needle
	for _, d := range []struct {
		name string
		sum  []byte
	}{{"md5", m[:]}, {"sha1", s1[:]}, {"sha256", s2[:]}} {
		n = append(n,
			needle{label, d.name + " hex", hex.EncodeToString(d.sum), true},
			needle{label, d.name + " base64", base64.RawStdEncoding.EncodeToString(d.sum), false},
			needle{label, d.name + " base64", base64.RawURLEncoding.EncodeToString(d.sum), false},
			needle{label, d.name + " bytes", string(d.sum), false},
		)
	}
	return n
}
