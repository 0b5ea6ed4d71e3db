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
	out := d.derived()
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

// derived is a DB like d without entries.
func (d *DB) derived() *DB {
	return &DB{
		root: d.root, workers: d.workers, listed: d.listed,
		recorded: d.Recorded(), scratches: d.scratches,
	}
}

// Recorded is the DB with every package as it stands on disk, before Map and
// WithDynamicDeps.
func (d *DB) Recorded() *DB {
	if d.recorded != nil {
		return d.recorded
	}
	return d
}
