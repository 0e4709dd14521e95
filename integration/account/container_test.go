package account_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/doctor"
)

// imageVariable names the image that is tried, made as the release makes it.
const imageVariable = "ZDRWORKER_TEST_IMAGE"

// testContainer runs the batch of zdrworker manifests for real: the image, with
// the ConfigMap, the Secret, the arguments and the restrictions of the rendered
// Job, with the rights of the modules.
func (w *world) testContainer(t *testing.T) {
	image := os.Getenv(imageVariable)
	if image == "" {
		t.Skip("no image to run: " + imageVariable + " names none")
	}
	a := w.account(t)
	a.contain()
	b := a.batch(image)
	a.put("inbox/one.md", "Invoice number: 17\n")
	a.put("inbox/two.md", "Invoice number: 18\n")
	a.put("inbox/scan.pdf", scan(t))

	if said, exit := b.run("doctor", "--json", "--config", "/etc/zdrworker/zdrworker.yaml"); exit != 0 || b.unwell(said) {
		t.Errorf("doctor: exit %d\n%s", exit, said)
	}
	if said, exit := b.run(b.pod.args()...); exit != 0 || !strings.Contains(said, "3 sealed") {
		t.Errorf("the first run: exit %d\n%s", exit, said)
	}
	a.must(a.outcome())
	if said, exit := b.run(b.pod.args()...); exit != 0 || !strings.Contains(said, "3 unchanged") {
		t.Errorf("the second run: exit %d\n%s", exit, said)
	}
	a.must(a.outcome())
	if n := a.provider.Billed().Jobs; n != 4 {
		t.Errorf("%d jobs were made for three documents, one of them parsed first", n)
	}
	b.refuse(t)
}

// contain writes the configuration for a machine that has nothing but it: no
// profiles, and no variables but those with credentials. A person would be asked
// before a run of this size.
func (a *account) contain() {
	a.edit("timing: {", "budget: {confirm_over: 1}\ntiming: {")
	a.edit("s3: {", fmt.Sprintf("s3: {endpoint: %q, ", a.w.minio.Endpoint))
	a.edit("provider: {", fmt.Sprintf("provider: {base_url: %q, ", a.provider.URL))
	for _, who := range []string{"reader", "writer"} {
		a.edit("{credentials: profile, profile: "+who+"-"+a.id, "{credentials: env, prefix: "+strings.ToUpper(who))
	}
}

// batch is a rendered Job with what it mounts.
type batch struct {
	a        *account
	image    string
	folders  string
	pod      pod
	identity []string // NAME=VALUE, credentials
}

func (a *account) batch(image string) *batch {
	a.t.Helper()
	b := &batch{a: a, image: image, folders: a.t.TempDir()}
	for _, who := range []string{"worker", "reader", "writer"} {
		user := a.w.minio.NewUser(a.t, a.policies[who].text())
		prefix := strings.ToUpper(who)
		if who == "worker" {
			prefix = "AWS"
		}
		b.identity = append(b.identity, prefix+"_ACCESS_KEY_ID="+user.AccessKey, prefix+"_SECRET_ACCESS_KEY="+user.SecretKey)
	}
	b.render()
	b.folder("zdrworker-ade", map[string]string{"key": apiKey})
	return b
}

// render has the image write the objects, and lays them out as a cluster would.
func (b *batch) render() {
	t := b.a.t
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.a.dir, "zdrworker.yaml"))
	b.a.must(err)
	b.folder("asked", map[string]string{"zdrworker.yaml": string(text)})
	said, exit := b.docker([]string{"--network", "none", "--volume", filepath.Join(b.folders, "asked") + ":/asked:ro"},
		"manifests", "--config", "/asked/zdrworker.yaml", "--json", "--serve=false", "--image", b.image, "--batch", "s3://"+b.a.store+"/inbox/")
	if exit != 0 {
		t.Fatalf("manifests: exit %d\n%s", exit, said)
	}
	for line := range strings.Lines(said) {
		var o struct {
			Kind     string
			Metadata struct{ Name string }
			Data     map[string]string
			Spec     struct{ Template struct{ Spec pod } }
		}
		b.a.must(json.Unmarshal([]byte(line), &o))
		switch o.Kind {
		case "ConfigMap":
			b.folder(o.Metadata.Name, o.Data)
		case "Job":
			b.pod = o.Spec.Template.Spec
		}
	}
	if len(b.pod.Containers) != 1 || b.pod.Containers[0].Image != b.image {
		t.Fatalf("the Job has no container of the image: %+v", b.pod)
	}
}

// folder is a ConfigMap or a Secret, which any user of a container can read.
func (b *batch) folder(name string, files map[string]string) {
	b.a.t.Helper()
	dir := filepath.Join(b.folders, name)
	b.a.must(os.Mkdir(dir, 0o700))
	b.a.must(os.Chmod(dir, 0o755)) // whatever the umask
	for file, text := range files {
		file = filepath.Join(dir, file)
		b.a.must(errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chmod(file, 0o444)))
	}
}

// run is what a pod of the Job does, with these arguments.
func (b *batch) run(args ...string) (said string, exit int) {
	b.a.t.Helper()
	return b.docker(b.pod.flags(b.a.t, b.folders), args...)
}

// docker runs the image. Credentials reach it by docker's own environment: its
// arguments are in every listing of processes.
func (b *batch) docker(flags []string, args ...string) (said string, exit int) {
	b.a.t.Helper()
	ctx, cancel := background(b.a.t)
	defer cancel()
	name := "zdrworker-test-" + strings.ToLower(rand.Text())
	all := append([]string{"run", "--rm", "--name", name}, flags...)
	for _, v := range b.identity {
		variable, _, _ := strings.Cut(v, "=")
		all = append(all, "--env", variable)
	}
	cmd := exec.CommandContext(ctx, "docker", append(append(all, b.image), args...)...)
	cmd.Env = append(os.Environ(), b.identity...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended || ctx.Err() != nil {
		_ = exec.CommandContext(context.WithoutCancel(ctx), "docker", "rm", "--force", name).Run() // it may be gone
		b.a.t.Fatalf("docker run: %v\n%s", err, errs.String())
	}
	if errs.Len() > 0 {
		b.a.t.Logf("%s: %s", args[0], errs.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// unwell tells whether the doctor complained of anything, or said too little.
func (b *batch) unwell(said string) bool {
	var found []doctor.Finding
	for line := range strings.Lines(said) {
		var f doctor.Finding
		b.a.must(json.Unmarshal([]byte(line), &f))
		if f.Check != "" {
			found = append(found, f)
		}
	}
	return len(complaints(found)) > 0 || len(found) < 30
}

// refuse gives a key that the provider does not take: the doctor says so by its
// exit code.
func (b *batch) refuse(t *testing.T) {
	key := filepath.Join(b.folders, "zdrworker-ade", "key")
	b.a.must(os.Chmod(key, 0o600))
	b.a.must(os.WriteFile(key, []byte("wrong"), 0o600))
	b.a.must(os.Chmod(key, 0o444))
	if said, exit := b.run("doctor", "--config", "/etc/zdrworker/zdrworker.yaml"); exit != 5 {
		t.Errorf("doctor with a key that the provider refuses: exit %d\n%s", exit, said)
	}
}
