package portsolve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/internal/query"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Why says which arguments lead to a package, named as on the command line of
// resolve, and through which dependencies. Without arguments in the request it
// looks at what is installed, for @world; with arguments at what the request
// selects. all lists every dependency on every way instead of one shortest way.
// The answer has no packages if none of that name is there. The error is ctx's,
// a *UsageError or an *InputError.
func (s *System) Why(ctx context.Context, word string, r Request, all bool) (*answer.Reasons, error) {
	res := &answer.Reasons{
		Schema: answer.Schema, Asked: word, For: emptyNotNil(r.Args), Packages: []answer.Explained{}, Suggestions: []string{},
	}
	x, err := s.expand(ctx, Request{Args: []string{word}, Options: r.Options})
	if err != nil {
		return nil, inputError(ctx, err)
	}
	for _, m := range x.missing {
		res.Suggestions = append(res.Suggestions, m.Suggestions...)
	}
	if len(x.args) == 0 {
		return res, nil
	}
	g, c, err := s.graph(ctx, r)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	seen := map[*query.Package]bool{}
	for _, arg := range x.args {
		for i := range arg.Atoms {
			for _, p := range g.Match(arg.Root, arg.Atoms[i].Atom) {
				if !seen[p] {
					seen[p] = true
					res.Packages = append(res.Packages, s.explain(g, p, all))
				}
			}
		}
	}
	if c != nil {
		leavesAlone(res, c.result(), x.args)
	}
	if len(res.Packages)+len(res.HeldBack)+len(res.Removed) == 0 && len(x.args[0].Atoms) == 1 && !s.isKnown(x.args[0].Atoms[0].Atom.CP) {
		res.Suggestions = append(res.Suggestions, s.similarNames(x.args[0].Atoms[0].Atom.CP)...)
	}
	return res, nil
}

// leavesAlone finds updates of the packages in question that the request does not make, and what it removes of them.
func leavesAlone(out *answer.Reasons, res *Result, args []universe.Arg) {
	asked := func(cpv atom.CPV) bool {
		return slices.ContainsFunc(args, func(a universe.Arg) bool {
			return slices.ContainsFunc(a.Atoms, func(m universe.ArgAtom) bool { return m.Atom.MatchVersion(cpv) })
		})
	}
	for _, h := range res.HeldBack {
		if cpv, err := atom.ParseCPV(h.CPV); err == nil && asked(cpv) {
			out.HeldBack = append(out.HeldBack, h)
		}
	}
	for i := range res.Plan {
		if e := &res.Plan[i]; e.Action == answer.Uninstall && asked(e.Package.CPV) {
			out.Removed = append(out.Removed, *e)
		}
	}
}

