package merge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// call is what the calls of one package's phases have in common.
type call struct {
	e        *engine
	pkg      *metadata.Package
	env      func() (io.ReadCloser, error)
	value    func(string) string
	image    string // in the tree, "" none
	temp     string // in the tree, "" none
	entry    string // in the tree, "" none
	replaces []string
	by       string // the version that replaces it
	merge    string // MERGE_TYPE
}

// phaseError is a phase that failed.
type phaseError struct {
	phase string
	err   error
}

func (e *phaseError) Error() string { return "pkg_" + e.phase + ": " + e.err.Error() }
func (e *phaseError) Unwrap() error { return e.err }

// has reports whether a phase is to be called: there is somebody to run it, and the
// package defines it. Without DEFINED_PHASES (PMS 7.4) every phase may be there.
func (c *call) has(phase string) bool {
	if c == nil || c.e.o.Phases == nil {
		return false
	}
	defined := strings.Fields(c.value("DEFINED_PHASES"))
	return len(defined) == 0 || slices.Contains(defined, phase)
}

// callFor is for a package that is being installed.
func (e *engine) callFor(v *binpkg.Verified, replaced []instance) *call {
	c := &call{e: e, pkg: v.Package, merge: "binary",
		value: func(name string) string { return strings.TrimSpace(string(v.Value(name))) },
		env:   envOf(v),
	}
	for i := range replaced {
		c.replaces = append(c.replaces, replaced[i].CPV.Version.String())
	}
	return c
}

func envOf(v *binpkg.Verified) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		data := v.Value("environment.bz2")
		if data == nil {
			return nil, &fs.PathError{Op: "open", Path: "environment.bz2", Err: fs.ErrNotExist}
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
}

// installed is the same for a package that is in place now.
func (c *call) installed(r *record) *call {
	d := *c
	d.entry = entryDir(cpv(r.CPV))
	return &d
}

// callInstalled is for a package whose entry is at entry.
func (e *engine) callInstalled(c atom.CPV, entry, temp string) *call {
	d := &call{e: e, entry: entry, temp: temp, merge: "binary"}
	d.value = func(name string) string {
		v, err := e.value(entry, name)
		if err != nil {
			e.warn("%s of %s cannot be read: %v", name, c, err)
		}
		return v
	}
	d.env = func() (io.ReadCloser, error) { return e.t.Open(path.Join(entry, "environment.bz2")) }
	if e.o.Phases != nil {
		d.pkg = e.entryPackage(c, entry)
	}
	return d
}

// entryPackage reads the metadata of an entry, wherever it is now.
func (e *engine) entryPackage(c atom.CPV, entry string) *metadata.Package {
	p, err := vdb.ReadEntry(e.t.Path(entry), c)
	if err != nil {
		e.warn("the entry of %s cannot be read: %v", c, err)
		return &metadata.Package{CPV: c, Origin: metadata.Installed}
	}
	return p
}

// phase runs one phase if there is one.
func (e *engine) phase(c *call, phase string) error {
	if !c.has(phase) {
		return nil
	}
	if c.temp != "" {
		if err := rootfs.MkdirAll(e.t, c.temp, 0o700); err != nil {
			return err
		}
	}
	name := c.pkg.CPV.String()
	e.emit(Event{Kind: EventPhase, CPV: name, Phase: phase})
	pc := PhaseCall{
		Phase: phase, Package: c.pkg, Env: c.env, Value: c.value,
		Root: strings.TrimSuffix(e.t.Path("."), "/") + "/", Temp: e.hostPath(c.temp), Entry: e.hostPath(c.entry),
		ReplacingVersions: c.replaces, ReplacedByVersion: c.by, MergeType: c.merge,
		Config: e.target.Config, Query: query{e}, Out: e.o.Out,
		Elog: func(level, text string) {
			e.emit(Event{Kind: EventElog, CPV: name, Phase: phase, Level: level, Text: text})
		},
	}
	if phase == "preinst" || phase == "postinst" { // PMS 11.1: D
		pc.Image = e.hostPath(c.image)
	}
	if err := e.o.Phases.Run(e.ctx, pc); err != nil {
		e.emit(Event{Kind: EventPhaseFail, CPV: name, Phase: phase, Text: err.Error()})
		return &phaseError{phase, err}
	}
	return nil
}

// lenient is phase for prerm and postrm: a failure is only told.
func (e *engine) lenient(c *call, phase string) {
	err := e.phase(c, phase)
	if err == nil {
		return
	}
	e.warn("pkg_%s of %s failed: %v", phase, c.pkg.CPV, err)
	var failed *phaseError
	if errors.As(err, &failed) && e.report != nil {
		e.report.FailedPhases = append(e.report.FailedPhases, c.pkg.CPV.String()+" "+phase)
	}
}

func (e *engine) hostPath(name string) string {
	if name == "" {
		return ""
	}
	return e.t.Path(name)
}

// query answers has_version and best_version from what is installed now.
type query struct{ e *engine }

// Installed is for Query.
func (q query) Installed(cp atom.CP) []*metadata.Package {
	db, err := vdb.Open(q.e.ctx, vdb.Options{Root: q.e.t.Path(".")})
	if err != nil {
		q.e.warn("has_version cannot be answered: %v", err)
		return nil
	}
	return db.Packages(cp)
}

// pretend runs pkg_pretend of all packages before anything is changed (PMS 9.1.1).
func (e *engine) pretend(plan *Plan) error {
	if e.o.Phases == nil {
		return nil
	}
	var all []error
	for i := range plan.Steps {
		s := &plan.Steps[i]
		if s.Action != Install {
			continue
		}
		if err := e.pretendOne(i, s); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func (e *engine) pretendOne(i int, s *Step) error {
	f, err := binpkg.OpenFile(e.file(s))
	if err != nil {
		return nil // told when it is its turn, with the state of the step
	}
	p, err := f.Package()
	f.Close()
	if err != nil || !slices.Contains(strings.Fields(p.Var("DEFINED_PHASES")), "pretend") {
		return nil
	}
	v, err := e.open(e.ctx, s)
	if err != nil {
		return &StepError{CPV: s.CPV, Err: err}
	}
	defer v.Close()
	all, err := e.instances(v.CPV.CP)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(in instance) bool { return in.Slot != v.Package.Slot })
	e.step = i
	defer func() { e.step = -1 }()
	temp := path.Join("var/lib/portsolve", "pretend")
	defer rootfs.RemoveAll(e.t, temp)
	c := e.callFor(v, all)
	c.temp = temp
	if err := e.phase(c, "pretend"); err != nil {
		return &StepError{CPV: s.CPV, Phase: "pretend", Err: fmt.Errorf("%w; nothing was changed", errors.Unwrap(err))}
	}
	return nil
}
