//go:build unix

package edit

import (
	"os"
	"syscall"
)

// keepOwner gives a new version the owner of the old one. Whoever may not do that owns the file from now on.
func (f *File) keepOwner(tmp *os.File) {
	st, err := os.Stat(f.Path)
	if err != nil {
		return
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		_ = tmp.Chown(int(sys.Uid), int(sys.Gid))
	}
}
