package main

import (
	"path/filepath"

	"github.com/portsolve/portsolve/internal/archive"
)

// machine unpacks a system on first use and returns its directory.
func (h *harness) machine(name string) (string, error) {
	err, done := h.unpacked[name]
	if !done {
		err = archive.Unpack(filepath.Join(h.data, "systems", name+".tar.zst"), h.systems)
		h.unpacked[name] = err
	}
	return filepath.Join(h.systems, name), err
}
