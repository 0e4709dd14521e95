package kubernetes_test

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed testdata/keda.yaml
var facts []byte

// published is what KEDA's own files say of its kinds.
var published = func() (k keda) {
	if err := yaml.UnmarshalStrict(facts, &k); err != nil {
		panic(err)
	}
	return k
}()

// keda describes objects by the paths of their values; [] stands for each of a
// list. A value is of a type, or one of several words.
type keda struct {
	Version string          `json:"version"`
	Kinds   map[string]kind `json:"kinds"`
}

type kind struct {
	Fields   map[string]string `json:"fields"`
	Required []string          `json:"required"`
}

func (k keda) check(text string) error {
	var o map[string]any
	if err := yaml.UnmarshalStrict([]byte(text), &o); err != nil {
		return err
	}
	name, _ := o["kind"].(string)
	known, ok := k.Kinds[name]
	if !ok || o["apiVersion"] != k.Version {
		return fmt.Errorf("no kind %v of %v is published", o["kind"], o["apiVersion"])
	}
	values := map[string]any{}
	flatten(values, "", o)
	return known.holds(values)
}

func (k kind) holds(values map[string]any) (err error) {
	for path, v := range values {
		if want, ok := k.field(path); !ok {
			err = errors.Join(err, fmt.Errorf("%s is not published", path))
		} else if !fits(v, want) {
			err = errors.Join(err, fmt.Errorf("%s is not %s", path, want))
		}
	}
	for _, path := range k.Required {
		if _, ok := values[path]; !ok {
			err = errors.Join(err, fmt.Errorf("%s is missing", path))
		}
	}
	return err
}

// field is the type of a path. A map of texts takes any key.
func (k kind) field(path string) (string, bool) {
	want, ok := k.Fields[path]
	for parent := path; !ok && strings.Contains(parent, "."); {
		parent = parent[:strings.LastIndex(parent, ".")]
		want, ok = k.Fields[parent+".*"]
	}
	return want, ok
}

func fits(v any, want string) bool {
	switch v := v.(type) {
	case string:
		return want == "string" || slices.Contains(strings.Split(want, "|"), v)
	case float64:
		return want == "int32" && v == float64(int32(v))
	case bool:
		return want == "bool"
	}
	return false
}

// flatten writes the values under their paths.
func flatten(to map[string]any, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			flatten(to, strings.TrimPrefix(path+"."+key, "."), one)
		}
	case []any:
		for _, one := range v {
			flatten(to, path+"[]", one)
		}
	default:
		to[path] = v
	}
}
