package search

import (
	"sort"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// preferOld moves binary packages that --useoldpkg-atoms names before what would have to be built, whatever its
// version (emerge(1)).
func (w *walk) preferOld(list []*universe.Candidate) {
	if len(w.s.oldPkg) == 0 {
		return
	}
	old := map[*universe.Candidate]bool{}
	for _, c := range list {
		for _, a := range w.s.oldPkg {
			if c.Pkg.Origin == metadata.Binary && c.Matches(a) {
				old[c] = true
			}
		}
	}
	if len(old) == 0 {
		return
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if old[a] == old[b] {
			return false // as they are
		}
		return old[a]
	})
}

// rebuilt reports whether a binary package of an installed version is another build of it, by --rebuilt-binaries: any
// other, so that a machine can follow its binhost; with --rebuilt-binaries-timestamp a later one.
func (w *walk) rebuilt(i, e *universe.Candidate) bool {
	if !w.o.RebuiltBinaries.Or(false) || e.Pkg.Origin != metadata.Binary || e.Pkg.BuildTime == 0 {
		return false
	}
	if since := int64(w.o.RebuiltBinariesTimestamp); since > 0 {
		return e.Pkg.BuildTime > i.Pkg.BuildTime && e.Pkg.BuildTime > since
	}
	return e.Pkg.BuildTime != i.Pkg.BuildTime
}
