package s3store

import "io"

// source is a body on its way: it counts what is read of a stream, and
// remembers the error that the stream ended with.
type source struct {
	r    io.Reader
	at   *io.SectionReader // set when the body can be read anywhere, and so needs no buffer
	size int64
	err  error
}

// measure looks what kind of body it is. A file or a buffer is taken from
// where it stands to its end.
func measure(body io.Reader) (*source, error) {
	if body == nil {
		return &source{at: io.NewSectionReader(nil, 0, 0)}, nil
	}
	ra, ok := body.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return &source{r: body}, nil
	}
	from, err := ra.Seek(0, io.SeekCurrent)
	if err != nil {
		return &source{r: body}, nil // a pipe: a file that cannot seek
	}
	end, err := ra.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	return &source{at: io.NewSectionReader(ra, from, end-from), size: end - from}, nil
}

func (s *source) reader() io.Reader {
	if s.at != nil {
		return s.at
	}
	return s
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.size += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
