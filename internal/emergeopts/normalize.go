package emergeopts

import "github.com/portsolve/portsolve/solver/universe"

// Normalize resolves what options imply, as emerge(1) describes it, so that
// the solver looks at one field per question. Calling it twice changes nothing.
//
//   - --usepkgonly and the --getbinpkg family imply --usepkg;
//   - --update, --newuse, --changed-use, --changed-deps, --changed-slot,
//     --newrepo and --update-if-installed imply --selective unless it was
//     switched off;
//   - --emptytree looks at the whole tree (--deep) and reinstalls all of it,
//     so it cancels --selective;
//   - --nodeps cancels --deep, --complete-graph and --dynamic-deps;
//   - --rebuild-if-new-rev, -ver and -unbuilt need the complete graph;
//   - --with-bdeps is "auto" unless --usepkg is given or --with-bdeps-auto=n;
//   - --rebuilt-binaries is on with --usepkgonly, --update and unlimited --deep.
func Normalize(o *universe.Options) {
	if o.GetBinPkgOnly {
		o.GetBinPkg, o.UsePkgOnly = true, true
	}
	if o.GetBinPkg || o.UsePkgOnly {
		o.UsePkg = true
	}
	if o.Selective == universe.Unset && (o.Update || o.NewUse || o.ChangedUse || o.ChangedDeps ||
		o.ChangedSlot || o.NewRepo || o.UpdateIfInstalled) {
		o.Selective = universe.Yes
	}
	if o.RebuildIfNewRev || o.RebuildIfNewVer || o.RebuildIfUnbuilt {
		o.CompleteGraph = true
	}
	if o.RebuiltBinaries == universe.Unset && o.UsePkgOnly && o.Update && o.Deep == universe.Unlimited {
		o.RebuiltBinaries = universe.Yes
	}
	if o.EmptyTree {
		o.Deep, o.Selective = universe.Unlimited, universe.No
	}
	if o.NoDeps {
		o.Deep, o.CompleteGraph, o.DynamicDeps = 0, false, universe.No
	}
	if o.WithBdeps == "" && !o.UsePkg && o.WithBdepsAuto.Or(true) {
		o.WithBdeps = "auto"
	}
}
