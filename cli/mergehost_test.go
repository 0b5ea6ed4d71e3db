package cli

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/universe"
)

const (
	toolFile = "app-misc/tool-2-1.gpkg.tar"
	libFile  = "app-misc/lib-1-1.gpkg.tar"
)

// makeTool makes a directory of binary packages: app-misc/tool-2, and app-misc/lib-1 that it needs.
func makeTool(t *testing.T, dir string) {
	t.Helper()
	image := t.TempDir()
	for _, p := range []struct{ cpv, file, text, needs string }{
		{"app-misc/lib-1", "usr/lib/lib.txt", "lib\n", ""},
		{"app-misc/tool-2", "usr/bin/tool", "tool\n", "app-misc/lib"},
	} {
		path := filepath.Join(image, p.cpv, p.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(p.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := makePackage(dir, p.cpv, filepath.Join(image, p.cpv), "", []string{"RDEPEND=" + p.needs}); err != nil {
			t.Fatal(err)
		}
	}
}

// imageBuilder is a machine that merges from an http binhost into an empty ROOT.
type imageBuilder struct {
	served, system, cache, root string
	packages                    atomic.Int32 // how many were asked of the binhost
}

func newImageBuilder(t *testing.T) *imageBuilder {
	t.Helper()
	b := &imageBuilder{served: t.TempDir(), cache: t.TempDir()}
	makeTool(t, b.served)
	files := http.FileServer(http.Dir(b.served))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".gpkg.tar") {
			b.packages.Add(1)
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.system = tinyWorld(t, "file etc/portage/binrepos.conf [far] sync-uri="+server.URL)
	b.root = emptyRoot(t, b.system)
	return b
}

// atRoot is "--root /mnt/image" for a machine that is below a directory itself (--system).
var atRoot = [...]string{"ROOT=/mnt/image"}

// emptyRoot makes ROOT on such a machine.
func emptyRoot(t *testing.T, system string) string {
	t.Helper()
	root := filepath.Join(system, "mnt/image")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

func (b *imageBuilder) merge(t *testing.T, words ...string) (stdout, stderr string, code int) {
	t.Helper()
	return say(t, b.system, atRoot[:], append([]string{"merge", "--system", b.system, "--cache-dir", b.cache, "-G"}, words...)...)
}

// inRoot lists everything that is in ROOT.
func (b *imageBuilder) inRoot(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(b.root, func(path string, _ fs.DirEntry, err error) error {
		if path != b.root {
			names = append(names, strings.TrimPrefix(path, b.root))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// An image from nothing but a binhost. What --fetchonly has fetched is not fetched again.
func TestMergeFromBinhost(t *testing.T) {
	b := newImageBuilder(t)
	stdout, stderr, code := b.merge(t, "--fetchonly", "app-misc/tool")
	if code != ExitOK || !strings.HasSuffix(stdout, "All packages are here and verified; nothing was merged.\n") ||
		!containsAll(stderr, ">>> Fetched app-misc/lib-1-1\n", ">>> Fetched app-misc/tool-2-1\n") {
		t.Errorf("--fetchonly: exit code %d\n%s%s", code, stdout, stderr)
	}
	if names := b.inRoot(t); len(names) > 0 {
		t.Errorf("--fetchonly has put %q into ROOT", names)
	}
	if n := b.packages.Load(); n != 2 {
		t.Errorf("%d packages were asked of the binhost", n)
	}
	stdout, stderr, code = b.merge(t, "app-misc/tool")
	if code != ExitOK || !containsAll(stdout, ">>> Merging (1 of 2) app-misc/lib-1 to /mnt/image/", ">>> Merging (2 of 2) app-misc/tool-2 to /mnt/image/", ">>> Packages: 2 merged.") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if n := b.packages.Load(); n != 2 {
		t.Errorf("%d packages were asked of the binhost, though they were here", n)
	}
	for name, want := range map[string]string{
		"usr/bin/tool": "tool\n", "usr/lib/lib.txt": "lib\n", "var/lib/portage/world": "app-misc/tool\n",
		"var/db/pkg/app-misc/tool-2/RDEPEND": "app-misc/lib\n", "var/db/pkg/app-misc/lib-1/SLOT": "0\n",
	} {
		if got, err := os.ReadFile(filepath.Join(b.root, name)); string(got) != want {
			t.Errorf("%s is %q, not %q (%v)", name, got, want, err)
		}
	}
	if _, err := os.Stat(filepath.Join(b.system, "var")); err == nil {
		t.Error("something was written outside of ROOT")
	}
}

// edit changes what the binhost serves.
func (b *imageBuilder) edit(t *testing.T, name string, change func(string) string) {
	t.Helper()
	path := filepath.Join(b.served, name)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := change(string(old))
	if text == string(old) {
		t.Fatalf("%s is as it was", name)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sums are the checksums of a file as an index has them.
func sums(text string) (md5Line, sha1Line string) {
	return fmt.Sprintf("MD5: %x\n", md5.Sum([]byte(text))), fmt.Sprintf("SHA1: %x\n", sha1.Sum([]byte(text)))
}

// touched lists what a failed run may not leave in ROOT: everything but empty directories and the list for --resume.
func (b *imageBuilder) touched(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range b.inRoot(t) {
		st, err := os.Lstat(filepath.Join(b.root, name))
		if err != nil {
			t.Fatal(err)
		}
		if name != "/var/cache/edb/mtimedb" && !st.IsDir() || strings.HasPrefix(name, "/usr") || strings.HasPrefix(name, "/var/db/pkg") {
			names = append(names, name)
		}
	}
	return names
}

// A binhost whose files are not what they should be: nothing reaches ROOT, and it is said what is wrong with which file.
func TestMergeDamagedBinhost(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, b *imageBuilder)
		want   string
	}{
		{"truncated", func(t *testing.T, b *imageBuilder) {
			b.edit(t, libFile, func(s string) string { return s[:len(s)/2] })
		}, "but the index says "},
		{"gone", func(t *testing.T, b *imageBuilder) {
			if err := os.Remove(filepath.Join(b.served, libFile)); err != nil {
				t.Fatal(err)
			}
		}, "the server answers 404"},
		{"damaged before the index was made", func(t *testing.T, b *imageBuilder) {
			var was, is string
			b.edit(t, libFile, func(s string) string {
				at := strings.LastIndex(s, "\x1f\x8b") + 20 // within the image
				changed := []byte(s)
				changed[at] ^= 0xff
				was, is = s, string(changed)
				return is
			})
			b.edit(t, "Packages", func(s string) string {
				oldMD5, oldSHA1 := sums(was)
				newMD5, newSHA1 := sums(is)
				return strings.NewReplacer(oldMD5, newMD5, oldSHA1, newSHA1).Replace(s)
			})
		}, "image.tar"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newImageBuilder(t)
			c.damage(t, b)
			for _, words := range [...][]string{{"--fetchonly", "app-misc/tool"}, {"app-misc/tool"}, {"--keep-going", "app-misc/tool"}} {
				stdout, stderr, code := b.merge(t, words...)
				if code != ExitUnsolved || !containsAll(stderr, filepath.Base(libFile), c.want) {
					t.Errorf("%q: exit code %d\n%s%s", words, code, stdout, stderr)
				}
				if names := b.touched(t); len(names) > 0 {
					t.Errorf("%q: there is something in ROOT: %q", words, names)
				}
			}
		})
	}
}

// A binhost whose index lies about a checksum, in the same way. One attempt is enough here; the command makes more, with pauses.
func TestMergeBinhostLies(t *testing.T) {
	for _, sum := range []string{"MD5", "SHA1"} {
		b := newImageBuilder(t)
		lib, err := os.ReadFile(filepath.Join(b.served, libFile))
		if err != nil {
			t.Fatal(err)
		}
		honestMD5, honestSHA1 := sums(string(lib))
		honest, lie := honestMD5, "MD5: "+strings.Repeat("0", 32)+"\n"
		if sum == "SHA1" {
			honest, lie = honestSHA1, "SHA1: "+strings.Repeat("0", 40)+"\n"
		}
		b.edit(t, "Packages", func(s string) string { return strings.Replace(s, honest, lie, 1) })
		for _, fetchOnly := range []bool{true, false} {
			var out, errs bytes.Buffer
			code := b.tryOnce(t, &command{execution: executionOptions{fetchOnly: fetchOnly}}, &out, &errs)
			if code != ExitUnsolved || !containsAll(errs.String(), libFile+": its "+sum+" is ", "but the index says 000000") {
				t.Errorf("%s, --fetchonly %v: exit code %d\n%s%s", sum, fetchOnly, code, &out, &errs)
			}
			if names := b.touched(t); len(names) > 0 {
				t.Errorf("%s, --fetchonly %v: there is something in ROOT: %q", sum, fetchOnly, names)
			}
		}
	}
}

// tryOnce is merge, with one attempt to fetch each package.
func (b *imageBuilder) tryOnce(t *testing.T, cmd *command, stdout, stderr *bytes.Buffer) int {
	t.Helper()
	sys, err := portsolve.Open(t.Context(), portsolve.Options{
		System: b.system, Env: map[string]string{"ROOT": "/mnt/image"}, CacheDir: b.cache, FetchAttempts: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := sys.Resolve(t.Context(), portsolve.Request{
		Args: []string{"app-misc/tool"}, Options: universe.Options{GetBinPkgOnly: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	work, err := sys.Execution(t.Context(), res)
	if err != nil {
		t.Fatal(err)
	}
	inv := &invocation{env: map[string]string{}, stdout: stdout, stderr: stderr, system: sys}
	err = inv.execute(t.Context(), cmd, work)
	if err != nil {
		inv.complain(err)
	}
	return exitCode(res, err)
}

// TestReadmeMerge keeps what README.md shows of merging equal to what the command prints.
func TestReadmeMerge(t *testing.T) {
	dir := tinyWorld(t, "")
	emptyRoot(t, dir)
	makeTool(t, filepath.Join(dir, "var/cache/binpkgs"))
	words := []string{"-K", "--ask", "app-misc/tool"}
	var out, errs bytes.Buffer
	code := Main(t.Context(), append([]string{"portsolve", "merge", "--system", dir}, words...), atRoot[:], strings.NewReader("yes\n"), &out, &errs)
	if code != ExitOK || errs.Len() > 0 {
		t.Errorf("exit code %d\n%s", code, &errs)
	}
	text := strings.Replace(out.String(), "[Yes/No] ", "[Yes/No] yes\n", 1) // as a terminal shows it
	readmePart(t, "merge", "$ portsolve merge --root /mnt/image "+strings.Join(words, " ")+"\n"+text)
}
