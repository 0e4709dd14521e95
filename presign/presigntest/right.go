package presigntest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
)

// rightUse is what a provider does with the two URLs.
func rightUse() []trial {
	return []trial{
		{"get", "a GET URL gives the object's bytes and type", (*bench).tryGet},
		{"get-again", "a GET URL works until it expires, with any unsigned headers of a common client", (*bench).tryGetAgain},
		{"put", "a PUT URL takes a body of any type", (*bench).tryPut},
		{"put-again", "a PUT URL works until it expires, and the last body stands", (*bench).tryPutAgain},
		{"put-chunked", "a PUT in chunks, without a length, is refused or stored whole", (*bench).tryPutChunked},
	}
}

func (b *bench) tryGet() error {
	key := b.stagingKey()
	content := b.write(key)
	r := b.get(b.signGet(b.signer(0), key))
	if r.status != http.StatusOK || r.body != content {
		return fmt.Errorf("status %d, content as written: %t", r.status, r.body == content)
	}
	if got := r.header.Get("Content-Type"); got != contentType {
		return fmt.Errorf("the content type is %q", got)
	}
	for name := range r.header {
		if strings.HasPrefix(name, "X-Amz-Meta-") || name == "Content-Disposition" || name == "X-Amz-Tagging-Count" {
			return fmt.Errorf("the answer has header %s, which nobody set", name)
		}
	}
	return nil
}

func (b *bench) tryGetAgain() error {
	key := b.stagingKey()
	content := b.write(key)
	u := b.signGet(b.signer(0), key)
	for range 2 {
		r := b.get(u, "Accept", "*/*", "Accept-Encoding", "gzip, deflate", "User-Agent", "python-httpx/0.28.1", "Cache-Control", "no-cache")
		if r.status != http.StatusOK || r.body != content {
			return fmt.Errorf("status %d, content as written: %t", r.status, r.body == content)
		}
	}
	return nil
}

func (b *bench) tryPut() error {
	for _, mime := range []string{"application/json", "", "application/octet-stream", "text/plain; charset=utf-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		key := b.outboxKey()
		if err := b.putAndCompare(key, b.signPut(b.signer(0), key), mime); err != nil {
			return fmt.Errorf("content type %q: %w", mime, err)
		}
	}
	return nil
}

func (b *bench) tryPutAgain() error {
	key := b.outboxKey()
	u := b.signPut(b.signer(0), key)
	if err := b.putAndCompare(key, u, "application/json"); err != nil {
		return err
	}
	return b.putAndCompare(key, u, "application/json")
}

func (b *bench) putAndCompare(key, u, mime string) error {
	content := `{"extraction":"` + rand.Text() + `"}`
	var headers []string
	if mime != "" {
		headers = []string{"Content-Type", mime}
	}
	if r := b.put(u, content, headers...); r.status != http.StatusOK {
		return fmt.Errorf("status %d", r.status)
	}
	if got, _, ok := b.read(key); !ok || got != content {
		return fmt.Errorf("answered 200; there: %t, as sent: %t", ok, got == content)
	}
	return nil
}

// tryPutChunked notes what a store does: AWS answers 411.
func (b *bench) tryPutChunked() error {
	key := b.outboxKey()
	content := `{"extraction":"` + rand.Text() + `"}`
	r := b.send(http.MethodPut, b.signPut(b.signer(0), key), chunked(content), "Content-Type", "application/json")
	b.t.Logf("a PUT in chunks is answered with %d", r.status)
	got, _, ok := b.read(key)
	if r.status == http.StatusOK && ok && got == content {
		return nil
	}
	if err := r.refused(); err != nil {
		return err
	}
	if ok {
		return fmt.Errorf("refused with %d, and something was stored", r.status)
	}
	return nil
}
