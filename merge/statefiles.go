package merge

import (
	"errors"
	"fmt"
	"path"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/cfgmem"
	"github.com/portsolve/portsolve/merge/internal/txn"
)

// memoryOp stages the new configuration memory, without what the replaced instances
// owned and the new one does not.
func (e *engine) memoryOp(l *layout, tx *txn.Tx) ([]txn.Op, error) {
	if l.memory == nil && len(l.replaced) > 0 {
		var err error
		if l.memory, err = cfgmem.Read(e.t); err != nil {
			return nil, fmt.Errorf("%w: %w", errNoMemory, err)
		}
	}
	memory := l.memory
	if memory == nil {
		memory = new(cfgmem.Memory)
	}
	if len(l.replaced) > 0 {
		owns := make(map[string]bool, len(l.contents))
		for i := range l.contents {
			owns[l.contents[i].Path] = true
		}
		for i := range l.replaced {
			for _, c := range l.replaced[i].Contents {
				if !owns[c.Path] {
					memory.Forget(c.Path)
				}
			}
		}
	}
	if !memory.Changed() && !e.needsMemoryFile() {
		return nil, nil
	}
	return e.stageState(tx, cfgmem.File, memory.Format(), 0o660)
}

// needsMemoryFile: Portage makes the file with the first merge.
func (e *engine) needsMemoryFile() bool {
	there, err := rootfs.Exists(e.t, cfgmem.File)
	return err == nil && !there
}

// stageState makes the operation that replaces one of Portage's own files.
func (e *engine) stageState(tx *txn.Tx, name string, data []byte, mode uint32) ([]txn.Op, error) {
	if err := e.state.MkdirAll(path.Dir(name)); err != nil {
		return nil, err
	}
	staged := tx.Stage(path.Join(stateDir, path.Base(name)))
	if err := rootfs.MkdirAll(e.t, path.Dir(staged), 0o700); err != nil {
		return nil, err
	}
	if err := rootfs.RemoveAll(e.t, staged); err != nil {
		return nil, err
	}
	f, err := e.t.Create(staged, mode)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	live, lerr := e.t.Lstat(name)
	if err == nil && e.privileged {
		uid, gid := 0, e.state.Group
		if lerr == nil {
			uid, gid = live.UID, live.GID
		}
		if err = f.Chown(uid, gid); err == nil {
			err = f.Chmod(mode)
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	op := txn.Op{Kind: txn.Put, Path: name, New: staged}
	near, err := sameMount(e.t, path.Dir(name), tx.Header.Stage)
	if err != nil {
		return nil, err
	}
	if !near {
		op.From, op.New = staged, path.Join(path.Dir(name), e.tempName(tx, 0)+path.Base(name))
	}
	if lerr == nil {
		op.Old = tx.Stage(path.Join(oldDir, path.Base(name)))
		if !near {
			op.Old = op.New + "~"
		}
	}
	return []txn.Op{op}, nil
}

func sameMount(t rootfs.FS, a, b string) (bool, error) {
	ma, err := t.Mount(a)
	if err != nil {
		return false, err
	}
	mb, err := t.Mount(b)
	return ma == mb, err
}
