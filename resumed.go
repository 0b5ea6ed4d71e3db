package portsolve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge"
	"github.com/portsolve/portsolve/merge/resume"
	"github.com/portsolve/portsolve/vdb"
)

// maxPlan bounds a saved plan, in bytes.
const maxPlan = 256 << 20

// ReadExecution reads a saved plan and makes it ready: an answer as answer.Encode
// writes it (resolve --format=json), which is returned too, or a merge.Plan for the root that requests are
// for. Nothing is resolved. Errors are those of Execution, and a *UsageError for what is neither.
func (s *System) ReadExecution(ctx context.Context, in io.Reader) (*Execution, *Result, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxPlan+1))
	if err != nil {
		return nil, nil, err
	}
	if len(text) > maxPlan {
		return nil, nil, &UsageError{fmt.Errorf("larger than %d bytes", maxPlan)}
	}
	var form struct {
		Steps  json.RawMessage `json:"steps"`
		Schema int             `json:"schema"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		return nil, nil, &UsageError{fmt.Errorf("this is no saved plan: %w", err)}
	}
	if form.Steps == nil {
		if form.Schema == 0 {
			return nil, nil, &UsageError{errors.New(`this is no saved plan: it has neither "schema" nor "steps" (portsolve resolve --format=json writes one)`)}
		}
		res := new(Result)
		if err := json.Unmarshal(text, res); err != nil {
			return nil, nil, &UsageError{fmt.Errorf("this is no saved plan: %w", err)}
		}
		x, err := s.Execution(ctx, res)
		if err == nil {
			x.unbound = true
		}
		return x, res, err
	}
	plan, err := merge.ReadPlan(bytes.NewReader(text))
	if err != nil {
		return nil, nil, &UsageError{err}
	}
	x, err := s.newExecutor(ctx)
	if err != nil {
		return nil, nil, err
	}
	x.out.Runs = []MergeRun{{Plan: *plan, Target: x.out.Target}}
	x.out.merges, x.out.unbound = true, true
	return x.out, nil, nil
}

// RootName is the root of a run as the user knows it, with a slash at its end.
func (x *Execution) RootName(run int) string { return x.paths[x.Runs[run].Target.Root] }

// ErrNothingToResume is ResumeExecution's error where no run was interrupted.
var ErrNothingToResume = errors.New("there is nothing to resume: the last run ended well")

// ResumeOptions of ResumeExecution.
type ResumeOptions struct {
	// SkipFirst leaves out the package that the last run ended with, and those whose dependencies are not
	// satisfied then (--skipfirst).
	SkipFirst bool
	// Remote looks for packages on binhosts, too (--getbinpkg).
	Remote bool
	// NoDeps merges packages whose dependencies are not satisfied, too (--nodeps).
	NoDeps bool
}

// ResumeExecution makes ready what an interrupted run, of Portage or of
// Execution.Run, has left to do. A *RefusedError names what would have to be built, or
// has no binary package any more; ErrNothingToResume says that nothing is left. Packages whose dependencies are neither
// installed nor in the list are a *BrokenListError, or with SkipFirst left out (Execution.Dropped).
func (s *System) ResumeExecution(ctx context.Context, o ResumeOptions) (*Execution, error) {
	fs, err := rootfs.Open(s.target().dir)
	if err != nil {
		return nil, &InputError{err}
	}
	defer fs.Close()
	store, problem, err := resume.Read(fs)
	if err != nil {
		return nil, &InputError{err}
	}
	list := store.Last()
	if list == nil {
		return nil, errors.Join(ErrNothingToResume, problem)
	}
	items := list.Items
	if o.SkipFirst {
		if items = items[1:]; len(items) == 0 {
			return nil, fmt.Errorf("%w but for %s, which is to be skipped", ErrNothingToResume, list.Items[0].CPV)
		}
	}
	x, err := s.newExecutor(ctx)
	if err != nil {
		return nil, err
	}
	x.out.merges, x.out.resumed, x.out.Favorites, x.out.Options = true, list, list.Favorites, list.Options
	left, err := x.leftOvers(items, o.Remote)
	if err != nil {
		return nil, err
	}
	if len(x.refused.Packages) > 0 {
		return nil, &x.refused
	}
	if noDeps, _ := list.Options["--nodeps"].(bool); !noDeps && !o.NoDeps {
		x.out.Dropped = left.dropBroken()
	}
	if len(x.out.Dropped) > 0 && (!o.SkipFirst || len(left.list) == 0) {
		return nil, &BrokenListError{x.out.Dropped}
	}
	oneShot, _ := list.Options["--oneshot"].(bool)
	for i := range left.list {
		if err := x.leftOver(left, i, list, oneShot); err != nil {
			return nil, err
		}
	}
	return x.out, nil
}

// BrokenListError says what of a list for --resume cannot be merged any more.
type BrokenListError struct{ Packages []Refused }

func (e *BrokenListError) Error() string {
	var b strings.Builder
	b.WriteString("the list of what was left has packages whose dependencies are not satisfied (--resume --skipfirst leaves them out, or merge them by name)")
	for _, p := range e.Packages {
		fmt.Fprintf(&b, "\n  %s for %s\n    %s", p.CPV, p.Root, strings.Join(p.Reasons, "\n    "))
	}
	return b.String()
}

// leftOvers finds the binary packages for what is left of an earlier run; what has none is refused.
func (x *executor) leftOvers(items []resume.Item, remote bool) (*leftOvers, error) {
	l := &leftOvers{sys: x.sys}
	for _, item := range items {
		cpv, err := atom.ParseCPV(item.CPV)
		if err != nil {
			return nil, &InputError{fmt.Errorf("/%s: %w", resume.File, err)}
		}
		r := x.sys.rootByPath(strings.TrimRight(item.Root, "/") + "/")
		if r == nil {
			return nil, &UsageError{fmt.Errorf("the list for --resume has %s for the root %s, but the roots here are %s", item.CPV, item.Root, x.sys.rootPaths())}
		}
		e := leftOver{item: item, cpv: cpv, root: r}
		if item.Action != resume.Uninstall {
			if e.pkg, err = x.newestBuild(r, cpv, remote); err != nil {
				return nil, err
			}
			if e.pkg == nil || item.Kind == resume.Ebuild {
				why := "it was to be built from its ebuild"
				if e.pkg == nil {
					why = "there is no binary package of this version"
				}
				x.refused.Packages = append(x.refused.Packages, Refused{CPV: item.CPV, Root: r.path, Reasons: []string{why}})
				continue
			}
		}
		l.list = append(l.list, e)
	}
	return l, nil
}

// leftOver appends the step for one of them.
func (x *executor) leftOver(l *leftOvers, at int, list *resume.List, oneShot bool) error {
	e := &l.list[at]
	x.index = append(x.index, stepRef{-1, -1})
	if e.pkg == nil {
		return x.step(e.root.path, merge.Step{Action: merge.Uninstall, CPV: e.item.CPV})
	}
	p := e.pkg
	step := merge.Step{Action: merge.Install, CPV: e.item.CPV, Slot: p.Slot, File: p.File, BuildID: p.BuildID}
	if e.root == x.sys.target() && !oneShot {
		step.Select = favoritesOf(p, list.Favorites)
	}
	d := binpkg.DigestsOf(p)
	step.MD5, step.SHA1, step.Size = d.MD5, d.SHA1, d.Size
	if err := x.step(e.root.path, step); err != nil {
		return err
	}
	x.isRemote(x.index[at], p)
	for _, before := range l.after(at) {
		x.comesAfter(at, before)
	}
	return nil
}

// newestBuild is the binary package of a version that was built last, nil if there is none.
func (x *executor) newestBuild(r *root, cpv atom.CPV, remote bool) (*metadata.Package, error) {
	b, err := x.sys.binaries(x.ctx, r, remote)
	if err != nil {
		return nil, inputError(x.ctx, err)
	}
	pkgs, err := b.Packages(x.ctx, cpv.CP)
	if err != nil {
		return nil, inputError(x.ctx, err)
	}
	for _, p := range slices.Backward(pkgs) {
		if p.CPV.Version == cpv.Version {
			return p, nil
		}
	}
	return nil, nil
}

// favoritesOf are the atoms among those that were asked for that name a package.
func favoritesOf(p *metadata.Package, favorites []string) []string {
	var out []string
	for _, f := range favorites {
		a, err := atom.ParseWildcard(f)
		if err == nil && !a.Wild && matchesPackage(a, p) {
			if name := vdb.WorldName(a); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}
