package vdb

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// mapped is the source of an entry of a derived DB.
type mapped struct {
	base *entry
	f    func(*metadata.Package) *metadata.Package
}

func (m mapped) load(s *scratch) (*metadata.Package, []Problem) {
	p := m.base.get(s)
	if p != nil {
		p = m.f(p)
	}
	return p, m.base.problems
}

// Map returns a DB in which every package p is replaced by f(p); nil drops it.
// f must not modify p and must be safe for concurrent use. Map reads all
// entries; use MapLazy where most names stay the same.
func (d *DB) Map(f func(*metadata.Package) *metadata.Package) *DB {
	return d.MapLazy(func(atom.CP) bool { return true }, f)
}

// MapLazy is Map for an f that changes CPV only of packages for whose recorded
// name moves reports true; all others are read when asked for.
func (d *DB) MapLazy(moves func(atom.CP) bool, f func(*metadata.Package) *metadata.Package) *DB {
	out := &DB{root: d.root, workers: d.workers, listed: d.listed, scratches: d.scratches}
	if d.recorded != nil {
		out.recorded = d.recorded.MapLazy(moves, f)
	}
	scratch := d.scratches.get()
	defer d.scratches.put(scratch)
	entries := make([]*entry, 0, len(d.entries))
	for _, e := range d.entries {
		m := &entry{cpv: e.cpv, path: e.path, from: mapped{e, f}}
		if moves(e.cpv.CP) {
			p := m.get(scratch)
			if p == nil && len(m.problems) == 0 {
				continue
			}
			if p != nil {
				m.cpv = p.CPV
			}
		}
		entries = append(entries, m)
	}
	out.index(entries)
	return out
}

// Recorded is the DB without dynamic dependencies: packages as they were
// recorded, but for what Map changed.
func (d *DB) Recorded() *DB {
	if d.recorded != nil {
		return d.recorded
	}
	return d
}
