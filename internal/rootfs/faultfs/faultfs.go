// Package faultfs makes the calls of a rootfs.FS fail at will, for tests of what
// must survive a failure: a process that is killed, a full disk, a broken disk, a
// power cut.
package faultfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"syscall"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// Kind of a fault.
type Kind uint8

// Kinds.
const (
	None  Kind = iota
	Kill       // the call and every one after it does nothing, as if the process had ended before it
	NoSpc      // ENOSPC at this call
	IO         // EIO at this call
	Short      // a write writes half of its bytes and returns ENOSPC; another call returns EIO
	Cut        // as Kill; FS.Dirty tells afterwards which contents a power cut would have taken
)

// String is the name of the kind.
func (k Kind) String() string {
	return [...]string{"none", "kill", "ENOSPC", "EIO", "short write", "power cut"}[k]
}

// ErrKilled is what calls return after Kill. A real process would not see it.
var ErrKilled = errors.New("killed by the test")

// FS wraps a tree. The calls that can change something, and those that make
// things durable, are counted from 1; Reads adds the others.
type FS struct {
	inner rootfs.FS

	mu     sync.Mutex
	at     int
	kind   Kind
	killAt int
	until  int // ENOSPC and EIO happen from at to until
	reads  bool
	count  int
	killed bool
	calls  []string
	trace  bool
	dirty  map[[2]uint64]bool
}

// Options of Wrap.
type Options struct {
	At    int // the call that fails; 0 none
	Kind  Kind
	Last  int  // ENOSPC and EIO last until this call; 0 = only At
	Reads bool // count and fail also the calls that only read
	Trace bool // keep the calls for Calls
	// KillAt ends the process at this call, also while another fault is being dealt
	// with; 0 never.
	KillAt int
}

// Wrap makes an FS.
func Wrap(inner rootfs.FS, o Options) *FS {
	return &FS{inner: inner, at: o.At, kind: o.Kind, killAt: o.KillAt, until: max(o.Last, o.At), reads: o.Reads, trace: o.Trace,
		dirty: map[[2]uint64]bool{}}
}

// Count is how many calls there were.
func (f *FS) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// Calls are the calls so far as text, "rename a b"; nil without Options.Trace.
func (f *FS) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Dirty are the device and inode numbers of files that were written and not made
// durable since: after a power cut they may have any content.
func (f *FS) Dirty() map[[2]uint64]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dirty
}

// step counts a call and tells how it fails.
func (f *FS) step(read bool, op, name string) (Kind, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.killed {
		return Kill, &fs.PathError{Op: op, Path: name, Err: ErrKilled}
	}
	if read && !f.reads {
		return None, nil
	}
	f.count++
	if f.trace {
		f.calls = append(f.calls, op+" "+name)
	}
	if f.count == f.killAt {
		f.killed = true
		return Kill, &fs.PathError{Op: op, Path: name, Err: ErrKilled}
	}
	if f.at == 0 || f.count < f.at || f.count > f.until {
		return None, nil
	}
	var err error
	switch f.kind {
	case Kill, Cut:
		f.killed = true
		err = ErrKilled
	case NoSpc:
		err = syscall.ENOSPC
	case IO, Short:
		err = syscall.EIO
	case None:
		return None, nil
	}
	return f.kind, &fs.PathError{Op: op, Path: name, Err: err}
}

func (f *FS) write(op, name string) error { _, err := f.step(false, op, name); return err }
func (f *FS) read(op, name string) error  { _, err := f.step(true, op, name); return err }

func (f *FS) Lstat(name string) (rootfs.Info, error) {
	if err := f.read("lstat", name); err != nil {
		return rootfs.Info{}, err
	}
	return f.inner.Lstat(name)
}

func (f *FS) Stat(name string) (rootfs.Info, error) {
	if err := f.read("stat", name); err != nil {
		return rootfs.Info{}, err
	}
	return f.inner.Stat(name)
}

func (f *FS) Readlink(name string) (string, error) {
	if err := f.read("readlink", name); err != nil {
		return "", err
	}
	return f.inner.Readlink(name)
}

func (f *FS) ReadDir(name string) ([]string, error) {
	if err := f.read("readdir", name); err != nil {
		return nil, err
	}
	return f.inner.ReadDir(name)
}

func (f *FS) Resolve(name string) (string, error) {
	if err := f.read("resolve", name); err != nil {
		return "", err
	}
	return f.inner.Resolve(name)
}

func (f *FS) Path(name string) string { return f.inner.Path(name) }

func (f *FS) Open(name string) (rootfs.File, error) {
	if err := f.read("open", name); err != nil {
		return nil, err
	}
	in, err := f.inner.Open(name)
	if err != nil {
		return nil, err
	}
	return &file{fs: f, inner: in, name: name}, nil
}

func (f *FS) Create(name string, mode uint32) (rootfs.File, error) {
	if err := f.write("create", name); err != nil {
		return nil, err
	}
	in, err := f.inner.Create(name, mode)
	if err != nil {
		return nil, err
	}
	out := &file{fs: f, inner: in, name: name}
	if i, err := in.Stat(); err == nil {
		out.id = [2]uint64{i.Dev, i.Ino}
	}
	return out, nil
}

func (f *FS) Mkdir(name string, mode uint32) error {
	if err := f.write("mkdir", name); err != nil {
		return err
	}
	return f.inner.Mkdir(name, mode)
}

func (f *FS) Symlink(target, name string) error {
	if err := f.write("symlink", name); err != nil {
		return err
	}
	return f.inner.Symlink(target, name)
}

func (f *FS) Link(oldname, newname string) error {
	if err := f.write("link", oldname+" "+newname); err != nil {
		return err
	}
	return f.inner.Link(oldname, newname)
}

