package adetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// outputLife is how long the URL of a large result is good, from the GET that
// gave it.
const outputLife = time.Hour

const denied = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>%s</Message></Error>`

// outputURL makes a signed URL for a large result, another at each GET. Its
// parameters look like S3's, because code that hides those should hide these.
func (p *Provider) outputURL(r *http.Request, id string) string {
	expires := p.o.Now().Add(outputLife)
	v := url.Values{
		"X-Amz-Date":      {strconv.FormatInt(expires.UnixNano(), 10)},
		"X-Amz-Signature": {p.sign(id, expires.UnixNano())},
	}
	base := either(p.o.PublicURL, "http://"+r.Host)
	return base + downloadPath + url.PathEscape(id) + ".json?" + v.Encode()
}

func (p *Provider) sign(id string, expires int64) string {
	mac := hmac.New(sha256.New, p.secret)
	fmt.Fprintf(mac, "%s %d", id, expires)
	return hex.EncodeToString(mac.Sum(nil))
}

// download serves a large result. It refuses an Authorization header, as S3
// does beside a signed query.
func (p *Provider) download(c *call) reply {
	v := c.http.URL.Query()
	expires, err := strconv.ParseInt(v.Get("X-Amz-Date"), 10, 64)
	signature := p.sign(c.about.JobID, expires)
	switch {
	case c.http.Header.Get("Authorization") != "":
		return storageReply(http.StatusBadRequest, fmt.Sprintf(denied, "Only one auth mechanism allowed"))
	case err != nil || !hmac.Equal([]byte(signature), []byte(v.Get("X-Amz-Signature"))):
		return storageReply(http.StatusForbidden, fmt.Sprintf(denied, "Access Denied"))
	case p.o.Now().UnixNano() >= expires:
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
