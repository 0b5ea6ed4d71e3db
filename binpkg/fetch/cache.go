package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/portsolve/portsolve/internal/wholefile"
)

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 200 * time.Millisecond

// partFile is the incomplete form of a file, locked: nobody else fetches it now.
type partFile struct {
	path string
	file *os.File // for writing; the lock is on the same inode
	lock *flock.Flock
}

// lockPart opens and locks PATH.part, with what an earlier attempt left in it. It waits for another process.
func (f *Fetcher) lockPart(ctx context.Context, path string) (*partFile, error) {
	path += partSuffix
	for {
		p := &partFile{path: path, lock: flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))}
		locked, err := p.lock.TryLockContext(ctx, lockPoll)
		if err != nil {
			return nil, err
		}
		if !locked {
			return nil, errors.New("cannot be locked")
		}
		p.file, err = os.OpenFile(path, os.O_RDWR, 0)
		if err == nil && sameFile(p.file, p.lock) {
			return p, nil
		}
		// Whoever held the lock has given the file its final name, or removed it. What has the name now is theirs.
		if p.file != nil {
			p.file.Close()
		}
		_ = p.lock.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

func sameFile(a *os.File, b *flock.Flock) bool {
	x, err := a.Stat()
	if err != nil {
		return false
	}
	y, err := b.Stat()
	return err == nil && os.SameFile(x, y)
}

// commit gives the file its final name. It is durable before it has it.
func (p *partFile) commit(path string) error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(p.path, path); err != nil {
		return err
	}
	return wholefile.SyncDir(filepath.Dir(path))
}

// discard removes the part: it is not needed, or worth nothing.
func (p *partFile) discard() { _ = os.Remove(p.path) }

// release ends the lock. An empty part is removed.
func (p *partFile) release() {
	if p.file != nil {
		if st, err := p.file.Stat(); err == nil && st.Size() == 0 {
			if on, err := os.Stat(p.path); err == nil && os.SameFile(st, on) {
				_ = os.Remove(p.path)
			}
		}
		p.file.Close()
	}
	_ = p.lock.Close()
}
