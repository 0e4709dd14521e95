package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFile is the largest configuration that is read, in bytes.
const maxFile = 1 << 20

// reader turns one file into values and collects what is wrong with it.
type reader struct {
	file   string
	lookup func(string) (string, bool)
	config *Config
	errs   []*Error
}

// read fills r.config from the bytes of a file.
func (r *reader) read(data []byte) {
	if len(data) > maxFile {
		r.errs = append(r.errs, &Error{Where: r.file, Text: fmt.Sprintf("larger than %d bytes", maxFile)})
		return
	}
	root, err := parseYAML(data)
	if err != nil {
		r.syntax(err)
		return
	}
	if root == nil {
		return
	}
	r.mapping(root, "", fileKeys, r.config)
	if _, ok := r.config.origins["version"]; !ok && len(r.errs) == 0 {
		r.errs = append(r.errs, &Error{Where: r.file, Key: "version", Text: "is missing", Hint: "begin the file with version: 1"})
	}
}

// parseYAML gives the root of the one document, nil when there is none.
func parseYAML(data []byte) (ast.Node, error) {
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	var root ast.Node
	for _, doc := range f.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			return nil, errors.New("a second YAML document")
		}
		root = doc.Body
	}
	return root, nil
}

// syntax reports a parser's error without the piece of the file that it shows.
func (r *reader) syntax(err error) {
	e := &Error{Where: r.file, Text: "not YAML"}
	if s, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		e.Where = r.at(s.Token)
		e.Text = "not YAML: " + strings.ReplaceAll(firstLine(s.Message), `"`, "")
	} else if err.Error() == "a second YAML document" {
		e.Text = "only one YAML document is read"
	}
	r.errs = append(r.errs, e)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (r *reader) at(t *token.Token) string {
	if t == nil || t.Position == nil {
		return r.file
	}
	return fmt.Sprintf("%s:%d:%d", r.file, t.Position.Line, t.Position.Column)
}

func (r *reader) wrong(n ast.Node, key, text, hint string) {
	r.errs = append(r.errs, &Error{Where: r.at(n.GetToken()), Key: key, Text: text, Hint: hint})
}

// mapping reads one level. section is the path of the level, with its dot.
func (r *reader) mapping(n ast.Node, section string, keys []Key, target any) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.wrong(n, strings.TrimSuffix(section, "."), "key: value lines are wanted", "")
		return
	}
	for pairs := m.MapRange(); pairs.Next(); {
		name := pairs.Key().GetToken().Value
		path := section + name
		switch i := slices.IndexFunc(keys, func(k Key) bool { return k.Path == path }); {
		case i >= 0:
			r.value(keys[i], pairs.Key(), pairs.Value(), target)
		case path == "routes":
			r.routes(pairs.Value())
		case path == "sources":
			r.sources(pairs.Value())
		case slices.ContainsFunc(keys, func(k Key) bool { return strings.HasPrefix(k.Path, path+".") }):
			if pairs.Value().Type() != ast.NullType {
				r.mapping(pairs.Value(), path+".", keys, target)
			}
		default:
			r.unknown(pairs.Key(), section, name, keys)
		}
	}
}

// value reads the value of a key that is in the table.
func (r *reader) value(k Key, key, n ast.Node, target any) {
	values, bad := r.scalars(k, n)
	if bad != "" {
		if n.Type() == ast.NullType {
			n = key
		}
		r.wrong(n, display(k.Path), bad, "")
		return
	}
	if text := k.set(target, values...); text != "" {
		r.wrong(n, display(k.Path), text, "")
		return
	}
	if !k.entry() {
		pos := key.GetToken().Position
		r.config.origins[k.Path] = Origin{FromFile, r.file, pos.Line, pos.Column}
	}
}

// scalars gives the texts of a value, with variables put in.
func (r *reader) scalars(k Key, n ast.Node) (values []string, wrong string) {
	nodes := []ast.Node{n}
	if seq, ok := n.(*ast.SequenceNode); ok && k.List() {
		nodes = seq.Values
	}
	for _, node := range nodes {
		text, ok := scalar(node)
		if !ok && node.Type() == ast.NullType {
			return nil, "a value is wanted"
		}
		if !ok {
			// The parser takes "a:b" for a pair where it stands between { and }.
			return nil, "a plain value is wanted; between { and } one with a colon needs quotes"
		}
		if text, wrong = expand(text, r.lookup); wrong != "" {
			return nil, wrong
		}
		values = append(values, text)
	}
	return values, ""
}

// scalar gives a plain value as it was written. Anchors, aliases, tags and
// merge keys are none: what a file says should be where one looks for it.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// routes reads the list of routes.
func (r *reader) routes(n ast.Node) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if n.Type() != ast.NullType {
			r.wrong(n, "routes", "a list is wanted, each entry beginning with - name:", "")
		}
		return
	}
	for _, entry := range seq.Values {
		route := Route{}
		pos := entry.GetToken().Position
		if m, ok := entry.(ast.MapNode); ok {
			if pairs := m.MapRange(); pairs.Next() {
				pos = pairs.Key().GetToken().Position
			}
		}
		route.line, route.column = pos.Line, pos.Column
		before := len(r.errs)
		r.mapping(entry, "routes[].", routeKeys, &route)
		for _, k := range routeKeys {
			if k.Required && len(r.errs) == before && k.text(&route)[0] == "" {
				r.wrong(entry, display(k.Path), "is missing", "")
			}
		}
		r.config.Routes = append(r.config.Routes, route)
	}
}

// unknown reports a key that is not in the table.
func (r *reader) unknown(key ast.Node, section, name string, keys []Key) {
	path := section + name
	switch {
	case refused[path] != "":
		r.wrong(key, display(path), "is nothing that this program does", refused[path])
		return
	case slices.Contains(secrets, name):
		r.wrong(key, display(path), "secrets do not belong into the file",
			"use provider.api_key_file, the variable VISION_AGENT_API_KEY or signing.*.credentials")
		return
	}
	hint := "`zdrworker config schema` lists the keys"
	if near := Nearest(path, paths(keys)); near != "" {
		hint = "did you mean " + display(near) + "?"
	}
	r.wrong(key, display(path), "unknown key", hint)
}

// paths gives all names that may stand in a file, sections and later ones too.
func paths(keys []Key) []string {
	var all []string
	for _, k := range keys {
		for i, c := range k.Path {
			if c == '.' && !strings.HasSuffix(k.Path[:i], "[]") {
				all = append(all, k.Path[:i])
			}
		}
		all = append(all, k.Path)
	}
	if len(keys) > 0 && !keys[0].entry() {
		all = append(append(all, "routes", "sources"), slices.Sorted(maps.Keys(refused))...)
	}
	return all
}

// display names a key of a list's entry without the table's brackets.
func display(path string) string { return strings.Replace(path, "[].", ".", 1) }
