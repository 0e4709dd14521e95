package main

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
)

// maxRefs is how many jobs the summary of a run names.
const maxRefs = 1000

// refsFile is where an output folder has all of them, one a line, where they are
// more. No result ends like this.
const refsFile = "zdrworker-jobs.txt"

// refs are the jobs of a run as machines are told of them at its end. What goes
// beyond the summary is written down as it comes and held nowhere.
type refs struct {
	folder string // "": no file is written
	first  []string
	file   *os.File
	out    *bufio.Writer
	err    error
}

// add takes in a job; a document that was refused has none.
func (r *refs) add(ref string) {
	switch {
	case ref == "" || r.err != nil:
	case len(r.first) < maxRefs:
		r.first = append(r.first, ref)
	case r.folder != "":
		r.err = r.append(ref)
	}
}

func (r *refs) append(ref string) error {
	if r.file == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	_, err := r.out.WriteString(ref + "\n")
	return err
}

// begin makes a file with all that came before.
func (r *refs) begin() (err error) {
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return err
	}
	if r.file, err = os.CreateTemp(r.folder, ".zdrworker-*"); err != nil { // mode 0600
		return err
	}
	r.out = bufio.NewWriter(r.file)
	for _, ref := range r.first {
		if _, err := r.out.WriteString(ref + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// close gives the file its name, and gives that; "" where there is none.
func (r *refs) close() (string, error) {
	if r.file == nil {
		return "", r.err
	}
	at := filepath.Join(r.folder, refsFile)
	err := errors.Join(r.err, r.out.Flush(), r.file.Close())
	if err == nil {
		err = os.Rename(r.file.Name(), at)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(r.file.Name()))
	}
	r.file = nil
	return at, nil
}
