package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// searchTests searches what tests planned for secrets. Every file must hold a
// plan that makes something: what was not looked at is not without secrets.
func searchTests(folder string) error {
	if folder == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s holds nothing of any test", folder)
	}
	errs := []error{err}
	for _, file := range files {
		errs = append(errs, searchTest(file))
	}
	return errors.Join(errs...)
}

func searchTest(file string) error {
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	plans, err := plansOfTests(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var errs []error
	for run, p := range plans {
		for _, found := range p.Secrets() {
			errs = append(errs, fmt.Errorf("%s, run %s: %s", name, run, found))
		}
	}
	return errors.Join(errs...)
}

// maxLine bounds one line of terraform test, in bytes: a plan comes with the
// schemas of its providers.
const maxLine = 256 << 20

// plansOfTests are the plans that make something, by the run that made them.
func plansOfTests(file string) (map[string]Plan, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plans := map[string]Plan{}
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, maxLine); lines.Scan(); {
		if err := addPlan(plans, lines.Bytes()); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(plans) == 0 {
		return nil, errors.New("no test planned anything: there is nothing to search")
	}
	return plans, nil
}

func addPlan(to map[string]Plan, line []byte) error {
	var said struct {
		Type string
		File string                     `json:"@testfile"`
		Run  string                     `json:"@testrun"`
		Plan map[string]json.RawMessage `json:"test_plan"`
	}
	if err := json.Unmarshal(line, &said); err != nil {
		return err
	}
	if said.Type != "test_plan" || string(said.Plan["resource_changes"]) == "" {
		return nil
	}
	delete(said.Plan, "provider_schemas") // the providers' own words
	raw, err := json.Marshal(said.Plan)
	if err != nil {
		return err
	}
	p, err := parsePlan(raw)
	to[filepath.Base(said.File)+" "+said.Run] = p
	return err
}
