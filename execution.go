package portsolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/merge/resume"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/removal"
	"github.com/portsolve/portsolve/solver/universe"
	"github.com/portsolve/portsolve/vdb"
)

// Execution is an answer made ready to be carried out: runs of package merge, and
// what changes in the world files apart from them.
type Execution struct {
	// Runs, in order; neighbours are for different roots.
	Runs []MergeRun
	// Target is the root that the request is for; the world files are its.
	Target merge.Target
	// World changes before the first run: sets, and what is installed already.
	World vdb.WorldEdit
	// Favorites and Options are what a resumed run has to know of the request.
	Favorites []string
	Options   map[string]any
	// merges: there is something to resume if it is interrupted.
	// Dropped are packages of the list for --resume that are left out, because they need what is not there.
	Dropped []Refused
	merges  bool
	unbound bool         // a saved plan, carried out whatever is installed
	resumed *resume.List // what it goes on with, nil if it is new
	sys     *System
	trust   *trust
	remote  []remoteStep          // what is still to be fetched
	across  map[stepRef][]stepRef // what steps need of earlier runs
	paths   map[string]string     // the roots' names, by Target.Root
}

// MergeRun is what merge.Run takes.
type MergeRun struct {
	Plan   merge.Plan
	Target merge.Target
}

// ErrNothingRemoved is Execution's error for a removal of what is not installed, or may not go.
var ErrNothingRemoved = errors.New("nothing of what was named can be removed")

// Execution turns an answer of this system, or one read back from JSON, into
// what carries it out. A *RefusedError names every package that would have to be built;
// an answer that is not solved, or that was made for other roots, is a *UsageError.
func (s *System) Execution(ctx context.Context, res *Result) (*Execution, error) {
	if err := executable(res); err != nil {
		return nil, err
	}
	x, err := s.newExecutor(ctx)
	if err != nil {
		return nil, err
	}
	x.out.World.Add, x.rejected = res.Select, res.Binaries
	if res.Removal != nil {
		return x.removal(res)
	}
	for i := range res.Plan {
		x.index = append(x.index, stepRef{-1, -1})
		if err := x.entry(&res.Plan[i]); err != nil {
			return nil, err
		}
	}
	if len(x.refused.Packages) > 0 {
		return nil, &x.refused
	}
	x.markBlocked(res)
	x.out.merges = true
	for i := range res.Plan {
		x.out.Favorites = append(x.out.Favorites, res.Plan[i].Select...)
	}
	x.out.Favorites = append(x.out.Favorites, res.Select...)
	return x.out, nil
}

func (s *System) newExecutor(ctx context.Context) (*executor, error) {
	trust, err := s.newTrust(s.target())
	if err != nil {
		return nil, err
	}
	x := &executor{ctx: ctx, sys: s, out: &Execution{
		Target: s.mergeTarget(s.target()), sys: s, trust: trust, paths: map[string]string{},
	}}
	for _, r := range s.roots {
		x.out.paths[s.mergeTarget(r).Root] = r.path
	}
	return x, nil
}

func executable(res *Result) error {
	switch {
	case res.Schema != answer.Schema:
		return &UsageError{fmt.Errorf("the plan has schema %d; %d is known", res.Schema, answer.Schema)}
	case res.Removal != nil && res.Removal.Blocked:
		return &UsageError{errors.New("nothing may be removed while dependencies are missing")}
	case res.Status == answer.Unsolvable:
		return &UsageError{errors.New("the plan has no solution that could be carried out")}
	case res.Status == answer.ChangesNeeded:
		return &UsageError{errors.New("the plan needs changes of the configuration first")}
	case !res.Ordered && len(res.Plan) > 0:
		return &UsageError{errors.New("the plan has no order in which it could be carried out")}
	}
	return nil
}

// executor translates one answer.
type executor struct {
	ctx     context.Context
	sys     *System
	out     *Execution
	refused RefusedError
	index   []stepRef // of the answer's entries
	// rejected are the binary packages that the answer does not use; judge judges others, once it is needed.
	rejected []answer.RejectedBinary
	judge    *universe.Universe
}

// stepRef is where a step is; -1 nowhere.
type stepRef struct{ run, step int }

// step appends a step to the run of its root.
func (x *executor) step(rootPath string, step merge.Step) error {
	r := x.sys.rootByPath(rootPath)
	if r == nil {
		return &UsageError{fmt.Errorf("%s is planned for the root %s, but the roots here are %s", step.CPV, rootPath, x.sys.rootPaths())}
	}
	target := x.sys.mergeTarget(r)
	last := len(x.out.Runs) - 1
	if last < 0 || x.out.Runs[last].Target.Root != target.Root {
		x.out.Runs = append(x.out.Runs, MergeRun{Target: target})
		last++
	}
	x.out.Runs[last].Plan.Steps = append(x.out.Runs[last].Plan.Steps, step)
	if n := len(x.index); n > 0 {
		x.index[n-1] = stepRef{last, len(x.out.Runs[last].Plan.Steps) - 1}
	}
	return nil
}

func (s *System) rootByPath(path string) *root {
	for _, r := range s.roots {
		if r.path == path {
			return r
		}
	}
	return nil
}

func (s *System) rootPaths() string {
	var paths []string
	for _, r := range s.roots {
		paths = append(paths, r.path)
	}
	return strings.Join(paths, " and ")
}

