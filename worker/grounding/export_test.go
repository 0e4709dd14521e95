package grounding

import "io"

// Limit lets a test do with less than Most bytes.
func Limit(r io.Reader, most int64) io.Reader { return &limited{r: r, left: most + 1} }
