package main

import (
	"fmt"
	"strings"
	"testing"
)

// planned is a plan with one resource.
func planned(kind, after string) string {
	return fmt.Sprintf(`{"resource_changes":[{"address":"%[1]s.x","type":"%[1]s","change":{"after":%[2]s}}],
		"configuration":{"provider_config":{"aws":{"expressions":{"secret_key":{"constant_value":"none"}}}}}}`, kind, after)
}

func TestSecretsAreFound(t *testing.T) {
	tests := []struct {
		name, plan, want string
	}{
		{"nothing", planned("aws_s3_bucket", `{"bucket":"x7k2"}`), ""},
		{"the container alone", planned("aws_secretsmanager_secret", `{"name":"zdrworker/api-key"}`), ""},
		{"a version", planned("aws_secretsmanager_secret_version", `{}`), "into the state"},
		{"an access key", planned("aws_iam_access_key", `{}`), "into the state"},
		{"a Secret", planned("kubernetes_secret_v1", `{}`), "into the state"},
		{"a secret's attribute", planned("aws_anything", `{"auth":[{"password":"hunter2hunter2"}]}`), "auth[0].password: a secret's attribute"},
		{"an access key in a text", planned("aws_anything", `{"note":"id AKIAABCDEFGHIJKLMNOP"}`), "looks like a secret"},
		{"a presigned URL", planned("aws_anything", `{"note":"https://h/k?X-Amz-Signature=0"}`), "looks like a secret"},
		{"the key's variable", planned("aws_lambda_function", `{"environment":[{"variables":{"VISION_AGENT_API_KEY":"land"}}]}`), "the variable VISION_AGENT_API_KEY"},
		{"a function's configuration", planned("aws_lambda_function", `{"environment":[{"variables":{"ZDRWORKER_CONFIG":"version: 1"}}]}`), ""},
		{"a pod's literal", planned("kubernetes_job_v1", `{"spec":[{"env":[{"name":"KEY","value":"v"}]}]}`), "the variable KEY"},
		{"a pod's reference", planned("kubernetes_job_v1", `{"spec":[{"env":[{"name":"KEY","value":"","value_from":[{}]},{"name":"AWS_REGION","value":"r"}]}]}`), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePlan([]byte(tt.plan))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(p.Secrets(), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("the value itself is shown")
			}
		})
	}
}

func TestAnEmptyPlanIsAnError(t *testing.T) {
	if _, err := parsePlan([]byte(`{"resource_changes":[]}`)); err == nil {
		t.Error("a plan of nothing counts as checked")
	}
}
