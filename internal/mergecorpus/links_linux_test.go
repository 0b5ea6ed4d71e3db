package mergecorpus_test

import (
	"io/fs"
	"syscall"
)

// linksOf is the number of hard links.
func linksOf(i fs.FileInfo) uint64 { return uint64(i.Sys().(*syscall.Stat_t).Nlink) }
