package adetest

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

const (
	errUnreachable = problem(textUnreachable)
	errTooLarge    = problem(textTooLarge)
)

// fetchInto reads an order's markdown_url, if it has one, for a request that
// waits for it.
func (p *Provider) fetchInto(c *call, o *order) *reply {
	if o.markdownURL == "" {
		return nil
	}
	markdown, kind, err := p.fetch("", o.markdownURL)
	if errors.Is(err, errTooLarge) {
		r := c.refuse(http.StatusRequestEntityTooLarge, textTooLarge)
		return &r
	}
	if err != nil {
		return p.business(http.StatusBadRequest, textUnreachable)
	}
	o.markdown = markdown
	return p.checkText(o, kind)
}

// fetch reads a document, again where the connection fails. It does not end
// with the request that asked: a client that hangs up has still submitted.
func (p *Provider) fetch(jobID, rawURL string) (markdown []byte, mimeType string, err error) {
	return p.fetchUpTo(jobID, rawURL, p.o.MaxMarkdown)
}

func (p *Provider) fetchUpTo(jobID, rawURL string, most int64) (document []byte, mimeType string, err error) {
	for try := range p.tries(p.o.Undocumented.FetchTries) {
		document, mimeType, err = p.fetchOnce(jobID, rawURL, most, try)
		if !errors.Is(err, errBroken) {
			return document, mimeType, err
		}
	}
	return nil, "", errUnreachable
}

// errBroken: the connection failed before the document was there.
var errBroken = errors.New("connection broke")

func (p *Provider) fetchOnce(jobID, rawURL string, most int64, try int) (document []byte, mimeType string, err error) {
	t := Transfer{At: p.o.Now(), JobID: jobID, Path: pathOf(rawURL), Try: try}
	defer func() { p.recordFetch(t) }()
	ctx, cancel := context.WithTimeout(p.ctx, p.o.Undocumented.TransferTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return nil, "", errUnreachable
	}
	req.Header.Set("User-Agent", serverName)
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, "", errBroken
	}
	defer resp.Body.Close()
	t.Status, t.Header = resp.StatusCode, resp.Header
	if resp.StatusCode != http.StatusOK {
		return nil, "", errUnreachable
	}
	document, err = readDocument(resp.Body, most)
	t.Bytes = len(document)
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return document, kind, err
}

func readDocument(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, errBroken
	}
	if int64(len(b)) > most {
		return nil, errTooLarge
	}
	return b, nil
}

func isWebURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// hasPrivateHost judges the host as it is written; names are judged when they
// are dialled.
func hasPrivateHost(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return true
	}
	host := strings.ToLower(u.Hostname())
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && isPrivate(ip)
}

func isPrivate(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

// refusePrivateAddress is a net.Dialer's Control.
func refusePrivateAddress(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return errUnreachable
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || isPrivate(ip) {
		return errUnreachable
	}
	return nil
}
