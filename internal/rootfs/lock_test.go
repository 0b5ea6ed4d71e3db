//go:build linux

package rootfs_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// TestLockRespectsBothKinds keeps out while another program holds the file by
// flock(2) or by fcntl(2), and keeps such programs out.
func TestLockRespectsBothKinds(t *testing.T) {
	dir := t.TempDir()
	tree, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	other, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o660)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	fd := int(other.Fd())
	for what, how := range map[string]struct{ take, release func() error }{
		"flock": {func() error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }, func() error { return unix.Flock(fd, unix.LOCK_UN) }},
		"fcntl": {func() error { return record(fd, unix.F_WRLCK) }, func() error { return record(fd, unix.F_UNLCK) }},
	} {
		if err := how.take(); err != nil {
			t.Fatal(what, err)
		}
		var locked *rootfs.LockedError
		if _, err := tree.Lock(context.Background(), "lock", rootfs.LockOptions{NoWait: true}); !errors.As(err, &locked) {
			t.Errorf("%s is held: %v", what, err)
		} else if locked.Holder == "" {
			t.Errorf("%s is held, and nobody is named", what)
		}
		if err := how.release(); err != nil {
			t.Fatal(what, err)
		}
		unlock, err := tree.Lock(context.Background(), "lock", rootfs.LockOptions{NoWait: true})
		if err != nil {
			t.Fatal(what, err)
		}
		if _, err := tree.Lock(context.Background(), "lock", rootfs.LockOptions{NoWait: true}); !errors.As(err, &locked) ||
			!strings.HasPrefix(locked.Holder, "process "+strconv.Itoa(os.Getpid())+" ") {
			t.Errorf("we hold it, and %v", err)
		}
		if how.take() == nil {
			t.Errorf("%s was taken while we hold the lock", what)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRecordLockHolder: who holds the lock with fcntl(2) is named, and not the one who waits.
func TestRecordLockHolder(t *testing.T) {
	if name := os.Getenv("ROOTFS_HOLD"); name != "" { // the other process
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o660)
		if err == nil {
			err = record(int(f.Fd()), unix.F_WRLCK)
		}
		if err == nil {
			err = os.WriteFile(name+".held", nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "lock")
	other := exec.Command(os.Args[0], "-test.run=^TestRecordLockHolder$")
	other.Env = append(os.Environ(), "ROOTFS_HOLD="+name)
	stdin, err := other.StdinPipe()
	if err == nil {
		err = other.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(stdin.Close(), other.Wait()) }()
	for i := 0; ; i++ {
		if _, err := os.Stat(name + ".held"); err == nil {
			break
		} else if i == 500 {
			t.Fatal("the other process does not take the lock")
		}
		time.Sleep(10 * time.Millisecond)
	}
	tree, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	var locked *rootfs.LockedError
	_, err = tree.Lock(context.Background(), "lock", rootfs.LockOptions{NoWait: true})
	if !errors.As(err, &locked) || !strings.HasPrefix(locked.Holder, "process "+strconv.Itoa(other.Process.Pid)+" ") {
		t.Errorf("process %d holds it: %v", other.Process.Pid, err)
	}
}

// record is what Python's fcntl.lockf does.
func record(fd int, kind int16) error {
	return unix.FcntlFlock(uintptr(fd), unix.F_SETLK, &unix.Flock_t{Type: kind})
}
