package portsolve

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
)

// downloads sums up what has to be fetched for a plan. A file that several
// packages need is fetched, and counted, once.
type downloads struct {
	sys     *System
	distdir string
	sizes   map[manifestKey]map[string]int64
	counted map[string]bool // files of earlier packages
	problem []string
}

type manifestKey struct {
	repo string
	cp   atom.CP
}

func (s *System) newDownloads() *downloads {
	d := &downloads{sys: s, sizes: map[manifestKey]map[string]int64{}, counted: map[string]bool{}}
	if dir := s.Var("DISTDIR"); dir != "" {
		d.distdir = s.onDisk(dir)
	}
	return d
}

// fill notes the size of the downloads of every package in a plan, in its order.
// It stays unknown where the repository has no Manifest, or one without the file.
func (d *downloads) fill(plan []answer.Entry) {
	for i := range plan {
		e := &plan[i]
		if e.Action != answer.Merge || e.Package == nil {
			continue
		}
		if e.Package.Origin == metadata.Ebuild {
			e.Download = d.missing(e.Package, func(flag string) bool { return e.Use[flag] })
		} else {
			e.Download = d.packageSize(e.Package)
		}
	}
}

// packageSize is what has to be fetched of a binary package: nothing of one that is here.
func (d *downloads) packageSize(p *metadata.Package) *int64 {
	var size int64
	if p.Remote && !d.sys.fetched(p) {
		n, err := strconv.ParseInt(p.Var("SIZE"), 10, 64)
		if err != nil || n < 0 {
			return nil
		}
		size = n
	}
	return &size
}

// missing is the size of the files of a package that are neither in DISTDIR nor
// counted for an earlier package.
func (d *downloads) missing(p *metadata.Package, use func(string) bool) *int64 {
	sizes := d.manifest(p)
	var sum int64
	for _, name := range distfiles(p, use) {
		size, known := sizes[name]
		if !known {
			return nil
		}
		if !d.counted[name] && !d.present(name, size) {
			sum += size
		}
		d.counted[name] = true
	}
	return &sum
}

func (d *downloads) manifest(p *metadata.Package) map[string]int64 {
	k := manifestKey{p.Repo, p.CPV.CP}
	if sizes, ok := d.sizes[k]; ok {
		return sizes
	}
	sizes, err := d.sys.manifest(p)
	if err != nil {
		d.problem = append(d.problem, err.Error())
	}
	d.sizes[k] = sizes
	return sizes
}

// present reports whether DISTDIR has a file in full.
func (d *downloads) present(name string, size int64) bool {
	if d.distdir == "" {
		return false
	}
	st, err := os.Stat(filepath.Join(d.distdir, name))
	return err == nil && st.Mode().IsRegular() && st.Size() == size
}

// manifest is the sizes of the source files of a package, nil if not known.
func (s *System) manifest(p *metadata.Package) (map[string]int64, error) {
	r := s.repos.ByName(p.Repo)
	if r == nil || p.Var("SRC_URI") == "" {
		return nil, nil
	}
	if alone, err := r.MetadataOnly(); alone || err != nil {
		return nil, err
	}
	return r.Distfiles(p.CPV.CP)
}

// totalSize is the size of everything that SRC_URI names, whatever the USE
// flags; nil if it is not known.
func (s *System) totalSize(p *metadata.Package) *int64 {
	sizes, err := s.manifest(p)
	if err != nil {
		return nil
	}
	var sum int64
	for _, name := range distfiles(p, nil) {
		size, known := sizes[name]
		if !known {
			return nil
		}
		sum += size
	}
	return &sum
}

// distfiles lists the names of the source files of a package, each once, in the
// order of SRC_URI; with use nil those of all USE flags.
func distfiles(p *metadata.Package, use func(string) bool) []string {
	tree, err := p.SrcURI()
	if err != nil || tree == nil {
		return nil
	}
	if use != nil {
		tree = tree.Evaluate(use)
	}
	var names []string
	seen := map[string]bool{}
	tree.Leaves(func(leaf *depend.Node) {
		name := leaf.Rename
		if name == "" {
			name = leaf.Text[strings.LastIndexByte(leaf.Text, '/')+1:]
		}
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	})
	return names
}

// downloads completes a result by what has to be fetched for its plan.
func (c *composer) downloads(r *Result) {
	d := c.sys.newDownloads()
	d.fill(r.Plan)
	r.Warnings = append(r.Warnings, d.problem...)
}
