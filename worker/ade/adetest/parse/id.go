package parse

import (
	"crypto/sha256"
	"fmt"
	"strconv"
)

// digest names a file by its content.
type digest [sha256.Size]byte

func digestOf(data []byte) digest { return sha256.Sum256(data) }

// chunkID is the id of the n-th chunk of a page, in the form of a UUID.
func (d digest) chunkID(page, n int) string {
	b := sha256.Sum256(fmt.Appendf(d[:], "/%d/%d", page, n))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// cellID names the n-th table or cell of a page, counted from 1.
func cellID(page, n int) string { return strconv.Itoa(page) + "-" + base62(n) }

const digits62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func base62(n int) string {
	s := ""
	for ; n > 0; n /= 62 {
		s = digits62[n%62:n%62+1] + s
	}
	return s
}

func anchor(id string) string { return "<a id='" + id + "'></a>\n\n" }
