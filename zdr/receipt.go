package zdr

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// maxUnread is how much text may stand in a reply outside the fields that a
// receipt has. New fields of the provider fit into it; a document does not.
const maxUnread = 16 << 10

// violationError is a kind of violation, found while reading.
type violationError string

func (v violationError) Error() string { return string(v) }

var errReply = errors.New("not a reply of this operation")

// receipt is an object that was read: known members only.
type receipt map[string]any

func (r receipt) text(name string) string {
	s, _ := r[name].(string)
	return s
}

// encode writes the body again. A receipt holds strings, numbers, booleans,
// arrays and receipts only, so it cannot fail.
func (r receipt) encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(r)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// readReceipt walks one JSON document. It ends with a violationError, or with
// another error where the document is none, holds a name twice or is no object.
// ours tells whether a URL is an outbox of ours, and its name.
func readReceipt(body []byte, form shape, ours func(string) (outboxName, bool)) (receipt, error) {
	w := &walker{d: json.NewDecoder(bytes.NewReader(body)), ours: ours}
	w.d.UseNumber()
	v, err := w.value(form, 0)
	if err != nil {
		return nil, err
	}
	if _, err := w.d.Token(); err != io.EOF {
		return nil, errReply
	}
	r, ok := v.(receipt)
	if !ok {
		return nil, errReply
	}
	return r, nil
}

// walker reads token by token: encoding/json's own mapping takes DATA for data,
// and the last of two doubled names.
type walker struct {
	d      *json.Decoder
	ours   func(string) (outboxName, bool)
	unread int // bytes of text in unknown places
}

// value reads one value. It gives nil where the value is null, unknown, or not
// of the form: that is skipped, and counted.
func (w *walker) value(form shape, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errReply
	}
	t, err := w.d.Token()
	if err != nil {
		return nil, errReply
	}
	if t == nil {
		return nil, nil
	}
	if form.kind == isContent {
		return nil, violationError(ViolationContent)
	}
	if form.kind == isOutputURL {
		return w.outbox(t)
	}
	switch t {
	case json.Delim('{'):
		return w.object(form, depth)
	case json.Delim('['):
		return w.array(form, depth)
	}
	return w.scalar(form, t)
}

// outboxName is the last part of an outbox's URL: "" where it is not of the
// kind that we give.
type outboxName string

// outbox reads a URL that must be an outbox of ours. The URL is not kept: it
// may carry a signature.
func (w *walker) outbox(t json.Token) (any, error) {
	s, _ := t.(string)
	name, ok := w.ours(s)
	if !ok {
		return nil, violationError(ViolationOutputURL)
	}
	return name, nil
}

func (w *walker) object(form shape, depth int) (any, error) {
	members, known := form.members, form.kind == isObject
	if !known {
		members = nil
	}
	r, seen := receipt{}, map[string]bool{}
	for w.d.More() {
		name, err := w.member(seen)
		if err != nil {
			return nil, err
		}
		v, err := w.memberValue(memberShape(members, name, form.kind), name, depth)
		if err != nil {
			return nil, err
		}
		r.put(name, v)
	}
	if err := w.close(); err != nil || !known {
		return nil, err
	}
	return r, nil
}

// memberValue counts the name too where nobody knows it.
func (w *walker) memberValue(form shape, name string, depth int) (any, error) {
	if form.kind == isUnknown && form.element == nil {
		if err := w.skip(len(name)); err != nil {
			return nil, err
		}
	}
	return w.value(form, depth+1)
}

// member reads a name. A name that comes twice could be read as either value.
func (w *walker) member(seen map[string]bool) (string, error) {
	t, err := w.d.Token()
	if err != nil {
		return "", errReply
	}
	name, ok := t.(string)
	switch {
	case !ok:
		return "", errReply
	case seen[name] && isContentName(name):
		return "", violationError(ViolationContent)
	case seen[name]:
		return "", errReply
	}
	seen[name] = true
	return name, nil
}

// put keeps a known member. Of the URL of an outbox only its name is kept.
func (r receipt) put(name string, v any) {
	switch v := v.(type) {
	case nil:
	case outboxName:
		r["output_url_ours"] = true
		if v != "" {
			r["output_name"] = string(v)
		}
	default:
		r[name] = v
	}
}

func (w *walker) array(form shape, depth int) (any, error) {
	inner := shape{kind: form.kind}
	if form.element != nil {
		inner = *form.element
	} else if form.kind != isIgnored {
		inner.kind = isUnknown
	}
	list := []any{}
	for w.d.More() {
		v, err := w.value(inner, depth+1)
		if err != nil {
			return nil, err
		}
		if v != nil {
			list = append(list, v)
		}
	}
	if err := w.close(); err != nil || form.element == nil {
		return nil, err
	}
	return list, nil
}

func (w *walker) close() error {
	if _, err := w.d.Token(); err != nil {
		return errReply
	}
	return nil
}

func (w *walker) scalar(form shape, t json.Token) (any, error) {
	if form.kind == isIgnored || form.accepts(t) {
		return form.kept(t), nil
	}
	switch t := t.(type) {
	case string:
		return nil, w.skip(len(t))
	case json.Number:
		return nil, w.skip(len(t))
	}
	return nil, w.skip(1)
}

func (w *walker) skip(n int) error {
	w.unread += n
	if w.unread > maxUnread {
		return violationError(ViolationUnread)
	}
	return nil
}

// contentNames are members that carry a document or a result, in this version
// of the API and the next.
var contentNames = map[string]bool{
	"data": true, "extraction": true, "extraction_metadata": true, "markdown": true,
	"chunks": true, "splits": true, "grounding": true, "result": true, "results": true,
}

// isContentName ignores case, because other readers do.
func isContentName(name string) bool { return contentNames[strings.ToLower(name)] }
