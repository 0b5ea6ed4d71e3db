// Package vdb reads the database of installed packages, /var/db/pkg, and the
// world files of a ROOT.
package vdb

import (
	"context"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// DB is the installed packages of one ROOT, read once, immutable.
type DB struct{}

// Options of Open.
type Options struct {
	Root    string // ROOT with EPREFIX
	Workers int    // 0 = number of CPUs
}

// Open reads all entries under Root/var/db/pkg. A damaged or half-written
// entry becomes a Problem and is skipped. A missing directory is an empty DB.
func Open(ctx context.Context, o Options) (*DB, error) { panic("stub") }

// All installed packages sorted by CPV.
func (d *DB) All() []*metadata.Package { panic("stub") }

// Packages of one name, ascending by version.
func (d *DB) Packages(cp atom.CP) []*metadata.Package { panic("stub") }

// Problem is an entry that was skipped.
type Problem struct {
	Path string
	Err  error
}

func (d *DB) Problems() []Problem { panic("stub") }

// WithDynamicDeps returns a DB in which the dependency variables, EAPI and KEYWORDS of a package
// come from the ebuild of the same version and repository where there is one (find
// returns it or nil), the recorded built slot-operator atoms appended (unless ignoreBuilt). The rules
// are those of emerge --dynamic-deps=y.
func (d *DB) WithDynamicDeps(find func(p *metadata.Package) *metadata.Package, ignoreBuilt bool) *DB {
	panic("stub")
}

// World is the content of var/lib/portage/world and world_sets.
type World struct {
	Atoms    []WorldAtom
	Sets     []WorldAtom // "@name"
	Problems []Problem
}

type WorldAtom struct {
	Text   string
	Atom   *atom.Atom // nil for a set
	Source metadata.Source
}

// ReadWorld reads the world files of root; missing files are empty.
func ReadWorld(root string) (*World, error) { panic("stub") }