func (f *FS) Mknod(name string, mode uint32, rdev uint64) error {
	if err := f.write("mknod", name); err != nil {
		return err
	}
	return f.inner.Mknod(name, mode, rdev)
}

func (f *FS) Unlink(name string) error {
	if err := f.write("unlink", name); err != nil {
		return err
	}
	return f.inner.Unlink(name)
}

func (f *FS) Rmdir(name string) error {
	if err := f.write("rmdir", name); err != nil {
		return err
	}
	return f.inner.Rmdir(name)
}

func (f *FS) Rename(oldname, newname string) error {
	if err := f.write("rename", oldname+" "+newname); err != nil {
		return err
	}
	return f.inner.Rename(oldname, newname)
}

func (f *FS) Exchange(a, b string) error {
	if err := f.write("exchange", a+" "+b); err != nil {
		return err
	}
	return f.inner.Exchange(a, b)
}

func (f *FS) Chmod(name string, mode uint32) error {
	if err := f.write("chmod", name); err != nil {
		return err
	}
	return f.inner.Chmod(name, mode)
}

func (f *FS) Lchown(name string, uid, gid int) error {
	if err := f.write("lchown", name); err != nil {
		return err
	}
	return f.inner.Lchown(name, uid, gid)
}

func (f *FS) Lutimes(name string, mtime time.Time) error {
	if err := f.write("utimes", name); err != nil {
		return err
	}
	return f.inner.Lutimes(name, mtime)
}

func (f *FS) Listxattr(name string) ([]string, error) {
	if err := f.read("listxattr", name); err != nil {
		return nil, err
	}
	return f.inner.Listxattr(name)
}

func (f *FS) Getxattr(name, attr string) ([]byte, error) {
	if err := f.read("getxattr", name); err != nil {
		return nil, err
	}
	return f.inner.Getxattr(name, attr)
}

func (f *FS) Setxattr(name, attr string, value []byte) error {
	if err := f.write("setxattr", name); err != nil {
		return err
	}
	return f.inner.Setxattr(name, attr, value)
}

func (f *FS) SyncFS(name string) error {
	if err := f.write("syncfs", name); err != nil {
		return err
	}
	f.mu.Lock()
	clear(f.dirty) // of all file systems; tests have one
	f.mu.Unlock()
	return nil // a test's process is not killed by the power
}

func (f *FS) SyncDir(name string) error { return f.write("syncdir", name) }

func (f *FS) Mount(name string) (uint64, error) {
	if err := f.read("mount", name); err != nil {
		return 0, err
	}
	return f.inner.Mount(name)
}

func (f *FS) Space(name string) (rootfs.Space, error) {
	if err := f.read("statfs", name); err != nil {
		return rootfs.Space{}, err
	}
	return f.inner.Space(name)
}

// Lock is not counted: it changes nothing that must survive. After a kill the lock
// goes and its file stays, as with a process.
func (f *FS) Lock(ctx context.Context, name string, o rootfs.LockOptions) (func() error, error) {
	if err := f.read("lock", name); err != nil {
		return nil, err
	}
	unlock, err := f.inner.Lock(ctx, name, rootfs.LockOptions{Shared: o.Shared, Mode: o.Mode, Waiting: o.Waiting, NoWait: o.NoWait})
	if err != nil {
		return nil, err
	}
	return func() error {
		if o.Remove && f.read("unlock", name) == nil {
			_ = f.inner.Unlink(name)
		}
		return unlock()
	}, nil
}

// Close does nothing: the inner tree belongs to the test.
func (f *FS) Close() error { return nil }

type file struct {
	fs    *FS
	inner rootfs.File
	name  string
	id    [2]uint64
}

func (f *file) Read(p []byte) (int, error) {
	if err := f.fs.read("read", f.name); err != nil {
		return 0, err
	}
	return f.inner.Read(p)
}

func (f *file) Write(p []byte) (int, error) {
	kind, err := f.fs.step(false, "write", f.name)
	if err != nil && kind != Short {
		return 0, err
	}
	f.fs.mu.Lock()
	f.fs.dirty[f.id] = true
	f.fs.mu.Unlock()
	if err == nil {
		return f.inner.Write(p)
	}
	n, werr := f.inner.Write(p[:len(p)/2])
	if werr == nil {
		werr = &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	}
	return n, werr
}

// ReadFrom copies in pieces, so that each is counted.
func (f *file) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, 64<<10))
}

func (f *file) Close() error {
	err := f.inner.Close()
	if ferr := f.fs.write("close", f.name); ferr != nil {
		return ferr
	}
	return err
}

func (f *file) Stat() (rootfs.Info, error) {
	if err := f.fs.read("fstat", f.name); err != nil {
		return rootfs.Info{}, err
	}
	return f.inner.Stat()
}

func (f *file) Sync() error {
	if err := f.fs.write("fsync", f.name); err != nil {
		return err
	}
	f.fs.mu.Lock()
	delete(f.fs.dirty, f.id)
	f.fs.mu.Unlock()
	return nil
}

func (f *file) Chmod(mode uint32) error {
	if err := f.fs.write("fchmod", f.name); err != nil {
		return err
	}
	return f.inner.Chmod(mode)
}

func (f *file) Chown(uid, gid int) error {
	if err := f.fs.write("fchown", f.name); err != nil {
		return err
	}
	return f.inner.Chown(uid, gid)
}

func (f *file) SetModTime(mtime time.Time) error {
	if err := f.fs.write("futimes", f.name); err != nil {
		return err
	}
	return f.inner.SetModTime(mtime)
}

func (f *file) Setxattr(attr string, value []byte) error {
	if err := f.fs.write("fsetxattr", f.name); err != nil {
		return err
	}
	return f.inner.Setxattr(attr, value)
}
