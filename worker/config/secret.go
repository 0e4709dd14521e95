package config

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/zdrworker/zdrworker/zdr"
)

// secretARN is a secret of AWS Secrets Manager; the region is in its fourth
// part (AWS service authorization reference, "Resource types defined by AWS
// Secrets Manager").
var secretARN = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)

func checkSecret(s string) string {
	if !secretARN.MatchString(s) {
		return "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME is wanted"
	}
	return ""
}

// secretKey asks AWS for the API key. The SDK's error text can quote the ARN,
// so it stays here.
func (c *Config) secretKey(ctx context.Context) (zdr.APIKey, error) {
	cfg, err := c.load(ctx, c.variables()...)
	if err != nil {
		return zdr.APIKey{}, err
	}
	client := secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) {
		o.Region = secretARN.FindStringSubmatch(c.Provider.APIKeySecret)[1]
	})
	got, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &c.Provider.APIKeySecret})
	if err != nil || got.SecretString == nil {
		return zdr.APIKey{}, &NoKey{Secret: true}
	}
	if key := keyIn(*got.SecretString); key != "" {
		return zdr.NewAPIKey(key), nil
	}
	return zdr.APIKey{}, &NoKey{Secret: true}
}

// keyIn finds the key in a secret: the text itself, or the member of a JSON
// object, which is what AWS's console makes of key and value.
func keyIn(secret string) string {
	secret = strings.TrimSpace(secret)
	if !strings.HasPrefix(secret, "{") {
		return secret
	}
	var members map[string]string
	if json.Unmarshal([]byte(secret), &members) != nil {
		return ""
	}
	return strings.TrimSpace(either(members[APIKeyVariable], members["api_key"]))
}
