package repo_test

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/portsolve/portsolve/internal/shareddata"
	"github.com/portsolve/portsolve/repo"
)

// sharedFile finds a file of the shared data, or skips the test.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	path := shareddata.Path(name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared data is not there: %v (set PORTSOLVE_SHARED)", err)
	}
	return path
}

// unpackGentoo unpacks the parts of the 2021 tree whose path below gentoo-2021/
// begins with one of prefixes.
func unpackGentoo(t testing.TB, prefixes ...string) string {
	t.Helper()
	f, err := os.Open(sharedFile(t, "gentoo-2021.tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		rel := strings.TrimPrefix(h.Name, "gentoo-2021/")
		for _, p := range prefixes {
			if h.Typeflag == tar.TypeReg && strings.HasPrefix(rel, p) {
				extract(t, filepath.Join(dir, rel), r)
			}
		}
	}
}

func extract(t testing.TB, path string, r io.Reader) {
	t.Helper()
	data, err := io.ReadAll(r)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestGentoo2021 reads part of a real tree: its every entry must be valid.
func TestGentoo2021(t *testing.T) {
	dir := unpackGentoo(t, "metadata/layout.conf", "metadata/md5-cache/dev-libs/", "metadata/md5-cache/kde-plasma/",
		"profiles/updates/", "profiles/categories", "profiles/repo_name", "profiles/eapi", "profiles/license_groups", "profiles/arch.list")
	s, err := repo.Open(repo.Options{Override: map[string]string{"gentoo": dir}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Main == nil || s.Main.Name != "gentoo" || len(s.Warnings) > 0 {
		t.Fatalf("main %v, warnings %q", s.Main, s.Warnings)
	}
	all, err := s.Main.Names()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, cp := range all {
		list, err := s.Main.Packages(context.Background(), cp)
		if err != nil {
			t.Fatal(err)
		}
		count += len(list)
		for _, p := range list {
			if err := p.Validate(); err != nil {
				t.Error(err)
			}
		}
	}
	entries := 0
	for _, c := range []string{"dev-libs", "kde-plasma"} {
		files, err := os.ReadDir(filepath.Join(dir, "metadata", "md5-cache", c))
		if err != nil {
			t.Fatal(err)
		}
		entries += len(files)
	}
	if count != entries || count < 900 {
		t.Errorf("%d packages of %d entries", count, entries)
	}
	m, warnings, err := s.Moves()
	if err != nil || len(warnings) > 0 {
		t.Fatalf("moves: %v, %q", err, warnings)
	}
	if got := m.Atom(wildcard(t, ">=dev-python/PyICU-2")).String(); got != ">=dev-python/pyicu-2" {
		t.Errorf("moved atom = %s", got)
	}
	groups, err := s.LicenseGroups()
	if err != nil || len(groups["FREE"]) < 200 || len(s.Arches()) < 20 {
		t.Errorf("%d free licenses, %d arches, %v", len(groups["FREE"]), len(s.Arches()), err)
	}
}

// BenchmarkPackages is the cost of one version: its file is in the page cache.
func BenchmarkPackages(b *testing.B) {
	dir := unpackGentoo(b, "metadata/layout.conf", "metadata/md5-cache/dev-libs/", "profiles/repo_name")
	n := 0
	for b.Loop() {
		s, err := repo.Open(repo.Options{Override: map[string]string{"gentoo": dir}})
		if err != nil {
			b.Fatal(err)
		}
		all, err := s.Main.Names()
		if err != nil {
			b.Fatal(err)
		}
		for _, cp := range all {
			list, err := s.Main.Packages(context.Background(), cp)
			if err != nil {
				b.Fatal(err)
			}
			n += len(list)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/version")
}
