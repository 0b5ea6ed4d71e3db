package vdb

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// files of one entry by name.
type files map[string]string

// writeEntry makes root/var/db/pkg/cpv with the given files.
func writeEntry(t *testing.T, root, cpv string, f files) string {
	t.Helper()
	dir := filepath.Join(root, "var/db/pkg", cpv)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range f {
		writeFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, root string) *DB {
	t.Helper()
	d, err := Open(context.Background(), Options{Root: root, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func cpvs(list []*metadata.Package) []string {
	out := []string{}
	for _, p := range list {
		out = append(out, p.CPV.String())
	}
	return out
}

func cp(t *testing.T, s string) atom.CP {
	t.Helper()
	c, err := atom.ParseCP(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pkg makes a package in memory.
func pkg(t *testing.T, cpv, eapiName string, raw map[string]string) *metadata.Package {
	t.Helper()
	c, err := atom.ParseCPV(cpv)
	if err != nil {
		t.Fatal(err)
	}
	e, _ := eapi.Lookup(eapiName)
	return &metadata.Package{CPV: c, EAPI: e, EAPIName: eapiName, Slot: "0", SubSlot: "0", Raw: raw}
}
