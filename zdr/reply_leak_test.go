package zdr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

// Whatever a server says, and wherever it says it: not in an error, not in the
// record, not in a log.
func TestNothingOfAReplyLeaves(t *testing.T) {
	marks := zdrtest.New(t)
	m := marks.Mark("reply")
	const jsonHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, raw := range map[string]string{
		"reason phrase":    "HTTP/1.1 500 " + m + "\r\nContent-Length: 0\r\n\r\n",
		"status line":      m + "\r\n\r\n",
		"status code":      "HTTP/1.1 " + m + " OK\r\n\r\n",
		"header":           "HTTP/1.1 200 OK\r\n" + m + "\r\n\r\n",
		"content length":   "HTTP/1.1 200 OK\r\nContent-Length: " + m + "\r\n\r\n",
		"encoding":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + m + "\r\n\r\n",
		"location":         "HTTP/1.1 302 Found\r\nLocation: https://" + m + "/\r\nContent-Length: 0\r\n\r\n",
		"content type":     "HTTP/1.1 200 OK\r\nContent-Type: " + m + "\r\nContent-Length: 0\r\n\r\n",
		"retry after":      "HTTP/1.1 429 Slow\r\nRetry-After: " + m + "\r\nContent-Length: 0\r\n\r\n",
		"date":             "HTTP/1.1 429 Slow\r\nDate: " + m + "\r\nContent-Length: 0\r\n\r\n",
		"page":             "HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\n\r\n" + m,
		"broken JSON":      jsonHead + "\r\n{\"" + m + "\":" + m,
		"content":          jsonHead + "\r\n{\"data\":\"" + m + "\"}",
		"cut body":         jsonHead + "Content-Length: 999\r\n\r\n{\"job_id\":\"" + m,
		"bad chunk":        jsonHead + "Transfer-Encoding: chunked\r\n\r\n" + m,
		"words after":      jsonHead + "Content-Length: 2\r\n\r\n{}" + m + strings.Repeat("x", 100),
		"another job":      jsonHead + "\r\n{\"job_id\":\"" + m + "\",\"status\":\"completed\"}",
		"early hints":      "HTTP/1.1 103 " + m + "\r\nLink: " + m + "\r\n\r\n" + jsonHead + "\r\n{}",
		"switch protocols": "HTTP/1.1 101 " + m + "\r\nUpgrade: " + m + "\r\nConnection: upgrade\r\n\r\n" + m,
	} {
		t.Run(name, func(t *testing.T) {
			var out zdrtest.Buffer
			old := log.Writer()
			log.SetOutput(&out)
			defer log.SetOutput(old)
			base := rawServer(t, raw)
			b := newBench(t, nil, func(p *zdr.Policy) { p.Hosts = []string{base} })
			b.wire.URL = base
			reply, err := b.job("job-1")
			slog.New(slog.NewTextHandler(&out, nil)).Error("end", "err", err, "reply", reply)
			fmt.Fprintf(&out, "%v %+v %#v %q", err, err, err, err)
			for unwrapped := err; unwrapped != nil; unwrapped = errors.Unwrap(unwrapped) {
				fmt.Fprintf(&out, "%+v", unwrapped)
			}
			encoded, jsonErr := json.Marshal(map[string]any{"e": err, "entries": b.journal.entries, "reply": reply})
			if jsonErr != nil {
				t.Fatal(jsonErr)
			}
			_, _ = out.Write(encoded)
			marks.Assert(t, "error, record and log", out.Bytes())
		})
	}
}

// rawServer answers every connection with the same bytes and closes it.
func rawServer(t *testing.T, raw string) (base string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(newReader(c))
			_, _ = io.WriteString(c, raw)
			_ = c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}
