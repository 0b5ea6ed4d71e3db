package portsolve_test

import (
	"context"
	"os"
	"path/filepath"
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

// realSystem unpacks the tree and a machine. PORTSOLVE_TREE names a tree that is
// unpacked already.
func realSystem(b testing.TB, system string) (tree, dir string) {
	b.Helper()
	shared := sharedDir()
	machine := filepath.Join(shared, "reference", "systems", system+".tar.zst")
	if _, err := os.Stat(machine); err != nil {
		b.Skipf("the shared data is not at %s (set PORTSOLVE_SHARED)", shared)
	}
	dir = b.TempDir()
	if err := archive.Unpack(machine, dir); err != nil {
		b.Fatal(err)
	}
	if tree = os.Getenv("PORTSOLVE_TREE"); tree == "" {
		tree = filepath.Join(dir, "gentoo-2021")
		if err := archive.Unpack(filepath.Join(shared, "gentoo-2021.tar.zst"), dir); err != nil {
			b.Fatal(err)
		}
	}
	return tree, filepath.Join(dir, system)
}
