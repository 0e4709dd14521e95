package adetest

import (
	"net/http"
	"net/url"
	"strconv"
)

// finding is one entry of FastAPI's 422.
type finding struct {
	Type  string         `json:"type"`
	Loc   []string       `json:"loc"`
	Msg   string         `json:"msg"`
	Input any            `json:"input"`
	Ctx   map[string]any `json:"ctx,omitempty"`
}

// invalid is FastAPI's 422.
func invalid(found ...finding) *reply {
	r := jsonReply(http.StatusUnprocessableEntity, map[string]any{"detail": found})
	return &r
}

func missing(loc ...string) finding {
	return finding{Type: "missing", Loc: loc, Msg: "Field required"}
}

// readBool reads a boolean as Pydantic does in a form.
func readBool(s string) (value, ok bool) {
	switch s {
	case "", "false", "False", "0", "off", "no", "n", "f":
		return false, true
	case "true", "True", "1", "on", "yes", "y", "t":
		return true, true
	}
	return false, false
}

func notBool(input string, loc ...string) finding {
	return finding{Type: "bool_parsing", Loc: loc, Input: input, Msg: "Input should be a valid boolean, unable to interpret input"}
}

// readInt reads a number of a query within bounds. A max below 0 is none.
func readInt(values url.Values, name string, otherwise, least, most int) (int, *finding) {
	input, loc := values.Get(name), []string{"query", name}
	if !values.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(input)
	switch {
	case err != nil:
		return 0, &finding{Type: "int_parsing", Loc: loc, Input: input, Msg: "Input should be a valid integer, unable to parse string as an integer"}
	case n < least:
		return 0, &finding{Type: "greater_than_equal", Loc: loc, Input: input, Ctx: map[string]any{"ge": least}, Msg: "Input should be greater than or equal to " + strconv.Itoa(least)}
	case most >= 0 && n > most:
		return 0, &finding{Type: "less_than_equal", Loc: loc, Input: input, Ctx: map[string]any{"le": most}, Msg: "Input should be less than or equal to " + strconv.Itoa(most)}
	}
	return n, nil
}
