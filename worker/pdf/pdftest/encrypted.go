package pdftest

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"fmt"
	"strings"
)

// Encrypted makes a file that asks for a password: RC4 with 128 bits, as PDF
// 1.4 has it. With an empty one it opens by itself and may not be printed. Of a
// page its Lines are drawn, without letters outside of ASCII.
func Encrypted(password string, pages ...Page) []byte {
	c := newCipher(password)
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"}
	var kids strings.Builder
	for _, p := range pages {
		n := len(objects) + 1
		fmt.Fprintf(&kids, "%d 0 R ", n)
		content := c.apply(n+1, drawn(p.Lines))
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>", n+1),
			fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(pages))
	trailer := fmt.Sprintf("/ID [<%x> <%x>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P %d /O <%x> /U <%x> >>", fileID, fileID, permissions, c.owner, c.user)
	return bytes.Replace(Assemble(objects...), []byte("/Root 1 0 R"), []byte("/Root 1 0 R "+trailer), 1)
}

func drawn(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		text := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(line)
		fmt.Fprintf(&b, "BT /F1 12 Tf 1 0 0 1 56 %d Tm (%s) Tj ET\n", 772-18*i, text)
	}
	return b.String()
}

// permissions let a reader do nothing but show the file.
const permissions int32 = -3904

var (
	fileID  = []byte("0123456789abcdef")
	padding = []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")
)

// fileCipher is the standard security handler, revision 3 (ISO 32000-1, 7.6.3).
type fileCipher struct{ key, owner, user []byte }

func newCipher(password string) fileCipher {
	padded := append([]byte(password), padding...)[:32]
	c := fileCipher{owner: rounds(digest(51, append([]byte("the owner's"), padding...)[:32]), padded)}
	allowed := permissions
	p := binary.LittleEndian.AppendUint32(nil, uint32(allowed))
	c.key = digest(51, bytes.Join([][]byte{padded, c.owner, p, fileID}, nil))
	sum := md5.Sum(append(bytes.Clone(padding), fileID...))
	c.user = append(rounds(c.key, sum[:]), make([]byte, 16)...)
	return c
}

// digest is MD5, n times over.
func digest(n int, b []byte) []byte {
	for range n {
		sum := md5.Sum(b)
		b = sum[:]
	}
	return b
}

// rounds encrypts with the key and nineteen variants of it.
func rounds(key, b []byte) []byte {
	for i := range 20 {
		k := bytes.Clone(key)
		for j := range k {
			k[j] ^= byte(i)
		}
		b = crypt(k, b)
	}
	return b
}

func crypt(key, b []byte) []byte {
	out := make([]byte, len(b))
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err) // a digest is a key of a length that RC4 takes
	}
	c.XORKeyStream(out, b)
	return out
}

// apply encrypts what belongs to an object.
func (c fileCipher) apply(object int, content string) []byte {
	sum := md5.Sum(append(bytes.Clone(c.key), byte(object), byte(object>>8), byte(object>>16), 0, 0))
	return crypt(sum[:], []byte(content))
}
