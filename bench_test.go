package portsolve_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/archive"
	"github.com/portsolve/portsolve/solver/universe"
)

// The benchmarks include opening the system: everything a process does but its
// start. They need the shared data.

// BenchmarkLeaf installs a package without dependencies on a small machine.
func BenchmarkLeaf(b *testing.B) {
	benchmark(b, "stage3-desktop", portsolve.Request{Args: []string{"app-misc/hello"}})
}

// BenchmarkPlasmaFromNothing installs a desktop where nothing is installed.
func BenchmarkPlasmaFromNothing(b *testing.B) {
	benchmark(b, "empty-plasma", portsolve.Request{Args: []string{"kde-plasma/plasma-meta"}})
}

// BenchmarkWorld updates the largest machine: emerge -uDN --with-bdeps=y @world.
func BenchmarkWorld(b *testing.B) {
	benchmark(b, "plasma-old", portsolve.Request{Args: []string{"@world"}, Options: universe.Options{
		Update: true, NewUse: true, Deep: universe.Unlimited, WithBdeps: "y",
	}})
}

func benchmark(b *testing.B, system string, request portsolve.Request) {
	tree, dir := realSystem(b, system)
	b.ReportAllocs()
	for b.Loop() {
		sys, err := portsolve.Open(context.Background(), portsolve.Options{
			System: dir, Repos: map[string]string{"gentoo": tree}, Env: map[string]string{},
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := sys.Resolve(context.Background(), request); err != nil {
			b.Fatal(err)
		}
	}
}

func sharedDir() string {
	if dir := os.Getenv("PORTSOLVE_SHARED"); dir != "" {
		return dir
	}
	return filepath.Join("..", "shared")
}

// TestMain removes what the tests have unpacked.
func TestMain(m *testing.M) {
	code := m.Run()
	unpacked.Range(func(_, dir any) bool {
		os.RemoveAll(dir.(*unpacking).dir)
		return true
	})
	os.Exit(code)
}

// unpacked holds shared archives by path: unpacking the tree takes longer than the tests that look at it.
var unpacked sync.Map

type unpacking struct {
	once sync.Once
	dir  string
	err  error
}

// unpack returns a directory that all tests share and none may change.
func unpack(b testing.TB, path string) string {
	b.Helper()
	if _, err := os.Stat(path); err != nil {
		b.Skipf("the shared data is not at %s (set PORTSOLVE_SHARED)", sharedDir())
	}
	v, _ := unpacked.LoadOrStore(path, &unpacking{})
	u := v.(*unpacking)
	u.once.Do(func() {
		if u.dir, u.err = os.MkdirTemp("", "portsolve-shared-"); u.err == nil {
			u.err = archive.Unpack(path, u.dir)
		}
	})
	if u.err != nil {
		b.Fatal(u.err)
	}
	return u.dir
}

// realTree unpacks the tree. PORTSOLVE_TREE names one that is unpacked already.
func realTree(b testing.TB) string {
	b.Helper()
	if tree := os.Getenv("PORTSOLVE_TREE"); tree != "" {
		return tree
	}
	return filepath.Join(unpack(b, filepath.Join(sharedDir(), "gentoo-2021.tar.zst")), "gentoo-2021")
}

// realSystem unpacks the tree and a machine, which must not be changed.
func realSystem(b testing.TB, system string) (tree, dir string) {
	b.Helper()
	dir = unpack(b, filepath.Join(sharedDir(), "reference", "systems", system+".tar.zst"))
	return realTree(b), filepath.Join(dir, system)
}

// ownConfiguration is a machine of realSystem with an etc directory that a test may change.
func ownConfiguration(b testing.TB, machine string) string {
	b.Helper()
	dir := b.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "etc"), os.DirFS(filepath.Join(machine, "etc"))); err != nil {
		b.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(machine, "var"), filepath.Join(dir, "var")); err != nil {
		b.Fatal(err)
	}
	return dir
}
