package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// uncommented is the example with every commented-out setting in force.
func uncommented() string {
	setting := regexp.MustCompile(`^(\s*)#(?: ([a-z_]+:( .*)?)|(  - (?:name|sqs|nats|webhook|scan|schedule): .*|    +[a-z_]+: .*))$`)
	var lines []string
	for line := range strings.SplitSeq(string(Example), "\n") {
		if m := setting.FindStringSubmatch(line); m != nil {
			line = m[1] + m[2] + m[4]
		}
		lines = append(lines, line)
	}
	return strings.NewReplacer("routes: []", "routes:", "sources: []", "sources:").Replace(strings.Join(lines, "\n"))
}

func TestExampleIsValid(t *testing.T) {
	for name, text := range map[string]string{"as written": string(Example), "all settings": uncommented()} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(t, text, nil, nil); err != nil {
				t.Error(err)
			}
			validateAgainstSchema(t, text)
		})
	}
}

func TestExampleNamesEveryKey(t *testing.T) {
	c, err := load(t, uncommented(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range fileKeys {
		if k.Path != "policy.schemas" && c.Origin(k.Path).Source != FromFile && !strings.HasPrefix(k.Path, "signing.writer.") {
			t.Errorf("the example does not show %s", k.Path)
		}
	}
	if len(c.Routes) != 1 || c.Routes[0].Name != "invoices" {
		t.Fatalf("routes %+v", c.Routes)
	}
}

func validateAgainstSchema(t *testing.T, text string) {
	t.Helper()
	raw, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var instance any
	if err := json.Unmarshal(asJSON, &instance); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Error(err)
	}
}

func TestEveryKeyHasItsOwnNames(t *testing.T) {
	seen := map[string]string{}
	for _, k := range Keys() {
		for _, name := range append([]string{k.Variable(), k.Flag()}, k.Path) {
			if other := seen[name]; other != "" && other != k.Path {
				t.Errorf("%s and %s are both called %s", other, k.Path, name)
			}
			seen[name] = k.Path
		}
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s has no sentence", k.Path)
		}
		arn := k.Path == "provider.api_key_secret" // says where the secret is
		if strings.Contains(k.Path, "secret") && !arn || strings.HasSuffix(k.Path, "api_key") {
			t.Errorf("%s would make a secret a flag", k.Path)
		}
	}
}

func TestWriteIsReadBack(t *testing.T) {
	for name, text := range map[string]string{
		"example":  uncommented(),
		"defaults": "version: 1\n",
		"odd values": `{version: 1, defaults: {model: "a: #b $${X} 'c' \"d\""},
			routes: [{name: "null", match: {prefix: "{t}/a, b/", suffix: [.md, ".b]"]}, schema: "-x y"}, {name: "1", schema: "true"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, text, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, origin := range []bool{false, true} {
				var out bytes.Buffer
				if err := c.Write(&out, origin); err != nil {
					t.Fatal(err)
				}
				again, err := load(t, out.String(), nil, nil)
				if err != nil {
					t.Fatalf("%v\n%s", err, out.String())
				}
				forget(c)
				forget(again)
				if !reflect.DeepEqual(c, again) {
					t.Errorf("read back %+v\nwant %+v\n%s", again, c, out.String())
				}
			}
		})
	}
}

// forget takes away what differs between two files that say the same.
func forget(c *Config) {
	c.File, c.origins, c.lookup = "", nil, nil
	for i := range c.Routes {
		c.Routes[i].line, c.Routes[i].column = 0, 0
	}
	for i := range c.Sources {
		c.Sources[i].line, c.Sources[i].column = 0, 0
	}
}

func TestReplaceKeepsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "z.yaml")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	info, _ := os.Stat(path)
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if string(data) != "new" || info.Mode().Perm() != 0o600 || len(left) != 1 {
		t.Errorf("%q %v %q", data, info.Mode(), left)
	}
}
