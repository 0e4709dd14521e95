package parsed

// maxDepth is how deeply values may nest: the bound of encoding/json.
const maxDepth = 10_000

// nest remembers of each open value whether it is an object, a bit each.
type nest struct {
	bits  [maxDepth/64 + 1]uint64
	depth int
}

func (n *nest) push(object bool) error {
	if n.depth++; n.depth > maxDepth {
		return &Invalid{"it nests too deeply"}
	}
	at, bit := n.depth/64, uint64(1)<<(n.depth%64)
	n.bits[at] &^= bit
	if object {
		n.bits[at] |= bit
	}
	return nil
}

func (n *nest) object() bool { return n.bits[n.depth/64]&(1<<(n.depth%64)) != 0 }

// skip goes past one value of any kind and depth. n says what is open around it.
func (s *source) skip(n *nest) error {
	floor := n.depth
	for {
		opened, err := s.begin(n)
		if err != nil {
			return err
		}
		for !opened {
			if n.depth == floor {
				return nil
			}
			more, err := s.after(n)
			if err != nil {
				return err
			}
			if more {
				break
			}
		}
	}
}

// begin takes a scalar whole, or opens an object or a list up to its first
// value. An empty one is whole.
func (s *source) begin(n *nest) (opened bool, err error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	if c != '{' && c != '[' {
		return false, s.scalar(c)
	}
	s.from++
	if err := n.push(c == '{'); err != nil {
		return false, err
	}
	end, err := s.peek()
	if err != nil {
		return false, err
	}
	if end == c+2 { // '}' follows '{' by two, ']' follows '['
		s.from++
		n.depth--
		return false, nil
	}
	return true, s.name(n)
}

// name goes past a member's name and its colon, in an object.
func (s *source) name(n *nest) error {
	if !n.object() {
		return nil
	}
	if err := s.want('"'); err != nil {
		return err
	}
	if err := s.skipText(); err != nil {
		return err
	}
	return s.want(':')
}

// after goes past what follows a value within another: a comma, and then more
// is to come, or the end of the other.
func (s *source) after(n *nest) (more bool, err error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	s.from++
	end := byte(']')
	if n.object() {
		end = '}'
	}
	switch c {
	case ',':
		return true, s.name(n)
	case end:
		n.depth--
		return false, nil
	}
	return false, &Invalid{"a comma or an end is missing"}
}

// want takes this byte, after any space.
func (s *source) want(c byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return &Invalid{"it is not JSON"}
	}
	s.from++
	return nil
}

// scalar goes past a value that begins with c and is neither object nor list.
func (s *source) scalar(c byte) error {
	switch {
	case c == '"':
		s.from++
		return s.skipText()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	return &Invalid{"it is not JSON"}
}

func (s *source) word(w string) error {
	if !s.fill(len(w)) {
		return s.ended()
	}
	if string(s.held()[:len(w)]) != w {
		return &Invalid{"it is not JSON"}
	}
	s.from += len(w)
	return nil
}

// number goes past a number as JSON has them.
func (s *source) number() error {
	if s.buf[s.from] == '-' {
		s.from++
	}
	if s.one("0") {
	} else if s.digits() == 0 {
		return &Invalid{"a number has no digits"}
	}
	if s.one(".") && s.digits() == 0 {
		return &Invalid{"a number has no digits after the point"}
	}
	if s.one("eE") {
		s.one("+-")
		if s.digits() == 0 {
			return &Invalid{"a number has no exponent"}
		}
	}
	return nil
}

// one takes a byte that is one of these.
func (s *source) one(of string) bool {
	if s.fill(1) {
		for i := range len(of) {
			if s.buf[s.from] == of[i] {
				s.from++
				return true
			}
		}
	}
	return false
}

func (s *source) digits() (n int) {
	for s.fill(1) && '0' <= s.buf[s.from] && s.buf[s.from] <= '9' {
		s.from++
		n++
	}
	return n
}
