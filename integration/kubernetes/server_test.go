package kubernetes_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// kubeconfigVariable names the file that leads to a real API server.
const kubeconfigVariable = "ZDRWORKER_TEST_KUBECONFIG"

// TestServer has a real API server admit every object, and a pod of every
// template under the restricted standard, without keeping any of them. Only the
// namespace is made, and deleted.
func TestServer(t *testing.T) {
	c := cluster{t: t, config: os.Getenv(kubeconfigVariable), namespace: "zdrworker-test-" + strings.ToLower(rand.Text()[:8])}
	if c.config == "" {
		t.Skip("no API server to ask: " + kubeconfigVariable + " names no kubeconfig")
	}
	c.begin()
	for _, d := range documents(t) {
		t.Run(d.file+"/"+d.kind, func(t *testing.T) {
			if strings.Contains(d.text, "apiVersion: keda.sh/") && !c.hasKEDA() {
				t.Skip("this cluster has no KEDA")
			}
			if said, err := c.dry(c.move(d)); err != nil {
				t.Errorf("refused: %s", said)
			}
			pod := podOf(t, d)
			if pod == "" {
				return
			}
			if said, err := c.dry(pod); err != nil {
				t.Errorf("its pod is refused: %s", said)
			}
			if said, err := c.dry(strings.Replace(pod, `"runAsNonRoot":true`, `"runAsNonRoot":false`, 2)); err == nil || !strings.Contains(said, "PodSecurity") {
				t.Errorf("a pod that may be root is admitted, so this server says nothing: %v %s", err, said)
			}
		})
	}
}

// cluster is an API server, and a namespace of ours there.
type cluster struct {
	t                 *testing.T
	config, namespace string
}

func (c cluster) begin() {
	c.t.Helper()
	head := fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q,"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`, c.namespace)
	if said, err := c.kubectl(head, "create", "-f", "-"); err != nil {
		c.t.Fatalf("no namespace: %s", said)
	}
	c.t.Cleanup(func() {
		if said, err := c.kubectl("", "delete", "namespace", c.namespace, "--wait=false"); err != nil {
			c.t.Errorf("namespace %s is left: %s", c.namespace, said)
		}
	})
}

func (c cluster) hasKEDA() bool {
	_, err := c.kubectl("", "get", "customresourcedefinition", "scaledobjects.keda.sh")
	return err == nil
}

// dry has the server do everything but keep the object.
func (c cluster) dry(text string) (string, error) {
	return c.kubectl(text, "create", "--namespace", c.namespace, "--dry-run=server", "--validate=strict", "-f", "-")
}

func (c cluster) kubectl(text string, args ...string) (string, error) {
	// Not the test's own context: cleaning up comes after its end.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kubectl", append([]string{"--kubeconfig", c.config}, args...)...)
	cmd.Stdin = strings.NewReader(text)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	return said.String(), err
}

// move puts an object into our namespace. A namespace gets another name.
func (c cluster) move(d document) string {
	c.t.Helper()
	o := object(c.t, d)
	meta := o["metadata"].(map[string]any)
	if d.kind == "Namespace" {
		meta["name"] = c.namespace + "-2"
	} else {
		meta["namespace"] = c.namespace
	}
	return encode(c.t, o)
}

// podOf is a pod as the object's controller would make it, "" where it makes none.
func podOf(t *testing.T, d document) string {
	t.Helper()
	spec, _ := object(t, d)["spec"].(map[string]any)
	if inner, ok := spec["jobTemplate"].(map[string]any); ok {
		spec, _ = inner["spec"].(map[string]any)
	}
	pod, ok := spec["template"].(map[string]any)
	if !ok {
		return ""
	}
	pod["apiVersion"], pod["kind"] = "v1", "Pod"
	pod["metadata"] = map[string]any{"name": "pod"}
	// Who makes it sees to the account; here it is not there.
	delete(pod["spec"].(map[string]any), "serviceAccountName")
	return encode(t, pod)
}

func object(t *testing.T, d document) (o map[string]any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(d.text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func encode(t *testing.T, o map[string]any) string {
	t.Helper()
	text, err := yaml.Marshal(o)
	if err == nil {
		text, err = yaml.YAMLToJSON(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
