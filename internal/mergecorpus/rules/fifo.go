package rules

import (
	"slices"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// fifoInstalled: Portage cannot install the package because its image has a FIFO. Ours has installed just what the package
// file has, and removes it again when asked to.
func fifoInstalled(v *view, d *mergecorpus.Difference) bool {
	switch d.Area {
	case mergecorpus.InExit:
		return v.worksOnlyHere(v.hasFIFO)
	case mergecorpus.InVDB:
		return v.entryOnlyHere(d, v.hasFIFO)
	case mergecorpus.InRoot:
		return v.completeOnlyHere(d, v.hasFIFO) || v.removedFIFO(d)
	}
	return false
}

func (v *view) hasFIFO(cpv string) bool {
	return slices.ContainsFunc(*v.got.vdb[cpv].Contents, func(l mergecorpus.ContentsLine) bool { return l.Type == "fif" })
}

// removedFIFO: the package that only ours had installed is gone.
func (v *view) removedFIFO(d *mergecorpus.Difference) bool {
	return slices.ContainsFunc(v.goneHere(), func(cpv string) bool { return v.excusedEntry(cpv) > 0 }) && v.removedOnlyHere(d)
}
