package scenario

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// Write saves what a resolution depends on as a scenario without expectation:
// parsing it gives a world with the same answer. names lists the package names
// to save of the repositories; nil saves everything the request can reach
// through any version and any USE setting. What the configuration says of a package is saved as
// its outcome (USE, MASKED), not as rules; the places of settings are lost. The output is
// the same for the same world.
func Write(ctx context.Context, w io.Writer, roots []universe.Root, req *universe.Request, names []atom.CP) error {
	if names == nil {
		var err error
		if names, err = Reachable(ctx, roots, req); err != nil {
			return err
		}
	}
	names = slices.Clone(names)
	slices.SortFunc(names, atom.CP.Compare)
	wr := &writer{asked: map[atom.CP][]string{}}
	if err := wr.loadAll(ctx, roots, req, slices.Compact(names)); err != nil {
		return err
	}
	wr.request(req)
	wr.avoid(req)
	for root := range roots {
		wr.root(universe.RootID(root), &roots[root])
	}
	_, err := w.Write(wr.buf.Bytes())
	return err
}

type writer struct {
	buf   bytes.Buffer
	repos [][][]*metadata.Package // by root and repository
	asked map[atom.CP][]string    // flags that USE dependencies ask of a name
}

// loadAll reads the packages and notes which flags are asked for by name,
// because a policy cannot list the implicit ones.
func (wr *writer) loadAll(ctx context.Context, roots []universe.Root, req *universe.Request, names []atom.CP) error {
	for i := range roots {
		var repos [][]*metadata.Package
		for _, r := range roots[i].Repos {
			var all []*metadata.Package
			for _, cp := range names {
				pkgs, err := r.Packages(ctx, cp)
				if err != nil {
					return err
				}
				all = append(all, pkgs...)
			}
			wr.noteFlags(all)
			repos = append(repos, all)
		}
		wr.noteFlags(roots[i].Installed)
		wr.repos = append(wr.repos, repos)
	}
	for _, args := range [][]universe.Arg{req.Args, req.World} {
		for i := range args {
			for _, m := range args[i].Atoms {
				wr.noteAtom(m.Atom)
			}
		}
	}
	for cp, flags := range wr.asked {
		wr.asked[cp] = metadata.NewUseSet(flags)
	}
	return nil
}

func (wr *writer) noteFlags(pkgs []*metadata.Package) {
	for _, p := range pkgs {
		eachDepend(p, func(n *depend.Node) { n.Atoms(wr.noteAtom) })
	}
}

func (wr *writer) noteAtom(a *atom.Atom) {
	for _, u := range a.Use {
		if !slices.Contains(wr.asked[a.CP], u.Flag) {
			wr.asked[a.CP] = append(wr.asked[a.CP], u.Flag)
		}
	}
}

func eachDepend(p *metadata.Package, f func(*depend.Node)) {
	for k := metadata.DepKind(0); k < metadata.NumDepKinds; k++ {
		if n, err := p.Deps(k); err == nil && n != nil {
			f(n)
		}
	}
}

// Reachable lists the names that a request can lead to, whatever versions and
// USE flags are chosen: those of the request, of world and of the installed
// packages, and of all dependencies of all their versions.
func Reachable(ctx context.Context, roots []universe.Root, req *universe.Request) ([]atom.CP, error) {
	seen := map[atom.CP]bool{}
	var queue []atom.CP
	visit := func(a *atom.Atom) {
		if !seen[a.CP] {
			seen[a.CP] = true
			queue = append(queue, a.CP)
		}
	}
	for _, args := range [][]universe.Arg{req.Args, req.World} {
		for i := range args {
			for _, m := range args[i].Atoms {
				visit(m.Atom)
			}
		}
	}
	for i := range roots {
		for _, p := range roots[i].Installed {
			visit(&atom.Atom{CP: p.CPV.CP})
			eachDepend(p, func(n *depend.Node) { n.Atoms(visit) })
		}
	}
	for at := 0; at < len(queue); at++ {
		for i := range roots {
			for _, r := range roots[i].Repos {
				pkgs, err := r.Packages(ctx, queue[at])
				if err != nil {
					return nil, err
				}
				for _, p := range pkgs {
					eachDepend(p, func(n *depend.Node) { n.Atoms(visit) })
				}
			}
		}
	}
	return queue, nil
}

func (wr *writer) request(req *universe.Request) {
	fmt.Fprintf(&wr.buf, "-- request --\n")
	for _, o := range optionWords(&req.Options) {
		fmt.Fprintln(&wr.buf, o)
	}
	sets := slices.Clone(req.World)
	for _, arg := range req.Args {
		switch {
		case arg.Exact != nil:
			fmt.Fprintf(&wr.buf, "file:%s::%s\n", arg.Exact.CPV, arg.Exact.Repo)
		case arg.Set:
			fmt.Fprintln(&wr.buf, arg.Text)
			if !slices.ContainsFunc(sets, func(s universe.Arg) bool { return s.Text == arg.Text }) {
				sets = append(sets, arg)
			}
		default:
			for _, m := range arg.Atoms {
				fmt.Fprintln(&wr.buf, m.Atom)
			}
		}
	}
	for i, s := range sets {
		kind := "set"
		if i < len(req.World) {
			kind = "world"
		}
		fmt.Fprintf(&wr.buf, "-- %s %s%s --\n", kind, s.Text, rootSuffix(s.Root))
		for _, m := range s.Atoms {
			fmt.Fprintln(&wr.buf, strings.Join(append([]string{m.Atom.String()}, m.Sets...), " "))
		}
	}
}