func (x *executor) entry(e *answer.Entry) error {
	switch {
	case e.Action == answer.BlockerEntry:
		return nil
	case e.Action == answer.Uninstall:
		return x.step(e.Root, merge.Step{Action: merge.Uninstall, CPV: e.CPV, Slot: e.Slot, Reason: blockedBy(e)})
	case e.Action != answer.Merge:
		return &UsageError{fmt.Errorf("the plan has the unknown action %q for %s", e.Action, e.CPV)}
	case e.Type == "binary":
		return x.binary(e)
	}
	reasons, err := x.whyNoBinary(e)
	x.refused.Packages = append(x.refused.Packages, Refused{CPV: e.CPV, Root: e.Root, Reasons: reasons})
	return err
}

// binary is the step for a binary package, with what its index says of the file.
func (x *executor) binary(e *answer.Entry) error {
	p := e.Package
	if p == nil { // a saved answer
		var err error
		if p, err = x.sameFile(e); err != nil {
			return err
		}
	}
	step := merge.Step{Action: merge.Install, CPV: e.CPV, Slot: e.Slot, File: e.File, BuildID: e.BuildID, Select: e.Select}
	if p != nil {
		d := binpkg.DigestsOf(p)
		step.MD5, step.SHA1, step.Size = d.MD5, d.SHA1, d.Size
	}
	if err := x.step(e.Root, step); err != nil {
		return err
	}
	at := len(x.index) - 1
	x.isRemote(x.index[at], p)
	for _, a := range e.After {
		if a.Entry >= 0 && a.Entry < at {
			x.comesAfter(at, a.Entry)
		}
	}
	return nil
}

// comesAfter notes that an entry needs an earlier one. Where the two are in different runs the execution looks after it.
func (x *executor) comesAfter(at, earlier int) {
	ref, needs := x.index[at], x.index[earlier]
	switch {
	case needs.run < 0:
	case needs.run != ref.run:
		if x.out.across == nil {
			x.out.across = map[stepRef][]stepRef{}
		}
		x.out.across[ref] = append(x.out.across[ref], needs)
	default:
		s := &x.out.Runs[ref.run].Plan.Steps[ref.step]
		s.After = append(s.After, needs.step)
		slices.Sort(s.After)
		s.After = slices.Compact(s.After)
	}
}

// isRemote notes a step whose package is a binhost's: it has to be fetched first, or found where the binhost is a directory.
func (x *executor) isRemote(ref stepRef, p *metadata.Package) {
	if p != nil && p.Remote {
		x.out.remote = append(x.out.remote, remoteStep{ref, p})
	}
}

// sameFile is what PKGDIR knows of the file of an entry, nil if nothing.
func (x *executor) sameFile(e *answer.Entry) (*metadata.Package, error) {
	cpv, err := atom.ParseCPV(e.CPV)
	if err != nil {
		return nil, &UsageError{err}
	}
	r := x.sys.rootByPath(e.Root)
	if r == nil {
		return nil, nil
	}
	b, err := x.sys.binaries(x.ctx, r, e.Remote)
	if err != nil {
		return nil, inputError(x.ctx, err)
	}
	pkgs, err := b.Packages(x.ctx, cpv.CP)
	if err != nil {
		return nil, inputError(x.ctx, err)
	}
	for _, p := range pkgs {
		if p.File == e.File && p.CPV.Version == cpv.Version && p.BuildID == e.BuildID {
			return p, nil
		}
	}
	return nil, nil
}

func blockedBy(e *answer.Entry) string {
	for _, w := range e.Why {
		if w.Parent != "" {
			return "blocked by " + w.Parent
		}
	}
	return ""
}

// markBlocked tells the step of a package which installed ones it takes files
// over from, because the plan removes them later for its sake.
func (x *executor) markBlocked(res *Result) {
	for i := range res.Plan {
		e := &res.Plan[i]
		if e.Action != answer.Uninstall {
			continue
		}
		for _, w := range e.Why {
			for r := range x.out.Runs {
				steps := x.out.Runs[r].Plan.Steps
				for k := range steps {
					if steps[k].Action == merge.Install && steps[k].CPV == w.Parent && !slices.Contains(steps[k].Blocks, e.CPV) {
						steps[k].Blocks = append(steps[k].Blocks, e.CPV)
					}
				}
			}
		}
	}
}

// removal is an answer of depclean and its like.
func (x *executor) removal(res *Result) (*Execution, error) {
	r := res.Removal
	switch {
	case r.Action == actionDeselect:
		x.out.World.Remove = r.Deselected
		return x.out, nil
	case r.Action == removal.DepClean && r.Everything && r.World+r.System == 0:
		return nil, errors.New("neither the world file nor @system names anything, so every package would go; " +
			"nothing is removed (record what is wanted: portsolve merge --noreplace PACKAGE)")
	case len(r.CleanList) == 0 && !r.Everything:
		return nil, ErrNothingRemoved
	}
	goes := slices.Clone(r.Deselected)
	for i, text := range r.CleanList {
		cpv, err := atom.ParseCPV(text)
		if err != nil {
			return nil, &UsageError{err}
		}
		step := merge.Step{Action: merge.Uninstall, CPV: text}
		if !slices.ContainsFunc(r.CleanList[i+1:], func(later string) bool { return sameName(later, cpv.CP) }) {
			goes = slices.DeleteFunc(goes, func(entry string) bool {
				a, err := atom.ParseWildcard(entry)
				if err != nil || a.CP != cpv.CP {
					return false
				}
				step.Deselect = append(step.Deselect, entry)
				return true
			})
		}
		if err := x.step(r.Root, step); err != nil {
			return nil, err
		}
	}
	return x.out, nil
}

func sameName(cpv string, name atom.CP) bool {
	c, err := atom.ParseCPV(cpv)
	return err == nil && c.CP == name
}
