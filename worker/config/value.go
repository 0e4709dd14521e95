package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// set puts one value into target (*Config or *Route). It gives what is wrong,
// without the value, or "".
func (k Key) set(target any, values ...string) string {
	for _, v := range values {
		if text := k.refuse(v); text != "" {
			return text
		}
	}
	switch p := k.field(target).(type) {
	case *[]string:
		*p = slices.Clone(values)
		return ""
	case *string:
		*p = values[0]
	case *bool:
		b, err := strconv.ParseBool(values[0])
		if err != nil {
			return "true or false is wanted"
		}
		*p = b
	case *int:
		n, err := strconv.Atoi(values[0])
		if err != nil {
			return "a whole number is wanted"
		}
		*p = n
	case *float64:
		n, err := strconv.ParseFloat(values[0], 64)
		if err != nil {
			return "a number is wanted"
		}
		*p = n
	case *time.Duration:
		d, err := parseDuration(values[0])
		if err != nil || d < 0 {
			return "a time such as 90s, 30m, 6h or 90d is wanted"
		}
		*p = d
	}
	return ""
}

// refuse applies the key's own rules to one value.
func (k Key) refuse(v string) string {
	if k.Values != nil && !slices.Contains(k.Values, v) {
		return "one of " + strings.Join(k.Values, ", ") + " is wanted"
	}
	if k.check != nil && v != "" {
		return k.check(v)
	}
	return ""
}

// text gives the value as it would be written in a variable, lists by item.
func (k Key) text(target any) []string {
	switch p := k.field(target).(type) {
	case *[]string:
		return *p
	case *string:
		return []string{*p}
	case *bool:
		return []string{strconv.FormatBool(*p)}
	case *int:
		return []string{strconv.Itoa(*p)}
	case *float64:
		return []string{strconv.FormatFloat(*p, 'f', -1, 64)}
	case *time.Duration:
		return []string{duration(*p)}
	}
	return nil
}

// duration writes 6h0m0s as 6h.
func duration(d time.Duration) string {
	if days := d / day; days >= 7 && d%day == 0 {
		return strconv.Itoa(int(days)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

const day = 24 * time.Hour

// parseDuration reads what package time does, and whole days.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * day, err
	}
	return time.ParseDuration(s)
}

// split takes apart a list that is written as one value.
func (k Key) split(v string) []string {
	if !k.List() {
		return []string{v}
	}
	var items []string
	for item := range strings.SplitSeq(v, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

var reference = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(:([^}]*))?\}|\$\{`)

// expand puts variables into a value: ${VAR}, or ${VAR:default} where VAR may
// be missing or empty. "$${" stands for "${". It gives what is wrong, or "".
func expand(value string, lookup func(string) (string, bool)) (string, string) {
	wrong := ""
	out := reference.ReplaceAllStringFunc(value, func(ref string) string {
		if ref == "$${" {
			return "${"
		}
		m := reference.FindStringSubmatch(ref)
		v, ok := lookup(m[1])
		switch {
		case m[1] == "":
			wrong = "${ without a name and }; write $${ for the two characters"
		case ok && v != "":
			return v
		case m[2] != "":
			return m[3]
		default:
			wrong = "variable " + m[1] + " is not set and has no default"
		}
		return ""
	})
	return out, wrong
}
