package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// noticesName is the file's name wherever a program goes.
const noticesName = "NOTICES.txt"

// linked is a package of a program that is not of this module.
type linked struct{ module, version, root, dir string }

// licenceFile is what modules call the texts that must go with their programs.
var licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|copyright|notice|patents)([.-].*)?$`)

// strict are titles of licences that would bind the whole program. Nothing under
// one of them is linked in.
var strict = []string{"GNU AFFERO GENERAL PUBLIC LICENSE", "GNU GENERAL PUBLIC LICENSE"}

// compiled is said of what is in a module as a program, without its source.
var compiled = map[string]string{
	"github.com/klippa-app/go-pdfium": "It contains PDFium, compiled to WebAssembly: Copyright The PDFium Authors, under the\n" +
		"BSD 3-Clause and Apache 2.0 licences, with libraries of others. Their texts are in\n" +
		"https://pdfium.googlesource.com/pdfium, in LICENSE and third_party.\n",
}

// notices are the licences of all that is linked into a program, which whoever
// passes the program on has to pass on too. Modules that share a text share its
// place.
func (r *release) notices(pkg, system, arch, tags string) ([]byte, error) {
	all, err := r.linked(pkg, system, arch, tags)
	if err != nil {
		return nil, err
	}
	texts := map[string][]string{} // who has it
	for _, l := range all {
		if err := l.collect(texts); err != nil {
			return nil, err
		}
	}
	return written(texts), nil
}

// linked asks the go command what it would link, and adds Go's own library.
func (r *release) linked(pkg, system, arch, tags string) ([]linked, error) {
	const form = "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}"
	out, err := r.goCommand(system, arch, "list", "-deps", "-tags", tags, "-f", form, pkg)
	if err != nil {
		return nil, err
	}
	goroot, err := r.goCommand(system, arch, "env", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, err
	}
	root, version, _ := strings.Cut(strings.TrimSpace(goroot), "\n")
	all := []linked{{"Go", version, root, root}}
	for line := range strings.Lines(out) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 4 {
			all = append(all, linked{f[0], f[1], f[2], f[3]})
		}
	}
	return all, nil
}

// collect reads the texts from the package's folder up to its module's.
func (l linked) collect(texts map[string][]string) error {
	for dir := l.dir; ; dir = filepath.Dir(dir) {
		found, err := l.read(dir, texts)
		if err != nil {
			return err
		}
		if dir != l.root && strings.HasPrefix(dir, l.root) {
			continue
		}
		if !found {
			return fmt.Errorf("%s %s carries no licence in its root: it cannot be passed on", l.module, l.version)
		}
		return nil
	}
}

func (l linked) read(dir string, texts map[string][]string) (found bool, err error) {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		if !f.Type().IsRegular() || !licenceFile.MatchString(f.Name()) || strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return false, err
		}
		if err := l.add(string(text), filepath.Join(dir, f.Name()), texts); err != nil {
			return false, err
		}
		found = true
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: its source is not here: %w", l.module, err)
	}
	return found, err
}

func (l linked) add(text, file string, texts map[string][]string) error {
	for _, title := range strict {
		if strings.Contains(text, title) {
			return fmt.Errorf("%s %s is under the %s: it is not linked in", l.module, l.version, title)
		}
	}
	name, err := filepath.Rel(l.root, file)
	who := l.module + " " + l.version + " (" + filepath.ToSlash(name) + ")"
	if !slices.Contains(texts[text], who) {
		texts[text] = append(texts[text], who)
	}
	return err
}

// written is the same for the same texts.
func written(texts map[string][]string) []byte {
	type part struct {
		who  []string
		text string
	}
	var parts []part
	for text, who := range texts {
		slices.Sort(who)
		parts = append(parts, part{who, text})
	}
	slices.SortFunc(parts, func(a, b part) int { return slices.Compare(a.who, b.who) })
	var out bytes.Buffer
	out.WriteString("What this program was made from, with the licences that it is under.\n")
	for _, p := range parts {
		fmt.Fprintf(&out, "\n%s\n%s\n\n", strings.Repeat("=", 80), strings.Join(p.who, "\n"))
		for _, module := range slices.Sorted(maps.Keys(compiled)) {
			if slices.ContainsFunc(p.who, func(who string) bool { return strings.HasPrefix(who, module+" ") }) {
				out.WriteString(compiled[module] + "\n")
			}
		}
		out.WriteString(strings.TrimRight(strings.ReplaceAll(p.text, "\r\n", "\n"), "\n") + "\n")
	}
	return out.Bytes()
}
