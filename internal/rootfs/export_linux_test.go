package rootfs

// WithoutOpenat2 is the same tree as on a kernel that has no openat2(2).
func WithoutOpenat2(f FS) FS {
	t := *f.(*tree)
	t.walk = true
	return &t
}
