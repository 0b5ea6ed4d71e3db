package portsolve_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/archive"
	"github.com/portsolve/portsolve/internal/shareddata"
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

// BenchmarkWaysOut finds all changes of USE flags that make packages possible which a desktop's defaults do not allow. It reports
// the median time to the first and to each further one. internal/waysout has 214 such packages.
func BenchmarkWaysOut(b *testing.B) {
	tree, dir := realSystem(b, "stage3-desktop")
	sys, err := portsolve.Open(b.Context(), portsolve.Options{System: dir, Repos: map[string]string{"gentoo": tree}, Env: map[string]string{}})
	if err != nil {
		b.Fatal(err)
	}
	var first, further []time.Duration
	for b.Loop() {
		for _, name := range []string{"acct-user/git", "app-accessibility/espeakup", "app-admin/lsyncd", "app-i18n/man-pages-l10n",
			"app-shells/fish", "dev-games/mygui", "mate-extra/caja-hide", "media-gfx/enblend", "sys-fs/e4rat"} {
			w, err := sys.WaysOut(b.Context(), portsolve.Request{Args: []string{name},
				Options: universe.Options{AutounmaskKeepKeywords: universe.Yes, AutounmaskKeepMasks: universe.Yes, AutounmaskLicense: universe.No}})
			if err != nil {
				b.Fatal(err)
			}
			start, n := time.Now(), 0
			for a, err := range w.All(b.Context()) {
				if a == nil || err != nil {
					b.Fatal(name, err)
				}
				if took := time.Since(start); n == 0 {
					first = append(first, took)
				} else {
					further = append(further, took)
				}
				start, n = time.Now(), n+1
			}
			if n == 0 || !w.Complete() || w.Rejected() > 0 {
				b.Fatalf("%s: %d alternatives, complete: %v, rejected: %d", name, n, w.Complete(), w.Rejected())
			}
		}
	}
	slices.Sort(first)
	slices.Sort(further)
	b.ReportMetric(float64(first[len(first)/2].Microseconds())/1000, "first-ms")
	b.ReportMetric(float64(further[len(further)/2].Microseconds())/1000, "further-ms")
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
		b.Skipf("the shared data is not at %s (set PORTSOLVE_SHARED)", shareddata.Path())
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
	return filepath.Join(unpack(b, shareddata.Path("gentoo-2021.tar.zst")), "gentoo-2021")
}

// realSystem unpacks the tree and a machine, which must not be changed.
func realSystem(b testing.TB, system string) (tree, dir string) {
	b.Helper()
	dir = unpack(b, shareddata.Path("reference", "systems", system+".tar.zst"))
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
