// Package vdb reads and writes the database of installed packages, /var/db/pkg,
// and the world files of a ROOT. DB reads and never writes; Store and State write,
// through a tree of package rootfs and in a way that leaves the old or the new
// behind whenever the program ends (docs/portage-state.md).
//
// Opening lists directories only; an entry's files are read when somebody asks
// for that package, so a request that touches few packages costs little. All
// reads everything with all workers at once.
package vdb

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// DB is the installed packages of one ROOT. What it reports never changes
// (each entry is read at most once); it is safe for concurrent use.
type DB struct {
	root      string // ROOT with EPREFIX; "" for a DB made by New
	workers   int
	entries   []*entry // sorted by CPV
	byName    map[atom.CP]span
	listed    []Problem // found while listing directories
	recorded  *DB       // the DB without dynamic dependencies; nil if this is it
	scratches *scratchPool

	loadOnce sync.Once
	all      []*metadata.Package
	problems []Problem
}

// span is a range of DB.entries.
type span struct{ from, to int }

// Options of Open.
type Options struct {
	Root    string // ROOT with EPREFIX
	Workers int    // 0 = number of CPUs
}

// Problem is something wrong with an entry.
type Problem struct {
	Path string // of the file or directory
	Err  error  // for people
	// Kept says that the entry is used nevertheless (a field that nothing
	// depends on was unreadable); otherwise it was skipped.
	Kept bool
}

// String is one line for people.
func (p Problem) String() string {
	if p.Kept {
		return p.Path + ": " + p.Err.Error()
	}
	return p.Path + ": " + p.Err.Error() + "; entry ignored"
}

// Open lists the entries under Root/var/db/pkg. A damaged or half-written
// entry becomes a Problem and is skipped. A missing directory is an empty DB;
// the only errors are an unreadable var/db/pkg and the end of ctx.
func Open(ctx context.Context, o Options) (*DB, error) {
	root := o.Root
	if root == "" {
		root = "/"
	}
	entries, problems, err := list(ctx, filepath.Join(root, "var/db/pkg"))
	if err != nil {
		return nil, err
	}
	d := &DB{root: root, workers: o.Workers, listed: problems, scratches: new(scratchPool)}
	if d.workers <= 0 {
		d.workers = runtime.GOMAXPROCS(0)
	}
	d.index(entries)
	return d, nil
}

// New makes a DB of given packages, for tests and for callers that have their
// installed packages elsewhere. The packages are used as they are.
func New(packages []*metadata.Package) *DB {
	entries := make([]*entry, len(packages))
	for i, p := range packages {
		entries[i] = &entry{cpv: p.CPV, path: p.File, from: readyPackage{p}}
	}
	d := &DB{workers: 1, scratches: new(scratchPool)}
	d.index(entries)
	return d
}

// index sorts the entries and builds the lookup table.
func (d *DB) index(entries []*entry) {
	slices.SortStableFunc(entries, func(a, b *entry) int {
		if c := a.cpv.Compare(b.cpv); c != 0 {
			return c
		}
		// 1.0 and 1.0-r0 compare equal; keep the order independent of readdir.
		if a.path < b.path {
			return -1
		} else if a.path > b.path {
			return 1
		}
		return 0
	})
	d.entries = entries
	d.byName = make(map[atom.CP]span, len(entries))
	for i := 0; i < len(entries); {
		j := i + 1
		for j < len(entries) && entries[j].cpv.CP == entries[i].cpv.CP {
			j++
		}
		d.byName[entries[i].cpv.CP] = span{i, j}
		i = j
	}
}

// Root is the ROOT (with EPREFIX) the DB was read from, "" for one made by New.
func (d *DB) Root() string { return d.root }

// Names lists the names of all entries, sorted, without reading them; a few of
// them may turn out to be damaged.
func (d *DB) Names() []atom.CP {
	names := make([]atom.CP, 0, len(d.byName))
	for i, e := range d.entries {
		if i == 0 || d.entries[i-1].cpv.CP != e.cpv.CP {
			names = append(names, e.cpv.CP)
		}
	}
	return names
}

// Packages of one name, ascending by version; nil if none is installed.
func (d *DB) Packages(cp atom.CP) []*metadata.Package {
	s, ok := d.byName[cp]
	if !ok {
		return nil
	}
	scratch := d.scratches.get()
	defer d.scratches.put(scratch)
	var out []*metadata.Package
	for _, e := range d.entries[s.from:s.to] {
		if p := e.get(scratch); p != nil {
			out = append(out, p)
		}
	}
	return out
}

// All installed packages sorted by CPV. The slice is shared: do not modify it.
func (d *DB) All() []*metadata.Package {
	_ = d.Preload(context.Background())
	d.collect()
	return d.all
}

// Problems tells what is wrong with entries, sorted by path. It reads
// everything that has not been read yet.
func (d *DB) Problems() []Problem {
	_ = d.Preload(context.Background())
	d.collect()
	return d.problems
}

// Preload reads every entry that has not been read yet, with all workers. It
// returns early with the context's error. Calling it is never necessary.
func (d *DB) Preload(ctx context.Context) error {
	const batch = 16 // entries a worker takes at a time: few atomics, fair ends
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(d.workers, (len(d.entries)+batch-1)/batch) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			scratch := d.scratches.get()
			defer d.scratches.put(scratch)
			for ctx.Err() == nil {
				from := int(next.Add(batch)) - batch
				if from >= len(d.entries) {
					return
				}
				for _, e := range d.entries[from:min(from+batch, len(d.entries))] {
					e.get(scratch)
				}
			}
		}()
	}
	wg.Wait()
	return ctx.Err()
}

// collect gathers what the entries hold, once all are read.
func (d *DB) collect() {
	d.loadOnce.Do(func() {
		d.all = make([]*metadata.Package, 0, len(d.entries))
		d.problems = slices.Clone(d.listed)
		for _, e := range d.entries {
			if e.pkg != nil {
				d.all = append(d.all, e.pkg)
			}
			d.problems = append(d.problems, e.problems...)
		}
		slices.SortStableFunc(d.problems, func(a, b Problem) int {
			if a.Path < b.Path {
				return -1
			} else if a.Path > b.Path {
				return 1
			}
			return 0
		})
	})
}
