package adetest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// outputLife is how long the URL of a large result is good, from the GET that
// gave it.
const outputLife = time.Hour

const amzDate = "20060102T150405Z"

const denied = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>%s</Message></Error>`

// outputURL makes a signed URL for a large result, another at each GET. Its
// parameters are named as S3's, because code that hides those should hide
// these.
func (p *Provider) outputURL(r *http.Request, id string) string {
	v := url.Values{
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":    {serverName + "/" + rand.Text()},
		"X-Amz-Date":          {p.o.Now().UTC().Format(amzDate)},
		"X-Amz-Expires":       {strconv.Itoa(int(outputLife / time.Second))},
		"X-Amz-SignedHeaders": {"host"},
	}
	v.Set("X-Amz-Signature", p.sign(id, v))
	base := either(p.o.PublicURL, "http://"+r.Host)
	return base + downloadPath + url.PathEscape(id) + ".json?" + v.Encode()
}

// sign covers the job and every parameter but the signature itself.
func (p *Provider) sign(id string, v url.Values) string {
	v = maps.Clone(v)
	v.Del("X-Amz-Signature")
	mac := hmac.New(sha256.New, p.secret)
	fmt.Fprintf(mac, "%s\n%s", id, v.Encode())
	return hex.EncodeToString(mac.Sum(nil))
}

// download serves a large result. It refuses an Authorization header, as S3
// does beside a signed query.
func (p *Provider) download(c *call) reply {
	v := c.http.URL.Query()
	signed, err := time.Parse(amzDate, v.Get("X-Amz-Date"))
	signature := p.sign(c.about.JobID, v)
	switch {
	case c.http.Header.Get("Authorization") != "":
		return storageReply(http.StatusBadRequest, fmt.Sprintf(denied, "Only one auth mechanism allowed"))
	case err != nil || !hmac.Equal([]byte(signature), []byte(v.Get("X-Amz-Signature"))):
		return storageReply(http.StatusForbidden, fmt.Sprintf(denied, "Access Denied"))
	case !p.o.Now().Before(signed.Add(outputLife)):
		return storageReply(http.StatusForbidden, fmt.Sprintf(denied, "Request has expired"))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := storageReply(http.StatusOK, "")
	r.header.Set("Content-Type", "application/json")
	r.raw = p.jobs[c.about.JobID].result
	return r
}

func storageReply(status int, body string) reply {
	return reply{status: status, raw: []byte(body), header: http.Header{"Content-Type": {"application/xml"}}}
}
