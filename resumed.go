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
	// SkipFirst leaves out the package that the last run ended with (--skipfirst).
	SkipFirst bool
	// Remote looks for packages on binhosts, too (--getbinpkg).
	Remote bool
}

// ResumeExecution makes ready what an interrupted run, of Portage or of
// Execution.Run, has left to do. A *RefusedError names what would have to be built, or
// has no binary package any more; ErrNothingToResume says that nothing is left.
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
	oneShot, _ := list.Options["--oneshot"].(bool)
	for _, item := range items {
		if err := x.item(item, list, oneShot, o.Remote); err != nil {
			return nil, err
		}
	}
	if len(x.refused.Packages) > 0 {
		return nil, &x.refused
	}
	return x.out, nil
}

// item appends the step for what is left of an earlier run.
func (x *executor) item(item resume.Item, list *resume.List, oneShot, remote bool) error {
	cpv, err := atom.ParseCPV(item.CPV)
	if err != nil {
		return &InputError{fmt.Errorf("/%s: %w", resume.File, err)}
	}
	root := strings.TrimRight(item.Root, "/") + "/"
	if item.Action == resume.Uninstall {
		return x.step(root, merge.Step{Action: merge.Uninstall, CPV: item.CPV})
	}
	r := x.sys.rootByPath(root)
	if r == nil {
		r = x.sys.target()
	}
	p, err := x.newestBuild(r, cpv, remote)
	if err != nil {
		return err
	}
	if p == nil || item.Kind == resume.Ebuild {
		why := "it was to be built from its ebuild"
		if p == nil {
			why = "there is no binary package of this version"
		}
		x.refused.Packages = append(x.refused.Packages, Refused{CPV: item.CPV, Root: root, Reasons: []string{why}})
		return nil
	}
	step := merge.Step{Action: merge.Install, CPV: item.CPV, Slot: p.Slot, File: p.File, BuildID: p.BuildID}
	if r == x.sys.target() && !oneShot {
		step.Select = favoritesOf(p, list.Favorites)
	}
	d := binpkg.DigestsOf(p)
	step.MD5, step.SHA1, step.Size = d.MD5, d.SHA1, d.Size
	x.index = append(x.index, stepRef{-1, -1})
	if err := x.step(root, step); err != nil {
		return err
	}
	x.isRemote(x.index[len(x.index)-1], p)
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
