package miniotest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"
)

// errNoEngine: there is no Docker engine whose containers can be reached over
// loopback.
var errNoEngine = errors.New("no Docker engine can be used")

const (
	label      = "zdrworker.miniotest"
	port       = "9000/tcp"
	dockerfile = "FROM scratch\nCOPY minio /minio\nENTRYPOINT [\"/minio\"]\n"
	// staleAfter is the age at which a container is one that its test left
	// behind: no test binary lives as long.
	staleAfter = 2 * time.Hour
)

// startContainer makes an image of the program and runs it. errNoEngine where
// that cannot be.
func startContainer(ctx context.Context, say func(string, ...any)) (*Server, error) {
	// The helper container that would clean up after us is an image that would
	// have to be pulled; removeStale does its work.
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		return nil, err
	}
	log.SetDefault(log.NewNoopLogger()) // it prints the machine's paths
	docker, err := engine(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = docker.Close() }()
	target, err := platformOf(ctx, docker)
	if err != nil {
		return nil, err
	}
	removeStale(ctx, docker)
	path, err := binary(ctx, target, say)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	s, err := runImage(ctx, path)
	if err != nil {
		return nil, err
	}
	say("MinIO runs in a container at %s, from an image FROM scratch, built and started in %s", s.Endpoint, time.Since(began).Round(100*time.Millisecond))
	return s, nil
}

// engine gives the engine that answers.
func engine(ctx context.Context) (*testcontainers.DockerProvider, error) {
	// Within a container the gateway's address would be taken, which is not
	// loopback. An engine in the same container publishes on loopback; with any
	// other the wait ends without an answer.
	if _, err := os.Stat("/.dockerenv"); err == nil && os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") == "" {
		if err := os.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"); err != nil {
			return nil, err
		}
	}
	p, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(log.NewNoopLogger()))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", errNoEngine, firstLine(err))
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := p.Health(ctx); err != nil {
		return nil, fmt.Errorf("%w: %s", errNoEngine, firstLine(err))
	}
	return p, nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// platformOf is what the engine runs: on a Mac or on Windows it is a virtual
// Linux.
func platformOf(ctx context.Context, p *testcontainers.DockerProvider) (platform, error) {
	info, err := p.Client().Info(ctx, client.InfoOptions{})
	if err != nil {
		return platform{}, fmt.Errorf("%w: %s", errNoEngine, firstLine(err))
	}
	arch := map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[info.Info.Architecture]
	if info.Info.OSType != "linux" || arch == "" {
		return platform{}, fmt.Errorf("%w: it runs %s/%s", errNoEngine, info.Info.OSType, info.Info.Architecture)
	}
	return platform{"linux", arch}, nil
}

// removeStale takes away what test binaries left that were killed. It is a
// courtesy: its failures are nobody's.
func removeStale(ctx context.Context, p *testcontainers.DockerProvider) {
	found, err := p.Client().ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: client.Filters{}.Add("label", label),
	})
	if err != nil {
		return
	}
	for _, c := range found.Items {
		if time.Since(time.Unix(c.Created, 0)) > staleAfter {
			_, _ = p.Client().ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		}
	}
}

func runImage(ctx context.Context, binary string) (*Server, error) {
	dir, err := buildContext(binary)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, env := settings()
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			FromDockerfile: testcontainers.FromDockerfile{Context: dir},
			Env:            env,
			Labels:         map[string]string{label: "1"},
			Cmd:            []string{"server", "/data", "--address", ":9000"},
			ExposedPorts:   []string{port},
			// A scratch image has no shell, so the wait is from outside.
			WaitingFor: wait.ForHTTP(healthPath).WithPort(port).WithStatusCodeMatcher(func(code int) bool { return code == http.StatusOK }).
				WithStartupTimeout(startTimeout),
		},
		Started: true,
		Logger:  log.NewNoopLogger(),
	})
	s.How = "container"
	s.stop = func() error { return testcontainers.TerminateContainer(c, testcontainers.StopTimeout(0)) }
	if err == nil {
		s.Endpoint, err = loopback(ctx, c)
	}
	if err == nil {
		err = s.awaitBuckets(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("MinIO's container did not start: %w", err), s.stop())
	}
	return s, nil
}

// loopback is the container's address. Development is for literal loopback
// addresses only, so an engine elsewhere is no use.
func loopback(ctx context.Context, c testcontainers.Container) (string, error) {
	raw, err := c.PortEndpoint(ctx, port, "http")
	if err != nil {
		return "", err
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "", err
	}
	if u.Hostname() == "localhost" {
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err != nil || !ip.IsLoopback() {
		return "", fmt.Errorf("%w: its containers are not on this machine's loopback", errNoEngine)
	}
	return u.String(), nil
}

// buildContext is a folder with the program and a Dockerfile.
func buildContext(binary string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "zdrworker-image-"); err != nil {
		return "", err
	}
	if err = os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644); err == nil {
		err = copyFile(filepath.Join(dir, "minio"), binary)
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	mode := os.FileMode(0o755)
	if runtime.GOOS == "windows" {
		mode = 0o777 // what the image gets then
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
