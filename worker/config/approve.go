package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// ErrNotEdited says that a file could not be edited with certainty: it is as
// it was.
var ErrNotEdited = fmt.Errorf("the file was left as it is: add the line by hand")

// ApproveIn adds a digest to policy.schemas in the text of a file, and keeps
// everything else, comments too. The new text is read back: it must say the
// same and the digest more, else ErrNotEdited. added is false when the digest
// was there before.
func ApproveIn(data []byte, digest, note string) (edited []byte, added bool, err error) {
	before, ok := schemasOf(data)
	if !ok {
		return nil, false, ErrNotEdited
	}
	if slices.Contains(before, digest) {
		return data, false, nil
	}
	edited, ok = insertDigest(data, digest, note)
	if !ok {
		return nil, false, ErrNotEdited
	}
	after, ok := schemasOf(edited)
	if !ok || !slices.Equal(after, append(slices.Clone(before), digest)) {
		return nil, false, ErrNotEdited
	}
	return edited, true, nil
}

// schemasOf reads policy.schemas out of a file's text, without variables.
func schemasOf(data []byte) ([]string, bool) {
	r := &reader{lookup: func(string) (string, bool) { return "unset", true }, config: &Config{origins: map[string]Origin{}}}
	r.read(data)
	for _, e := range r.errs {
		if e.Key == "policy.schemas" || strings.HasPrefix(e.Text, "not YAML") {
			return nil, false
		}
	}
	return r.config.Policy.Schemas, true
}

// insertDigest writes the new item after what is there.
func insertDigest(data []byte, digest, note string) ([]byte, bool) {
	root, err := parseYAML(data)
	if err != nil {
		return nil, false
	}
	item := digest
	policy := find(root, "policy")
	if policy == nil {
		text := "\npolicy:\n  schemas:\n    - " + item + comment(note) + "\n"
		return append(ending(data), text...), root != nil
	}
	schemas := find(policy.Value, "schemas")
	lines := strings.SplitAfter(string(ending(data)), "\n")
	if schemas == nil {
		m, ok := policy.Value.(*ast.MappingNode)
		if !ok || m.IsFlowStyle || len(m.Values) == 0 {
			return nil, false
		}
		pad := strings.Repeat(" ", m.Values[0].Key.GetToken().Position.Column-1)
		text := pad + "schemas:\n" + pad + "  - " + item + comment(note) + "\n"
		return insertLine(lines, policy.Key.GetToken().Position.Line, text), true
	}
	seq, ok := schemas.Value.(*ast.SequenceNode)
	if !ok {
		return nil, false
	}
	if seq.IsFlowStyle {
		if m, ok := policy.Value.(*ast.MappingNode); ok && m.IsFlowStyle {
			item = strconv.Quote(item) // the parser takes "a:b" for a pair there
		}
		return insertFlow(data, seq, item)
	}
	last := seq.Values[len(seq.Values)-1].GetToken().Position
	pad := strings.Repeat(" ", seq.Start.Position.Column-1)
	return insertLine(lines, last.Line, pad+"- "+item+comment(note)+"\n"), true
}

// find gives a key of a mapping, nil when it is not there.
func find(n ast.Node, name string) *ast.MappingValueNode {
	m, ok := n.(ast.MapNode)
	if !ok {
		return nil
	}
	for pairs := m.MapRange(); pairs.Next(); {
		if pairs.Key().GetToken().Value == name {
			return pairs.KeyValue()
		}
	}
	return nil
}

// insertFlow writes into [a, b], before its closing bracket.
func insertFlow(data []byte, seq *ast.SequenceNode, item string) ([]byte, bool) {
	line := 1
	for i := 0; i < len(data); i++ {
		if data[i] == ']' && line == seq.End.Position.Line && column(data, i) >= seq.End.Position.Column {
			if len(seq.Values) > 0 {
				item = ", " + item
			}
			return slices.Concat(data[:i], []byte(item), data[i:]), true
		}
		if data[i] == '\n' {
			line++
		}
	}
	return nil, false
}

// column counts from 1, in characters.
func column(data []byte, at int) int {
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	return len([]rune(string(data[start:at]))) + 1
}

func insertLine(lines []string, after int, text string) []byte {
	return []byte(strings.Join(slices.Insert(lines, after, text), ""))
}

// ending makes sure that the text ends with a line break.
func ending(data []byte) []byte {
	if len(data) > 0 && data[len(data)-1] != '\n' {
		return append(slices.Clone(data), '\n')
	}
	return slices.Clone(data)
}

func comment(note string) string {
	note = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, note)
	if note == "" {
		return ""
	}
	return " # " + note
}

// Replace writes a file anew, all of it or nothing, with its old permissions.
func Replace(path string, data []byte) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".zdrworker-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(f.Name(), info.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
