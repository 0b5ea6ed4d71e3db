package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// mergeWorld is a system with one binary package that fits.
func mergeWorld(t *testing.T) string {
	t.Helper()
	dir := tinyWorld(t, "repo a/a-1")
	image := filepath.Join(t.TempDir(), "image")
	if err := os.MkdirAll(filepath.Join(image, "usr"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(image, "usr/x"), []byte("x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := makePackage(filepath.Join(dir, "var/cache/binpkgs"), "a/b-1", image, "", nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Who waits for another process that changes ROOT says so, and can be interrupted.
func TestMergeLocked(t *testing.T) {
	dir := mergeWorld(t)
	fs, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fs.Close()
	unlock, err := vdb.State{FS: fs}.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	errs := &untilText{text: "waiting for the lock", found: cancel}
	stop := time.AfterFunc(time.Minute, cancel)
	code := Main(ctx, []string{"portsolve", "merge", "--system", dir, "-K1", "a/b"}, nil, nil, &out, errs)
	stop.Stop()
	if code != ExitInterrupted || !strings.Contains(errs.String(), "waiting for the lock of ROOT") {
		t.Errorf("exit code %d\n%s%s", code, &out, errs.String())
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := say(t, dir, nil, "merge", "--system", dir, "-K1", "a/b"); code != ExitOK {
		t.Errorf("without the lock: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// untilText calls found once the text has been written.
type untilText struct {
	bytes.Buffer
	text  string
	found func()
}

func (u *untilText) Write(p []byte) (int, error) {
	n, err := u.Buffer.Write(p)
	if strings.Contains(u.String(), u.text) {
		u.found()
	}
	return n, err
}

// Without the permission to write nothing happens, in words that name the place.
func TestMergeNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := mergeWorld(t)
	for _, name := range []string{"", "var", "var/cache"} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o755) })
	}
	stdout, stderr, code := say(t, dir, nil, "merge", "--system", dir, "-K1", "a/b")
	if code != ExitUnsolved || !strings.Contains(stderr, "permission denied") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "usr/x")); err == nil {
		t.Error("it was merged")
	}
}
