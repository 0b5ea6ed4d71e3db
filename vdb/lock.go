package vdb

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// lockFile is what Portage locks while it changes the VDB of a ROOT: the name of
// var/db/pkg with a dot in front and lockSuffix behind, in its parent.
const lockFile = "var/db/.pkg" + lockSuffix

// worldLockFile is the same of the world file.
const worldLockFile = privateDir + "/.world" + lockSuffix

// Lock takes the lock of the VDB, the one that Portage takes too, so that both may
// run on one machine. It waits until the lock is free; waiting, if not nil, is called
// once when it has to, with the holder if it is known ("process 123 (emerge)").
// The end of ctx ends the wait with an error that names the holder.
func (s State) Lock(ctx context.Context, waiting func(holder string)) (unlock func() error, err error) {
	return s.lock(ctx, lockFile, waiting)
}

func (s State) lock(ctx context.Context, name string, waiting func(string)) (func() error, error) {
	if err := s.MkdirAll(path.Dir(name)); err != nil {
		return nil, fmt.Errorf("%s cannot be locked: %w", s.FS.Path(name), err)
	}
	unlock, err := s.FS.Lock(ctx, name, rootfs.LockOptions{Remove: true, Waiting: waiting})
	if err != nil {
		var locked *rootfs.LockedError
		if errors.As(err, &locked) {
			return nil, err
		}
		return nil, fmt.Errorf("%s cannot be locked: %w", s.FS.Path(name), err)
	}
	s.setGroup(name)
	return unlock, nil
}
