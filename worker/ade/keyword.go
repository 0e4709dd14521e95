package ade

// rule is what the provider does with a keyword whatever its value.
type rule struct {
	effect Effect
	advice string
}

const (
	useDescription = "say it in the description: the provider does not enforce it"
	tryFirst       = "take it out, or try it on one document first: no document says what becomes of it"
)

// rules are the keywords whose value does not matter. Those whose value does
// are read by judge. Taken from the vendor's notes on extraction schemas for
// extract-20260314; the vendor's list of errors ends in "and more", so that a
// keyword without an entry is unclear.
var rules = map[string]rule{
	"description": {EffectHonoured, ""},
	"properties":  {EffectHonoured, ""},
	"format":      {EffectHonoured, ""}, // free text, too

	"title":    {EffectDropped, ""},
	"nullable": {EffectDropped, ""},
	"required": {EffectDropped, ""}, // every field is tried, and null when it is not found

	"$ref":             {EffectResolved, ""},
	"$defs":            {EffectResolved, ""},
	"definitions":      {EffectResolved, ""},
	"$anchor":          {EffectResolved, ""},
	"$id":              {EffectResolved, ""},
	"$schema":          {EffectResolved, ""},
	"$dynamicRef":      {EffectResolved, ""},
	"$dynamicAnchor":   {EffectResolved, ""},
	"$recursiveRef":    {EffectResolved, ""},
	"$recursiveAnchor": {EffectResolved, ""},

	"allOf":            {EffectRefused, "merge its parts into one object"},
	"oneOf":            {EffectRefused, "give one type, or an object with a property for each choice"},
	"const":            {EffectRefused, "use an enum with one string"},
	"maxItems":         {EffectRefused, useDescription},
	"minItems":         {EffectRefused, useDescription},
	"maxLength":        {EffectRefused, useDescription},
	"minLength":        {EffectRefused, useDescription},
	"maximum":          {EffectRefused, useDescription},
	"minimum":          {EffectRefused, useDescription},
	"pattern":          {EffectRefused, "describe the form in format or description"},
	"propertyOrdering": {EffectRefused, "take it out: the order of properties has no meaning here"},
	"uniqueItems":      {EffectRefused, useDescription},

	"additionalProperties": {EffectUnclear, "take it out: only the newer API documents it"},
}

// judge says what becomes of one keyword with this value. at is the schema
// that has it.
func judge(keyword string, value any, at map[string]any) rule {
	switch keyword {
	case "type":
		return judgeType(value, at)
	case "items":
		return judgeItems(value)
	case "enum":
		return judgeStrings(value, EffectUnclear, "write all choices as strings: only those are documented")
	case "x-alternativeNames":
		return judgeStrings(value, EffectUnclear, "write it as a list of label strings")
	case "default":
		return judgeDefault(value)
	case "anyOf":
		return judgeAnyOf(value)
	}
	if r, ok := rules[keyword]; ok {
		return r
	}
	return rule{EffectUnclear, tryFirst}
}

func judgeType(value any, at map[string]any) rule {
	switch value {
	case "string", "number", "integer", "boolean":
		return rule{EffectHonoured, ""}
	case "array":
		if _, ok := at["items"]; !ok {
			return rule{EffectUnclear, "add items: nothing says what the list holds"}
		}
		return rule{EffectHonoured, ""}
	case "object":
		if p, _ := at["properties"].(map[string]any); len(p) == 0 {
			return rule{EffectUnclear, "add properties: nothing says what to look for"}
		}
		return rule{EffectHonoured, ""}
	}
	if _, ok := value.([]any); ok {
		return rule{EffectUnclear, "give one type: every field is null when it is not found"}
	}
	return rule{EffectRefused, "use string, number, integer, boolean, object or array"}
}

func judgeItems(value any) rule {
	if _, ok := value.(map[string]any); ok {
		return rule{EffectHonoured, ""}
	}
	return rule{EffectUnclear, "give one schema for all items"}
}

func judgeStrings(value any, otherwise Effect, advice string) rule {
	items, ok := value.([]any)
	for _, item := range items {
		if _, isString := item.(string); !isString {
			ok = false
		}
	}
	if !ok || len(items) == 0 {
		return rule{otherwise, advice}
	}
	return rule{EffectHonoured, ""}
}

func judgeDefault(value any) rule {
	if value == nil {
		return rule{EffectDropped, ""}
	}
	return rule{EffectWarned, "take it out: a default makes every job end with 206"}
}

// judgeAnyOf: the provider takes away null and uses what is left; without a
// null it reads the field as a string.
func judgeAnyOf(value any) rule {
	branches, _ := value.([]any)
	nulls := 0
	for _, b := range branches {
		if m, ok := b.(map[string]any); ok && m["type"] == "null" {
			nulls++
		}
	}
	switch {
	case len(branches) == 0:
		return rule{EffectRefused, "give a type: the list of choices is empty"}
	case nulls == 0:
		return rule{EffectResolved, "give one type: the provider reads this field as a string"}
	case len(branches)-nulls == 1:
		return rule{EffectResolved, ""}
	}
	return rule{EffectUnclear, "leave one type beside null: no document says which is used"}
}
