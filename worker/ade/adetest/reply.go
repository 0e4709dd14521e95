package adetest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// serverName says in every reply that this is not the provider.
const serverName = "adetest"

// reply is an answer before it is written: faults still change it.
type reply struct {
	status int
	header http.Header
	fields map[string]any // a JSON object; nil when raw is the body
	raw    []byte
}

func jsonReply(status int, fields map[string]any) reply {
	return reply{status: status, fields: fields, header: http.Header{"Content-Type": {"application/json"}}}
}

// refuse is an error in the shape of its route: creates say "error", gets and
// lists say "message".
func (c *call) refuse(status int, text string) reply {
	key := "error"
	if slices.Contains([]string{OpGet, OpList, OpParseGet, OpParseList}, c.about.Operation) {
		key = "message"
	}
	return jsonReply(status, map[string]any{key: text})
}

// faulty is the reply that a fault asks for.
func (c *call) faulty(f RequestFault) reply {
	if f.Body != nil {
		return reply{status: f.Status, raw: f.Body, header: http.Header{"Content-Type": {"application/json"}}}
	}
	return c.refuse(f.Status, faultText(f.Status))
}

// amend adds what a fault adds to a reply, and what all replies have.
func (r *reply) amend(f RequestFault, o Options) {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set("Server", serverName)
	r.header.Set("Date", o.Now().UTC().Format(http.TimeFormat))
	if f.RetryAfter > 0 {
		r.header.Set("Retry-After", retryAfter(f.RetryAfter))
	}
	maps.Copy(r.header, f.Header)
	if r.fields == nil {
		return
	}
	if o.Undocumented.OmitNull {
		maps.DeleteFunc(r.fields, func(_ string, v any) bool { return v == nil })
	}
	maps.Copy(r.fields, f.Extra)
}

func (r *reply) body() []byte {
	if r.fields == nil {
		return r.raw
	}
	return encode(r.fields)
}

// write sends the reply, or half of it and closes the connection.
func (r reply) write(w http.ResponseWriter, drop Drop) {
	body := r.body()
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.status)
	if drop == DropWithin {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // a client that has gone is no error here
}

// encode writes JSON as the provider's framework does: without escapes for
// HTML. What it is given is made of maps, lists and plain values here.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("adetest: a reply that is no JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func unix(t time.Time) int64 { return t.Unix() }

// orNull is how an empty string is said.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
