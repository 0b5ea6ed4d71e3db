package portsolve

import (
	"context"
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// packageFiles is a source with package files that the request names added. Of
// a file that is in PKGDIR, too, what the file itself says counts.
type packageFiles struct {
	others universe.Source // nil: none
	files  []*metadata.Package
}

// Packages implements universe.Source.
func (s *packageFiles) Packages(ctx context.Context, cp atom.CP) ([]*metadata.Package, error) {
	var out []*metadata.Package
	if s.others != nil {
		pkgs, err := s.others.Packages(ctx, cp)
		if err != nil {
			return nil, err
		}
		out = append(out, pkgs...)
	}
	for _, f := range s.files {
		if f.CPV.CP == cp {
			out = slices.DeleteFunc(out, func(p *metadata.Package) bool { return p.File == f.File })
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b *metadata.Package) int { return a.CPV.Version.Compare(b.CPV.Version) })
	return out, nil
}

// addPackageFiles makes the package files that a request names candidates of
// its root. Without --usepkg they are the only binary packages that may be used.
func addPackageFiles(roots []universe.Root, req *universe.Request) {
	byRoot := make([][]*metadata.Package, len(roots))
	for _, a := range req.Args {
		if a.Exact != nil && a.Exact.Origin == metadata.Binary {
			byRoot[a.Root] = append(byRoot[a.Root], a.Exact)
		}
	}
	o := &req.Options
	added := false
	for i, files := range byRoot {
		r := &roots[i]
		switch {
		case len(files) > 0 && (o.UsePkg || o.UsePkgOnly):
			r.Binaries = &packageFiles{others: r.Binaries, files: files}
		case len(files) > 0:
			r.Binaries, r.Unwanted = &packageFiles{files: files}, nil
			added = true
		}
	}
	if !added {
		return
	}
	o.UsePkg, o.BuildPkgProactive = true, false // the latter would need to see all the others
	for i := range roots {
		if len(byRoot[i]) == 0 {
			roots[i].Binaries, roots[i].Unwanted = nil, nil
		}
	}
}
