package miniotest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Version is the last state of MinIO's module that its proxy has.
const Version = "v0.0.0-20260212201848-7aac2a2c5b7c"

const module = "github.com/minio/minio"

// platform is what a program is built for.
type platform struct{ os, arch string }

func host() platform { return platform{runtime.GOOS, runtime.GOARCH} }

func (p platform) fileName() string {
	name := "minio-" + p.os + "-" + p.arch
	if p.os == "windows" {
		name += ".exe"
	}
	return name
}

// binary gives the path of the program in the user's cache folder, and builds
// it where it is not there yet. Of several processes one builds, the others
// wait. say gets a line for everything that takes time.
func binary(ctx context.Context, p platform, say func(string, ...any)) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for MinIO: %w", err)
	}
	dir := filepath.Join(cache, "zdrworker", "minio", Version)
	path := filepath.Join(dir, p.fileName())
	if isFile(path) {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(ctx, path+".lock", func() { say("another process builds MinIO; waiting for it") })
	if err != nil {
		return "", err
	}
	defer unlock()
	if isFile(path) {
		return path, nil
	}
	return path, build(ctx, p, path, say)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// build installs the module beside path and moves the program there when it is
// whole, so that nobody sees half of it.
func build(ctx context.Context, p platform, path string, say func(string, ...any)) error {
	say("building %s@%s for %s/%s with go install: its source comes from the Go module proxy, the build takes some two minutes and is kept under %s",
		module, Version, p.os, p.arch, filepath.Dir(path))
	began := time.Now()
	dir, err := os.MkdirTemp(filepath.Dir(path), "build-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := install(ctx, p, dir); err != nil {
		return err
	}
	built, err := findProgram(filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	if err := os.Rename(built, path); err != nil {
		return err
	}
	say("built MinIO in %s", time.Since(began).Round(time.Second))
	return nil
}

// install runs go install with a GOPATH of its own: with GOBIN it would refuse
// to build for another platform. Sources and build cache stay the user's.
func install(ctx context.Context, p platform, gopath string) error {
	cache, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("the go command does not answer: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "install", "-trimpath", "-ldflags", "-s -w", module+"@"+Version)
	cmd.Dir = gopath // outside of any module
	cmd.Env = append(os.Environ(), "GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0", "GOBIN=", "GOWORK=off",
		"GOPATH="+gopath, "GOMODCACHE="+strings.TrimSpace(string(cache)))
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("MinIO is not built in the time that the tests have; what is compiled so far is kept, so run them again, with -timeout 30m on a slow machine")
	}
	if err != nil {
		return fmt.Errorf("go install of MinIO failed (without network, run the tests with -short): %w\n%s", err, out)
	}
	return nil
}

// findProgram: go install puts what is built for another platform one folder
// deeper.
func findProgram(dir string) (found string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			found = path
		}
		return err
	})
	if err == nil && found == "" {
		err = fmt.Errorf("go install left no program")
	}
	return found, err
}
