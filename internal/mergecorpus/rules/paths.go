package rules

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// Files of Portage's own, and of ours.
const (
	counterPath  = "/var/cache/edb/counter"
	memoryPath   = "/var/lib/portage/config"
	worldPath    = "/var/lib/portage/world"
	registryPath = "/var/lib/portage/preserved_libs_registry"
	ownRoot      = "/var/lib/portsolve"
	savedRoot    = ownRoot + "/saved"
)

// isBook names what a step writes for itself whatever the package: the files of env-update
// and of the package manager.
func isBook(name string) bool {
	switch name {
	case counterPath, memoryPath, worldPath, registryPath, "/var/cache/edb/mtimedb", "/etc/csh.env", "/etc/profile.env", "/etc/env.d",
		"/etc/environment.d", "/etc/environment.d/10-gentoo-env.conf", "/etc/ld.so.conf":
		return true
	}
	return false
}

func below(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

func names[T any](a, b map[string]T) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]T{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func sameVDB(a, b *mergecorpus.VDBEntry) bool { return reflect.DeepEqual(a, b) }

func (v *view) outsideSame() bool {
	return v.Got != nil && v.GotBefore != nil && reflect.DeepEqual(v.Got.Outside, v.GotBefore.Outside)
}

// textOf is what is in a file that is recorded with its text.
func textOf(s *side, name string) string {
	if e := s.files[name]; e != nil && e.Text != nil {
		return *e.Text
	}
	return ""
}

// lineDiff are the lines that only one of two texts has.
func lineDiff(a, b string) (onlyA, onlyB []string) {
	x, y := strings.Split(strings.TrimSuffix(a, "\n"), "\n"), strings.Split(strings.TrimSuffix(b, "\n"), "\n")
	for _, l := range x {
		if l != "" && !slices.Contains(y, l) {
			onlyA = append(onlyA, l)
		}
	}
	for _, l := range y {
		if l != "" && !slices.Contains(x, l) {
			onlyB = append(onlyB, l)
		}
	}
	return onlyA, onlyB
}

// memoryLine splits "PATH MD5" of the configuration memory.
func memoryLine(l string) (name, sum string) {
	if i := strings.LastIndexByte(l, ' '); i >= 0 {
		return l[:i], l[i+1:]
	}
	return l, ""
}
