package presigntest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// intruder is what a wrong use starts from: a URL, the object that it is for,
// and one more object of the same kind.
type intruder struct {
	*bench
	kind           string // "get" or "put"
	method         string
	key, other     string
	content, spare string // of key and other, as the owner wrote them
	url            string
}

var errChanged = errors.New("refused, and yet an object has changed or gone")

// intruderBody is for methods that write; never what is there.
const (
	intruderBody = "written by an intruder"
	intruderTags = `<Tagging><TagSet><Tag><Key>hostile</Key><Value>1</Value></Tag></TagSet></Tagging>`
)

func (b *bench) intruder(kind string, shift time.Duration) *intruder {
	in := &intruder{bench: b, kind: kind}
	if kind == "get" {
		in.method, in.key, in.other = http.MethodGet, b.stagingKey(), b.stagingKey()
	} else {
		in.method, in.key, in.other = http.MethodPut, b.outboxKey(), b.outboxKey()
	}
	in.content, in.spare = b.write(in.key), b.write(in.other)
	if kind == "get" {
		in.url = b.signGet(b.signer(shift), in.key)
	} else {
		in.url = b.signPut(b.signer(shift), in.key)
	}
	return in
}

// attempt sends one request that must be refused and leave both objects as
// they are.
func (in *intruder) attempt(method, rawURL, content string) error {
	var body io.Reader
	if method == http.MethodPut || method == http.MethodPost {
		body = strings.NewReader(content)
	}
	r := in.send(method, rawURL, body)
	if err := r.refused(in.content, in.spare); err != nil {
		return err
	}
	return in.untouched()
}

func (in *intruder) untouched() error {
	for key, want := range map[string]string{in.key: in.content, in.other: in.spare} {
		if got, _, ok := in.read(key); !ok || got != want {
			return errChanged
		}
	}
	return nil
}

// wrongUse is what somebody could try who has one URL of this kind.
func wrongUse(kind string) []trial {
	var all []trial
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete} {
		if method == map[string]string{"get": http.MethodGet, "put": http.MethodPut}[kind] {
			continue
		}
		all = append(all, trial{
			kind + "-as-" + strings.ToLower(method), "another method is refused: " + method,
			func(b *bench) error { in := b.intruder(kind, 0); return in.attempt(method, in.url, intruderBody) },
		})
	}
	changed := func(name, promise string, change func(*intruder, *url.URL)) {
		all = append(all, trial{kind + "-" + name, promise, func(b *bench) error {
			in := b.intruder(kind, 0)
			u, err := url.Parse(in.url)
			if err != nil {
				b.t.Fatal("a signed URL does not parse")
			}
			change(in, u)
			if u.String() == in.url {
				b.t.Fatal("the URL was not changed")
			}
			return in.attempt(in.method, u.String(), intruderBody)
		}})
	}
	changed("other-key", "another key is refused", func(in *intruder, u *url.URL) {
		u.Path = strings.TrimSuffix(u.Path, in.key) + in.other
	})
	changed("changed-expiry", "a longer life is refused", func(_ *intruder, u *url.URL) {
		edit(u, "X-Amz-Expires", func(s string) string { n, _ := strconv.Atoi(s); return strconv.Itoa(n + 3600) })
	})
	changed("changed-date", "another date is refused", func(_ *intruder, u *url.URL) {
		edit(u, "X-Amz-Date", func(string) string { return time.Now().UTC().Add(time.Minute).Format("20060102T150405Z") })
	})
	changed("changed-signature", "another signature is refused", func(_ *intruder, u *url.URL) {
		edit(u, "X-Amz-Signature", flipLast)
	})
	changed("changed-identity", "another access key is refused", func(_ *intruder, u *url.URL) {
		edit(u, "X-Amz-Credential", func(s string) string { return "NOBODY" + s })
	})
	changed("added-parameter", "a parameter that nobody signed is refused", func(_ *intruder, u *url.URL) {
		edit(u, "response-content-type", func(string) string { return "text/html" })
	})
	changed("no-signature", "a query without its signature is refused", func(_ *intruder, u *url.URL) {
		q := u.Query()
		q.Del("X-Amz-Signature")
		u.RawQuery = q.Encode()
	})
	changed("no-query", "the bare address is refused", func(_ *intruder, u *url.URL) { u.RawQuery = "" })
	return append(all,
		trial{kind + "-subresource", "the object's tags are refused", func(b *bench) error {
			in := b.intruder(kind, 0)
			if err := in.attempt(in.method, in.url+"&tagging=", intruderTags); err != nil {
				return err
			}
			return b.tagged(in.key)
		}},
		trial{kind + "-expired", "an expired URL is refused", func(b *bench) error {
			in := b.intruder(kind, -2*life)
			return in.attempt(in.method, in.url, intruderBody)
		}},
		trial{kind + "-early", "a URL that was signed in the future is refused", func(b *bench) error {
			in := b.intruder(kind, early)
			return in.attempt(in.method, in.url, intruderBody)
		}},
	)
}

func edit(u *url.URL, name string, change func(string) string) {
	q := u.Query()
	q.Set(name, change(q.Get(name)))
	u.RawQuery = q.Encode()
}

// flipLast changes the last hex digit.
func flipLast(s string) string {
	if s == "" {
		return s
	}
	last := "0"
	if strings.HasSuffix(s, last) {
		last = "1"
	}
	return s[:len(s)-1] + last
}