// graph is what a request selects, with the composer of its plan, or without
// arguments what is installed.
func (s *System) graph(ctx context.Context, r Request) (*query.Graph, *composer, error) {
	if len(r.Args) == 0 {
		g, err := s.installedGraph(ctx, r.Options)
		return g, nil, err
	}
	problem, missing, err := s.problem(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	if len(missing) > 0 {
		return nil, nil, &UsageError{errNoPackage(missing[0].Atom, missing[0].Suggestions)}
	}
	c, err := s.attempts(ctx, problem)
	if err != nil {
		return nil, nil, err
	}
	if c.outcome.Selection == nil {
		return &query.Graph{}, c, nil
	}
	return query.OfSelection(c.outcome.Selection, append(slices.Clone(problem.Request.Args), problem.Request.World...)), c, nil
}

func errNoPackage(name string, similar []string) error {
	if len(similar) == 0 {
		return fmt.Errorf("there is no package called %q", name)
	}
	return fmt.Errorf("there is no package called %q; did you mean %s?", name, strings.Join(similar, ", "))
}

// installedGraph needs no repositories: universe would read all names from them.
func (s *System) installedGraph(ctx context.Context, o universe.Options) (*query.Graph, error) {
	emergeopts.Normalize(&o)
	o.IgnoreWorld = false
	world, err := s.world(&o)
	if err != nil {
		return nil, err
	}
	roots, err := s.solverRoots(ctx, &o)
	if err != nil {
		return nil, err
	}
	for i := range roots {
		roots[i].Repos = nil
	}
	u := universe.New(ctx, roots, &universe.Request{Options: o})
	g := query.OfInstalled(u, world)
	return g, u.Err()
}

// explain writes down the ways to a package.
func (s *System) explain(g *query.Graph, p *query.Package, all bool) answer.Explained {
	pkg := p.Cand.Pkg
	e := answer.Explained{
		CPV: pkg.CPV.String(), Slot: pkg.Slot, SubSlot: pkg.SubSlot, Repo: pkg.Repo, Root: s.roots[p.Cand.Root].path,
		Installed: p.Cand.Installed(), Merge: p.Node != nil && p.Node.Merge, Path: []answer.PathStep{}, Parents: query.Parents(p),
	}
	if p.Node != nil {
		e.Rebuild = rebuiltFor(p.Node)
	}
	start, edges := query.Path(p)
	if start != nil {
		a := &start.Args[0]
		e.Path = append(e.Path, answer.PathStep{
			CPV: start.Cand.Pkg.CPV.String(), Arg: a.Text, Sets: setsOf(a), Source: a.Source.String(), Atom: a.Atom.String(),
		})
	}
	for _, d := range edges {
		e.Path = append(e.Path, answer.PathStep{CPV: d.To.Cand.Pkg.CPV.String(), Atom: d.Atom.String(), Kind: d.Kind.String()})
	}
	if all {
		for _, step := range query.AllPaths(g, p) {
			e.Links = append(e.Links, links(&step)...)
		}
	}
	return e
}

// setsOf leaves out the set that the argument itself names, and the path that
// says no more than the argument.
func setsOf(a *query.Arg) []string {
	return slices.DeleteFunc(slices.Clone(a.Sets), func(set string) bool { return set == a.Text })
}

// links lists what leads to one package directly. Variables of one package with
// the same atom are one link.
func links(step *query.Step) []answer.PathLink {
	var out []answer.PathLink
	to := step.Package.Cand.Pkg.CPV.String()
	for i := range step.Package.Args {
		a := &step.Package.Args[i]
		out = append(out, answer.PathLink{To: to, Arg: a.Text, Source: a.Source.String(), Atom: a.Atom.String()})
	}
	at := map[[2]string]int{}
	for _, d := range step.In {
		from, key := d.From.Cand.Pkg.CPV.String(), d.Atom.String()
		if d.Atom.SlotOp == atom.SlotOpEqual { // ":=" of the ebuild and ":0/1=" as recorded are one dependency
			key = d.Atom.WithSlot("", "", atom.SlotOpEqual).String()
		}
		i, ok := at[[2]string{from, key}]
		if !ok {
			i = len(out)
			at[[2]string{from, key}] = i
			out = append(out, answer.PathLink{From: from, To: to, Atom: d.Atom.String()})
		}
		if k := d.Kind.String(); !slices.Contains(out[i].Kinds, k) {
			out[i].Kinds = append(out[i].Kinds, k)
		}
	}
	return out
}

// rebuiltFor lists the packages whose change makes the rebuild of a node necessary.
func rebuiltFor(n *universe.Node) []string {
	var out []string
	for _, w := range n.Why {
		if w.Rebuild != "" && !slices.Contains(out, w.Rebuild) {
			out = append(out, w.Rebuild)
		}
	}
	return out
}

// Graph is what a request selects with all dependencies between it, or without
// arguments what is installed. The errors are those of Resolve.
func (s *System) Graph(ctx context.Context, r Request) (*answer.Graph, error) {
	g, c, err := s.graph(ctx, r)
	if err != nil {
		return nil, inputError(ctx, err)
	}
	res := &answer.Graph{
		Schema: answer.Schema, For: emptyNotNil(r.Args), Status: answer.NothingToDo, Packages: []answer.GraphNode{}, Edges: []answer.GraphEdge{},
	}
	var step map[*universe.Node]int
	if c != nil {
		res.Status = c.result().Status
		step = c.index
	}
	for _, p := range g.Packages {
		res.Packages = append(res.Packages, s.graphNode(p, step))
		for _, e := range p.Out {
			res.Edges = append(res.Edges, answer.GraphEdge{From: p.Index, To: e.To.Index, Kind: e.Kind.String(), Atom: e.Atom.String()})
		}
	}
	return res, nil
}

func (s *System) graphNode(p *query.Package, step map[*universe.Node]int) answer.GraphNode {
	pkg := p.Cand.Pkg
	n := answer.GraphNode{CPV: pkg.CPV.String(), Slot: pkg.Slot, SubSlot: pkg.SubSlot, Repo: pkg.Repo, Root: s.roots[p.Cand.Root].path}
	for _, a := range p.Args {
		if !slices.Contains(n.Args, a.Text) {
			n.Args = append(n.Args, a.Text)
		}
	}
	if p.Node == nil {
		return n
	}
	n.Merge, n.Rebuild = p.Node.Merge, rebuiltFor(p.Node)
	if i, ok := step[p.Node]; ok {
		n.Step = &i
	}
	if p.Node.Merge {
		n.Replaces = cpvs(p.Node.Replaces)
	}
	return n
}

func cpvs(list []*universe.Candidate) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.Pkg.CPV.String())
	}
	return out
}

// emptyNotNil makes JSON write [] for nothing.
func emptyNotNil(list []string) []string { return append([]string{}, list...) }

// reasons turns exclusions into plain data.
func reasons(list []metadata.Exclusion) []answer.Reason {
	var out []answer.Reason
	for _, x := range list {
		out = append(out, answer.Reason{
			Kind: string(x.Kind), Text: x.Detail, Source: x.Source.String(), Tokens: x.Tokens, Comment: x.Source.Comment,
		})
	}
	return out
}
