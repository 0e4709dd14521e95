// Release builds what is published of a commit: archives of zdrworker for six
// platforms, the zip of the Lambda function, and the context of the image. Built
// again from the same commit with the same Go, all of it is the same, byte by
// byte.
//
//	go run -C .release . -out ../dist
//	docker build -t zdrworker dist/image/amd64
//	go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 bin -json -output dist/sbom.json dist/image/amd64/zdrworker
package main

import (
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// platforms are those that archives are made for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// release is one run.
type release struct {
	root, out string
	version   string
	revision  string    // of the commit, which every program bears
	at        time.Time // of the commit, which every file in an archive bears
}

func run(args []string) error {
	f := flag.NewFlagSet("release", flag.ContinueOnError)
	out := f.String("out", filepath.Join("..", "dist"), "`folder` to write to")
	only := f.String("only", "archives,lambda,image", "`parts` to make")
	on := f.String("platforms", strings.Join(platforms, ","), "`list` of platforms; lambda and image are for those of linux")
	if err := f.Parse(args); err != nil {
		return err
	}
	r, err := begin(*out)
	if err != nil {
		return err
	}
	for _, p := range strings.Split(*on, ",") {
		if !slices.Contains(platforms, p) {
			return fmt.Errorf("platform %s: one of %s is wanted", p, strings.Join(platforms, ", "))
		}
		for _, part := range strings.Split(*only, ",") {
			if err := r.part(part, p); err != nil {
				return fmt.Errorf("%s for %s: %w", part, p, err)
			}
		}
	}
	return r.checksums()
}

func (r *release) part(part, platform string) error {
	system, arch, _ := strings.Cut(platform, "/")
	switch {
	case part == "archives":
		return r.archive(system, arch)
	case part == "lambda" && system == "linux":
		return r.lambda(arch)
	case part == "image" && system == "linux":
		return r.image(arch)
	case part == "lambda", part == "image":
		return nil
	}
	return errors.New("a part is archives, lambda or image")
}

// begin asks git which commit this is.
func begin(out string) (*release, error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	r := &release{root: root}
	if r.out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	if r.version, err = r.git("describe", "--tags", "--always", "--dirty"); err != nil {
		return nil, err
	}
	if r.revision, err = r.git("rev-parse", "HEAD"); err != nil {
		return nil, err
	}
	seconds, err := r.git("log", "-1", "--format=%ct")
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	r.at = time.Unix(n, 0).UTC()
	return r, errors.Join(err, os.MkdirAll(r.out, 0o755))
}

func (r *release) git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stderr = r.root, os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// build makes one static program. The go command stamps version and commit into
// it, and takes the machine's paths out.
func (r *release) build(pkg, file, system, arch, tags string) error {
	if _, err := r.goCommand(system, arch, "build", "-trimpath", "-buildvcs=auto", "-tags", tags, "-ldflags", "-s -w -buildid=", "-o", file, pkg); err != nil {
		return err
	}
	return r.stamped(file)
}

// goCommand runs the go command at the root, for a platform.
func (r *release) goCommand(system, arch string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = r.root, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	out, err := cmd.Output()
	return string(out), err
}

// stamped holds a program to bear its commit: the go command leaves it out without
// a word where it does not see the repository.
func (r *release) stamped(program string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && s.Value == r.revision {
			return nil
		}
	}
	return errors.New("the program does not bear its commit: go build sees none in this folder, as in a git worktree; release from a clone")
}

// archive is for people: with the sandbox, so that zdrworker demo works.
func (r *release) archive(system, arch string) error {
	program, kind, pack := "zdrworker", ".tar.gz", tarball
	if system == "windows" {
		program, kind, pack = "zdrworker.exe", ".zip", zipped
	}
	files, done, err := r.program(program, "./cmd/zdrworker", system, arch, "")
	defer done()
	if err != nil {
		return err
	}
	for _, name := range []string{"README.md", "CHANGELOG.md"} {
		files = append(files, entry{name, filepath.Join(r.root, name), 0o644})
	}
	return r.pack(fmt.Sprintf("zdrworker_%s_%s_%s%s", r.version, system, arch, kind), pack, files)
}

// lambda is the function's package: one program that is called bootstrap.
func (r *release) lambda(arch string) error {
	files, done, err := r.program("bootstrap", "./cmd/zdrlambda", "linux", arch, "nosandbox,lambda.norpc")
	defer done()
	if err != nil {
		return err
	}
	return r.pack(fmt.Sprintf("zdrlambda_%s_linux_%s.zip", r.version, arch), zipped, files)
}

// program is one, with its licence and those of what it was made from.
func (r *release) program(name, pkg, system, arch, tags string) (files []entry, done func(), err error) {
	dir, err := os.MkdirTemp("", "zdrworker-release-")
	done = func() { _ = os.RemoveAll(dir) }
	if err != nil {
		return nil, done, err
	}
	file, notices := filepath.Join(dir, name), filepath.Join(dir, noticesName)
	if err := r.build(pkg, file, system, arch, tags); err != nil {
		return nil, done, err
	}
	text, err := r.notices(pkg, system, arch, tags)
	if err == nil {
		err = os.WriteFile(notices, text, 0o644)
	}
	return []entry{{name, file, 0o755}, {"LICENSE", filepath.Join(r.root, "LICENSE"), 0o644}, {noticesName, notices, 0o644}}, done, err
}

// image is the context that the Dockerfile is built from.
func (r *release) image(arch string) error {
	dir := filepath.Join(r.out, "image", arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files, done, err := r.program("zdrworker", "./cmd/zdrworker", "linux", arch, "nosandbox")
	defer done()
	if err != nil {
		return err
	}
	for _, f := range append(files, entry{"Dockerfile", "Dockerfile", 0o644}) {
		text, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), text, f.mode); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "ca-certificates.crt"), roots(), 0o644)
}
