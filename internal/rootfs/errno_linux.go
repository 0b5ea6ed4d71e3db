package rootfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

func isNotDir(err error) bool { return errors.Is(err, unix.ENOTDIR) }

// Mkdev is the device number of Mknod and Info.Rdev.
func Mkdev(major, minor uint32) uint64 { return unix.Mkdev(major, minor) }
