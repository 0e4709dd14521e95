package main

import (
	"bytes"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheSameFilesMakeTheSameArchive, whenever and by whomever they were
// written.
func TestTheSameFilesMakeTheSameArchive(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, how := range map[string]func(io.Writer, []entry, time.Time) error{"tar": tarball, "zip": zipped} {
		var made [2]bytes.Buffer
		for i := range made {
			file := filepath.Join(t.TempDir(), "program")
			if err := os.WriteFile(file, []byte("a program"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(file, at, at.Add(time.Duration(i)*time.Hour)); err != nil {
				t.Fatal(err)
			}
			if err := how(&made[i], []entry{{"program", file, 0o755}}, at); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(made[0].Bytes(), made[1].Bytes()) {
			t.Errorf("%s: two archives of the same file differ", name)
		}
		var later bytes.Buffer
		file := filepath.Join(t.TempDir(), "program")
		_ = os.WriteFile(file, []byte("another program"), 0o600)
		if err := how(&later, []entry{{"program", file, 0o755}}, at); err != nil || bytes.Equal(later.Bytes(), made[0].Bytes()) {
			t.Errorf("%s: another file makes the same archive: %v", name, err)
		}
	}
}

// TestAProgramBearsItsCommit, or is not released: this test's own bears none.
func TestAProgramBearsItsCommit(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := (&release{revision: "2c65a15c0f94"}).stamped(program); err == nil || !strings.Contains(err.Error(), "release from a clone") {
		t.Errorf("a program without a commit: %v", err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&release{}).stamped(text); err == nil {
		t.Error("what is no program is released")
	}
}

func TestRoots(t *testing.T) {
	pem := roots()
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		t.Error("no certificate can be read")
	}
	if n := strings.Count(string(pem), "BEGIN CERTIFICATE"); n < 100 {
		t.Errorf("only %d certificates", n)
	}
}

func TestWhatIsAskedForWrongly(t *testing.T) {
	for _, args := range [][]string{{"-platforms", "plan9/386"}, {"-only", "everything", "-platforms", "linux/amd64"}} {
		if err := run(append(args, "-out", t.TempDir())); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