func rootSuffix(root universe.RootID) string {
	if root == universe.Target {
		return " target"
	}
	return ""
}

func (wr *writer) root(id universe.RootID, r *universe.Root) {
	for i, repo := range r.Repos {
		fmt.Fprintf(&wr.buf, "-- repo %s%s --\n", repo.Name, rootSuffix(id))
		for _, p := range wr.repos[id][i] {
			wr.pkg(p, r.Policy)
		}
	}
	fmt.Fprintf(&wr.buf, "-- installed%s --\n", rootSuffix(id))
	for _, p := range r.Installed {
		wr.pkg(p, r.Policy)
	}
	fmt.Fprintf(&wr.buf, "-- provided%s --\n", rootSuffix(id))
	for _, cpv := range r.Provided {
		fmt.Fprintln(&wr.buf, cpv)
	}
	if len(r.System) == 0 {
		return
	}
	fmt.Fprintf(&wr.buf, "-- system%s --\n", rootSuffix(id))
	for _, a := range r.System {
		fmt.Fprintln(&wr.buf, a)
	}
}

// pkg writes one package line.
func (wr *writer) pkg(p *metadata.Package, pol universe.Policy) {
	b := &wr.buf
	b.WriteString(p.CPV.String())
	if p.Built() && p.Repo != "gentoo" {
		b.WriteString("::" + p.Repo)
	}
	put := func(key, value string, unless string) {
		if value != unless {
			b.WriteString(" " + key + "=" + quoteValue(value))
		}
	}
	put("EAPI", p.EAPIName, defaultEAPI)
	slot := p.Slot
	if p.SubSlot != "" && p.SubSlot != p.Slot {
		slot += "/" + p.SubSlot
	}
	put("SLOT", slot, "0")
	put("KEYWORDS", strings.Join(p.Keywords, " "), "amd64")
	var iuse []string
	for _, f := range p.IUSE {
		if f.Default != 0 {
			f.Name = string(rune(f.Default)) + f.Name
		}
		iuse = append(iuse, f.Name)
	}
	put("IUSE", strings.Join(iuse, " "), "")
	wr.outcome(p, pol, put)
	for _, k := range rawVariables {
		unless := ""
		if k == "RDEPEND" && !p.Built() && p.EAPI != nil && p.EAPI.RDependFromDepend {
			unless = p.Var("DEPEND") // the default of Parse
		}
		put(k, p.Var(k), unless)
	}
	for _, n := range [...]struct {
		key   string
		value int64
	}{{"BUILD_TIME", p.BuildTime}, {"COUNTER", p.Counter}, {"BUILD_ID", int64(p.BuildID)}} {
		put(n.key, fmt.Sprint(n.value), "0")
	}
	if p.Invalid != nil {
		put("INVALID", p.Invalid.Error(), "")
	}
	b.WriteByte('\n')
}

// outcome writes what the configuration makes of the package.
func (wr *writer) outcome(p *metadata.Package, pol universe.Policy, put func(key, value, unless string)) {
	use := strings.Join(pol.Use(p), " ")
	const always = "\x00" // equal to no value
	unless := always
	if len(p.IUSE) == 0 && use == "" {
		unless = ""
	}
	put("USE", use, unless)
	if p.Built() {
		put("USE_NOW", strings.Join(pol.UseFromConfig(p), " "), unless)
	}
	var implicit, force, mask []string
	for _, f := range wr.asked[p.CPV.CP] {
		if !p.HasIUSE(f) && pol.HasFlag(p, f) {
			implicit = append(implicit, f)
		}
	}
	for _, f := range p.IUSE {
		_, forced, masked, _ := pol.ExplainUse(p, f.Name)
		if forced {
			force = append(force, f.Name)
		}
		if masked {
			mask = append(mask, f.Name)
		}
	}
	put("IMPLICIT", strings.Join(implicit, " "), "")
	put("USE_FORCE", strings.Join(force, " "), "")
	put("USE_MASK", strings.Join(mask, " "), "")
	var masked []string
	unless = always
	for _, x := range pol.Exclusions(p) {
		masked = append(masked, strings.TrimSuffix(string(x.Kind)+": "+strings.Join(x.Tokens, " "), ": "))
	}
	if p.EAPI != nil && p.Invalid == nil && strings.Join(p.Keywords, " ") == "amd64" {
		unless = "" // Parse finds such a package visible by itself
	}
	put("MASKED", strings.Join(masked, "; "), unless)
}
