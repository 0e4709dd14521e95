package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Plan is what `terraform show -json` says of a plan, as far as it matters here.
type Plan struct {
	Planned struct {
		Outputs map[string]struct{ Value any } `json:"outputs"`
	} `json:"planned_values"`
	Changes []Change `json:"resource_changes"`

	all any // the whole of it
}

// Change is one resource.
type Change struct {
	Address string
	Type    string
	Change  struct{ After map[string]any }
}

func readPlan(path string) (Plan, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Plan{}, err
	}
	return parsePlan(raw)
}

func parsePlan(raw []byte) (Plan, error) {
	var p Plan
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, err
	}
	if len(p.Changes) == 0 {
		return p, fmt.Errorf("the plan changes nothing: there is nothing to check")
	}
	return p, json.Unmarshal(raw, &p.all)
}

// keepers are resources that would put a secret into plan and state.
var keepers = []string{
	"aws_secretsmanager_secret_version", "aws_ssm_parameter", "aws_iam_access_key",
	"kubernetes_secret", "kubernetes_secret_v1", "random_password", "tls_private_key",
}

// shapes are what secrets look like: access keys of AWS, private keys, bearer
// tokens, and the variable of the provider's API key with something in it.
var shapes = []*regexp.Regexp{
	regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`),
	regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	regexp.MustCompile(`(?i)\bbearer [a-z0-9._~+/-]{16,}`),
	regexp.MustCompile(`VISION_AGENT_API_KEY`),
	regexp.MustCompile(`X-Amz-Signature=`),
}

// members are attributes whose value is a secret, wherever they stand.
var members = regexp.MustCompile(`^(secret_string|secret_binary|password|secret_key|api_key|token|private_key)$`)

// Secrets says where a plan holds something that it must not, without the value.
func (p Plan) Secrets() []string {
	var found []string
	for _, c := range p.Changes {
		if slices.Contains(keepers, c.Type) {
			found = append(found, c.Address+": a "+c.Type+" puts its value into the state")
		}
		for _, v := range variables(c) {
			found = append(found, c.Address+": the variable "+v+" has a literal value that is not known to be harmless")
		}
	}
	walk("", p.all, func(path string, value any) {
		text, ok := value.(string)
		if !ok || text == "" || fromProvider(path) {
			return
		}
		name := path[strings.LastIndexByte(path, '.')+1:]
		if members.MatchString(name) {
			found = append(found, path+": a secret's attribute has a value")
		}
		for _, s := range shapes {
			if s.MatchString(text) {
				found = append(found, path+": looks like a secret ("+s.String()+")")
			}
		}
	})
	return found
}

// fromProvider: the credentials that a plan without an account is given say
// "none" and stand in the provider's own configuration.
func fromProvider(path string) bool {
	return strings.HasPrefix(path, ".configuration.provider_config.aws.expressions.")
}

// harmless are variables that may stand in the open.
var harmless = []string{"ZDRWORKER_CONFIG", "AWS_REGION"}

// variables lists the environment's literal values that are not known to be
// harmless: of functions and of containers.
func variables(c Change) []string {
	var names []string
	walk("", c.Change.After, func(path string, value any) {
		text, ok := value.(string)
		if !ok || text == "" {
			return
		}
		at := strings.Index(path, ".environment[")
		if at >= 0 && strings.Contains(path[at:], ".variables.") {
			names = append(names, path[strings.LastIndexByte(path, '.')+1:])
		}
	})
	walk("", c.Change.After, func(path string, value any) {
		e, ok := value.(map[string]any)
		if ok && inEnv.MatchString(path) {
			if text, _ := e["value"].(string); text != "" {
				names = append(names, fmt.Sprint(e["name"]))
			}
		}
	})
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(harmless, n) })
}

var inEnv = regexp.MustCompile(`\.env\[\d+\]$`)

// walk visits every value with its path.
func walk(path string, v any, visit func(string, any)) {
	visit(path, v)
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			walk(path+"."+k, x, visit)
		}
	case []any:
		for i, x := range v {
			walk(fmt.Sprintf("%s[%d]", path, i), x, visit)
		}
	}
}

// writeOutput writes an output that is known before anything is made.
func (p Plan) writeOutput(name, path string) error {
	text, ok := p.Planned.Outputs[name].Value.(string)
	if !ok {
		return fmt.Errorf("output %s is not known at plan time", name)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
