package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	root := flag.String("root", "terraform", "folder with modules and examples")
	write := flag.Bool("write", false, "write tables and golden files anew")
	identity := flag.String("identity", "", "plan of modules/identity with its example values, as JSON")
	tests := flag.String("tests", "", "folder with what terraform test -json -verbose said, a file each module and example")
	flag.Parse()
	if err := errors.Join(run(*root, *write, *identity, flag.Args()), searchTests(*tests)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run checks, or writes, what each plan shows. A plan is EXAMPLE=FILE.
func run(root string, write bool, identity string, plans []string) error {
	errs := []error{Tables(root, write)}
	for name, path := range examplesOf(plans) {
		p, err := readPlan(path)
		if err != nil {
			return err
		}
		for _, found := range p.Secrets() {
			errs = append(errs, fmt.Errorf("examples/%s: %s", name, found))
		}
		if write {
			errs = append(errs, p.writeOutput("configuration", filepath.Join(root, "examples", name, "testdata", "zdrworker.yaml")))
		}
	}
	if write && identity != "" {
		errs = append(errs, writeIdentity(root, identity))
	}
	return errors.Join(errs...)
}

func examplesOf(plans []string) map[string]string {
	out := map[string]string{}
	for _, p := range plans {
		name, path, _ := strings.Cut(p, "=")
		out[name] = path
	}
	return out
}

// writeIdentity writes the policies and the configuration of the identity
// module, which its tests and whole-system tests read.
func writeIdentity(root, path string) error {
	p, err := readPlan(path)
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "modules", "identity", "testdata")
	return errors.Join(
		p.writeOutput("worker_policy", filepath.Join(dir, "worker.json")),
		p.writeOutput("reader_policy", filepath.Join(dir, "reader.json")),
		p.writeOutput("writer_policy", filepath.Join(dir, "writer.json")),
		p.writeOutput("configuration", filepath.Join(dir, "zdrworker.yaml")),
	)
}
