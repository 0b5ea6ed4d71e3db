//go:build !linux

package rootfs

import (
	"fmt"
	"runtime"
)

// Open is for Linux: ROOTs of Gentoo systems hold owners, modes and device nodes
// that need its calls, and packages are Linux packages.
func Open(dir string) (FS, error) {
	return nil, fmt.Errorf("%s: a ROOT can be changed on Linux only, this is %s", dir, runtime.GOOS)
}

func isNotDir(error) bool { return false }

// Mkdev is the device number of Mknod and Info.Rdev.
func Mkdev(major, minor uint32) uint64 { return uint64(major)<<32 | uint64(minor) }
