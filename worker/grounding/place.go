package grounding

import (
	"encoding/json"
	"errors"
	"io"
	"math"
)

var errParsed = errors.New("the parse result is not one JSON object with chunks")

// readPlaces reads the places of the wanted ids. The map "grounding" knows
// table cells too, and is optional; "chunks" is always there.
func readPlaces(r io.Reader, wanted map[string]bool) (map[string]Place, error) {
	places := map[string]Place{}
	d := json.NewDecoder(limit(r))
	err := members(d, func(name string) error {
		switch name {
		case "chunks":
			return chunks(d, wanted, places)
		case "grounding":
			return groundings(d, wanted, places)
		}
		return skip(d)
	})
	if errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, errParsed
	}
	return places, nil
}

// members calls each with the name of every member of the next object; each
// takes the value.
func members(d *json.Decoder, each func(name string) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errParsed, err)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		if err := each(name); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func skip(d *json.Decoder) error {
	var over json.RawMessage
	return d.Decode(&over)
}

// grounded is where something stands, on the wire.
type grounded struct {
	Box  Box    `json:"box"`
	Page int    `json:"page"`
	Type string `json:"type"`
}

func chunks(d *json.Decoder, wanted map[string]bool, places map[string]Place) error {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(errParsed, err)
	}
	for d.More() {
		var c struct {
			ID        string    `json:"id"`
			Type      string    `json:"type"`
			Grounding *grounded `json:"grounding"`
		}
		if err := d.Decode(&c); err != nil {
			return err
		}
		if _, better := places[c.ID]; c.Grounding != nil && wanted[c.ID] && !better {
			c.Grounding.Type = c.Type
			c.Grounding.note(c.ID, places)
		}
	}
	_, err := d.Token()
	return err
}

// groundings reads the map of ids, which may be null.
func groundings(d *json.Decoder, wanted map[string]bool, places map[string]Place) error {
	var all map[string]grounded
	if err := d.Decode(&all); err != nil {
		return err
	}
	for id, g := range all {
		if wanted[id] {
			g.note(id, places)
		}
	}
	return nil
}

// note keeps a place that is one: a page, and a box within it.
func (g grounded) note(id string, places map[string]Place) {
	b := g.Box
	for _, v := range []float64{b.Left, b.Top, b.Right, b.Bottom} {
		if math.IsNaN(v) || v < 0 || v > 1 {
			return
		}
	}
	if g.Page < 0 || b.Left > b.Right || b.Top > b.Bottom {
		return
	}
	places[id] = Place{Page: g.Page, Box: b, Type: g.Type}
}

// limit ends a stream that is too large with ErrTooLarge.
func limit(r io.Reader) io.Reader { return &limited{r: r, left: Most + 1} }

type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
