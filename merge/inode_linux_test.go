package merge

import (
	"io/fs"
	"syscall"
)

// inode identifies a file with several names; nil for one that has just one.
func inode(i fs.FileInfo) any {
	if st, ok := i.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		return [2]uint64{st.Dev, st.Ino}
	}
	return nil
}
