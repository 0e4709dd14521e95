package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// entry is a file of an archive.
type entry struct {
	name, from string
	mode       fs.FileMode
}

// pack writes an archive under its name, whole or not at all.
func (r *release) pack(name string, how func(io.Writer, []entry, time.Time) error, files []entry) error {
	to := filepath.Join(r.out, name)
	out, err := os.Create(to + ".part")
	if err != nil {
		return err
	}
	if err := errors.Join(how(out, files, r.at), out.Close()); err != nil {
		return errors.Join(err, os.Remove(to+".part"))
	}
	return os.Rename(to+".part", to)
}

// tarball is the same for the same files: order, owner and time are given.
func tarball(w io.Writer, files []entry, at time.Time) error {
	gz, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	out := tar.NewWriter(gz)
	for _, f := range files {
		text, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: f.name, Mode: int64(f.mode), Size: int64(len(text)), ModTime: at, Format: tar.FormatUSTAR}
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
	return errors.Join(out.Close(), gz.Close())
}

func zipped(w io.Writer, files []entry, at time.Time) error {
	out := zip.NewWriter(w)
	for _, f := range files {
		text, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		h.SetMode(f.mode)
		in, err := out.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := in.Write(text); err != nil {
			return err
		}
	}
	return out.Close()
}

// checksums writes SHA256SUMS of everything that is published, as sha256sum
// reads it.
func (r *release) checksums() error {
	var lines []string
	err := filepath.WalkDir(r.out, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(r.out, path)
		if err != nil || d.IsDir() || name == "SHA256SUMS" {
			return err
		}
		text, err := os.ReadFile(path)
		sum := sha256.Sum256(text)
		lines = append(lines, hex.EncodeToString(sum[:])+"  "+filepath.ToSlash(name)+"\n")
		return err
	})
	if err != nil {
		return err
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][66:] < lines[j][66:] })
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(strings.Join(lines, "")), 0o644)
}

// roots are Mozilla's certificates, without those that it trusts for some names
// or times only: a PEM file cannot say so.
func roots() []byte {
	var out strings.Builder
	n := 0
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		n++
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a strings.Builder takes all
	}
	return fmt.Appendf(nil, "# %d roots of Mozilla's program, by golang.org/x/crypto/x509roots\n%s", n, out.String())
}
