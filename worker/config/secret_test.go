package config

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

const (
	secretHere = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:zdrworker/ade-AbCdEf"
	secretFile = "version: 1\nprovider: {api_key_secret: '" + secretHere + "'}\n"
)

// vault is a Secrets Manager with one secret; "" is none.
type vault struct {
	holds  atomic.Value
	region atomic.Value // that the last request was signed for
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	v.region.Store(strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/secretsmanager/"))
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	text, _ := v.holds.Load().(string)
	if r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" || !strings.Contains(string(body), secretHere) || text == "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"ResourceNotFoundException","Message":"`+secretHere+`"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"ARN": secretHere, "SecretString": text})
}

// newVault starts one and points the SDK at it.
func newVault(t *testing.T) *vault {
	noAWS(t)
	v := &vault{}
	s := httptest.NewServer(v)
	t.Cleanup(s.Close)
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", s.URL)
	return v
}

var signedFor = map[string]string{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}

func TestKeyFromASecret(t *testing.T) {
	v := newVault(t)
	c := must(t, secretFile, signedFor)
	for _, tt := range []struct{ name, secret, want string }{
		{"text", " the-key\n", "the-key"},
		{"replaced meanwhile", "another-key", "another-key"},
		{"member", `{"VISION_AGENT_API_KEY":"of-the-member"}`, "of-the-member"},
		{"other member", `{"api_key":"of-another"}`, "of-another"},
		{"object without it", `{"user":"nobody"}`, ""},
		{"no object of texts", `{"api_key":{"a":1}}`, ""},
		{"empty", "  ", ""},
		{"none", "", ""},
	} {
		v.holds.Store(tt.secret)
		key, err := c.APIKey(t.Context())
		missing, _ := errors.AsType[*NoKey](err)
		if tt.want == "" && (missing == nil || !missing.Secret || strings.Contains(err.Error(), "arn:")) {
			t.Errorf("%s: %v, want a NoKey that quotes nothing", tt.name, err)
		}
		if tt.want != "" && (err != nil || key.Reveal() != tt.want) {
			t.Errorf("%s: %q, %v, want %q", tt.name, key.Reveal(), err, tt.want)
		}
	}
	if v.region.Load() != true {
		t.Error("the request was not signed for the secret's own region")
	}
}

func TestVariableAndFileGoBeforeSecret(t *testing.T) {
	newVault(t)
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{"ZDRWORKER_PROVIDER_API_KEY_FILE": file}
	for _, want := range []string{"from-file", "from-variable"} {
		c := must(t, secretFile, variables)
		if key, err := c.APIKey(t.Context()); err != nil || key.Reveal() != want || !c.HasAPIKey() {
			t.Errorf("%q, %v, want %s", key.Reveal(), err, want)
		}
		variables[APIKeyVariable] = "from-variable"
	}
	if !must(t, secretFile, nil).HasAPIKey() || must(t, "version: 1\n", nil).HasAPIKey() {
		t.Error("a secret that is named counts, nothing does not")
	}
}

func TestSecretIsAnARN(t *testing.T) {
	for value, text := range map[string]string{
		"the-key": "arn:aws:secretsmanager:",
		"arn:aws:ssm:us-east-2:111122223333:parameter/key": "arn:aws:secretsmanager:",
	} {
		_, err := load(t, "version: 1\nprovider: {api_key_secret: '"+value+"'}\n", nil, nil)
		all, ok := errors.AsType[Errors](err)
		if !ok || !strings.HasPrefix(all[0].Text, text) || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", value, err)
		}
	}
}
