package extract

import (
	"regexp"
	"strings"
	"time"
)

// dateForms are tried in order. With slashes the month comes first, as in the
// United States, unless it cannot.
var dateForms = []string{
	"2006-1-2", "2006/1/2", "2006.1.2", "20060102", time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05",
	"2.1.2006", "2.1.06", "1/2/2006", "2/1/2006", "1/2/06", "2/1/06", "1-2-2006", "2-1-2006",
	"2 January 2006", "2 Jan 2006", "2. January 2006", "2-Jan-2006", "2-January-2006", "2-Jan-06", "2/Jan/2006",
	"January 2, 2006", "January 2 2006", "Jan 2, 2006", "Jan 2 2006", "Jan. 2, 2006",
	"Monday, January 2, 2006", "Monday, 2 January 2006", "Mon, 2 Jan 2006", "Mon, Jan 2, 2006",
}

var ordinal = regexp.MustCompile(`(\d)(?:st|nd|rd|th)\b`)

// isoDate gives a date as ISO 8601, or the text where no form fits.
func isoDate(s string) string {
	plain := ordinal.ReplaceAllString(strings.TrimSpace(s), "$1")
	for at := len(plain); at > 0; at = strings.LastIndexByte(plain[:at], ' ') {
		for _, form := range dateForms {
			if t, err := time.Parse(form, strings.TrimRight(plain[:at], " ,;")); err == nil {
				return t.Format(time.DateOnly)
			}
		}
	}
	return s
}
