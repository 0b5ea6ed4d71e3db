package vdb

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// ReadEntry reads one entry wherever its directory is, as while a package is being
// replaced. Values that cannot be used and do not matter are left out, as by Open.
func ReadEntry(dir string, c atom.CPV) (*metadata.Package, error) {
	var pool scratchPool
	s := pool.get()
	defer pool.put(s)
	p, problems := directory{c, dir}.load(s)
	if p == nil && len(problems) > 0 {
		return nil, problems[0].Err
	}
	return p, nil
}
