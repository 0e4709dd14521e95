package account_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// pod is what a Job says of its pods, as far as a Docker engine can be told the
// same.
type pod struct {
	SecurityContext struct{ RunAsUser, RunAsGroup int }
	Volumes         []volume
	Containers      []container
}

type volume struct {
	Name      string
	ConfigMap *struct{ Name string }
	Secret    *struct{ SecretName string }
	EmptyDir  *struct{ Medium, SizeLimit string }
}

type container struct {
	Image           string
	Args            []string
	Env             []struct{ Name, Value string }
	VolumeMounts    []mount
	Resources       struct{ Limits struct{ Memory string } }
	SecurityContext struct {
		ReadOnlyRootFilesystem, AllowPrivilegeEscalation, Privileged *bool
		Capabilities                                                 struct{ Drop []string }
	}
}

type mount struct {
	Name, MountPath string
	ReadOnly        bool
}

// flags say to docker run what the pod says to Kubernetes, but for the network:
// the buckets are on this machine's loopback. ConfigMaps and Secrets are folders
// of their names.
func (p pod) flags(t *testing.T, folders string) []string {
	t.Helper()
	c := p.Containers[0]
	s := c.SecurityContext
	if s.ReadOnlyRootFilesystem == nil || s.AllowPrivilegeEscalation == nil || s.Privileged == nil {
		t.Fatalf("the pod leaves open what it may: %+v", s)
	}
	all := []string{"--network", "host", "--memory", megabytes(c.Resources.Limits.Memory), "--env", "JOB_COMPLETION_INDEX=0"}
	all = append(all, "--user", strconv.Itoa(p.SecurityContext.RunAsUser)+":"+strconv.Itoa(p.SecurityContext.RunAsGroup))
	for flag, wanted := range map[string]bool{
		"--read-only": *s.ReadOnlyRootFilesystem, "--security-opt=no-new-privileges": !*s.AllowPrivilegeEscalation, "--privileged": *s.Privileged,
	} {
		if wanted {
			all = append(all, flag)
		}
	}
	for _, dropped := range s.Capabilities.Drop {
		all = append(all, "--cap-drop", dropped)
	}
	for _, e := range c.Env {
		all = append(all, "--env", e.Name+"="+e.Value)
	}
	for _, m := range c.VolumeMounts {
		all = append(all, p.volume(t, m.Name).flag(t, m, folders)...)
	}
	return all
}

func (p pod) volume(t *testing.T, name string) volume {
	t.Helper()
	for _, v := range p.Volumes {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("no volume is called %s", name)
	return volume{}
}

func (v volume) flag(t *testing.T, m mount, folders string) []string {
	t.Helper()
	name := ""
	switch {
	case v.ConfigMap != nil:
		name = v.ConfigMap.Name
	case v.Secret != nil:
		name = v.Secret.SecretName
	case v.EmptyDir != nil && v.EmptyDir.Medium == "Memory":
		return []string{"--tmpfs", m.MountPath + ":mode=1777,size=" + megabytes(v.EmptyDir.SizeLimit)}
	default:
		t.Fatalf("volume %s is of no kind that is known here", v.Name)
	}
	bind := filepath.Join(folders, name) + ":" + m.MountPath
	if m.ReadOnly {
		bind += ":ro"
	}
	return []string{"--volume", bind}
}

// megabytes is a quantity as Docker spells it.
func megabytes(quantity string) string { return strings.Replace(quantity, "Mi", "m", 1) }

// args are those of the first index.
func (p pod) args() (all []string) {
	for _, a := range p.Containers[0].Args {
		all = append(all, strings.ReplaceAll(a, "$(JOB_COMPLETION_INDEX)", "0"))
	}
	return all
}
