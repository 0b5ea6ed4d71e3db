package merge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/internal/owners"
	"github.com/portsolve/portsolve/merge/internal/rules"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/merge/preserve"
	"github.com/portsolve/portsolve/vdb"
)

// engine is one run. Everything that changes ROOT happens in one goroutine, except
// that packages are unpacked to their stages by others.
type engine struct {
	ctx     context.Context
	t       rootfs.FS
	target  Target
	o       Options
	state   vdb.State
	store   *vdb.Store
	res     *owners.Resolver
	index   *owners.Index // nil until somebody asks
	protect *rules.Protect
	ignore  rules.Patterns // COLLISION_IGNORE
	keep    rules.Globs    // UNINSTALL_IGNORE
	mask    rules.Mask

	privileged bool
	bases      []string
	base       string // for stages
	stageMount uint64
	number     int // of the next transaction

	made            []*txn.Tx         // whose changes are made, but maybe not durable yet
	env, libs, info bool              // env-update is due; libraries changed; info pages did
	linkage         *preserve.Linkage // nil until somebody asks
	step            int               // index of the present step, -1 none
	removing        bool              // the plan only uninstalls
	report          *StepReport       // of the present step, nil outside of steps
	group           *group            // what waits to get into ROOT
	stale           []*prepared       // what could not be taken back
	steps           *Report
	first           error // of the run
	halted          bool  // nothing more is begun
}

// Places of stages. The second is for systems with /usr on a file system of its own.
const (
	varBase = txn.Dir
	usrBase = "usr/.portsolve-merge"
	// savedDir is where the administrator's own files go that a package's file replaces.
	savedDir = "var/lib/portsolve/saved"
)

// newEngine opens ROOT and takes the lock. end releases both.
func newEngine(ctx context.Context, target Target, o Options) (e *engine, end func() error, err error) {
	root := target.Root
	if root == "" {
		root = "/"
	}
	t, err := rootfs.Open(root)
	if err != nil {
		return nil, nil, fmt.Errorf("ROOT cannot be opened: %w", err)
	}
	e, unlock, err := newEngineOn(ctx, t, target, o)
	if err != nil {
		return nil, nil, errors.Join(err, t.Close())
	}
	return e, func() error { return errors.Join(unlock(), t.Close()) }, nil
}

// newEngineOn is newEngine for a tree that is open; tests give one that fails.
func newEngineOn(ctx context.Context, t rootfs.FS, target Target, o Options) (*engine, func() error, error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	s := &target.Settings
	e := &engine{
		ctx: ctx, t: t, target: target, o: o, step: -1, group: newGroup(),
		state:   vdb.State{FS: t, Group: vdb.PortageGroup(t)},
		res:     owners.NewResolver(t),
		protect: rules.NewProtect(s.ConfigProtect, s.ConfigProtectMask),
		ignore:  s.CollisionIgnore, keep: s.UninstallIgnore, mask: installMask(s),
		privileged: os.Geteuid() == 0,
		bases:      []string{varBase, usrBase},
	}
	e.store = vdb.NewStore(e.state)
	unlock, err := e.lock()
	if err != nil {
		return nil, nil, err
	}
	if err := e.choosePlace(); err != nil {
		return nil, nil, errors.Join(err, unlock())
	}
	return e, unlock, nil
}

// lock takes Portage's lock of the VDB.
func (e *engine) lock() (func() error, error) {
	ctx := e.ctx
	if e.o.LockWait != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, max(e.o.LockWait, time.Millisecond), errLockWait)
		defer cancel()
	}
	return e.state.Lock(ctx, func(holder string) {
		e.emit(Event{Kind: EventLockWait, Text: holder})
	})
}

var errLockWait = errors.New("the time to wait for it is over")

// choosePlace picks the directory for stages: on the file system of /usr, where most
// files go.
func (e *engine) choosePlace() error {
	e.base = varBase
	parent, err := e.existing(path.Dir(varBase))
	if err != nil {
		return err
	}
	if e.stageMount, err = e.t.Mount(parent); err != nil {
		return err
	}
	usr, err := e.t.Mount("usr")
	if rootfs.IsAbsent(err) {
		return nil
	}
	if err == nil && usr != e.stageMount {
		e.base, e.stageMount = usrBase, usr
	}
	return err
}

// existing is the nearest directory above a name that exists.
func (e *engine) existing(name string) (string, error) {
	for name != "." {
		i, err := e.t.Stat(name)
		if err == nil && i.IsDir() {
			return name, nil
		}
		if err != nil && !rootfs.IsAbsent(err) {
			return "", err
		}
		name = path.Dir(name)
	}
	return ".", nil
}

func installMask(s *Settings) rules.Mask {
	mask := append(rules.Mask(nil), s.InstallMask...)
	for _, what := range []string{"man", "info", "doc"} {
		if s.Feature("no" + what) {
			mask = append(mask, "/usr/share/"+what)
		}
	}
	return mask
}

// makeTemp makes the directories that programs need in an empty ROOT, as Portage does.
func (e *engine) makeTemp() error {
	for _, d := range []string{"tmp", "var/tmp"} {
		there, err := rootfs.Exists(e.t, d)
		if err == nil && !there {
			err = rootfs.MkdirAll(e.t, path.Dir(d), 0o755)
			if err == nil {
				err = e.t.Mkdir(d, 0o1777)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) emit(ev Event) {
	if e.o.Events == nil {
		return
	}
	ev.Step = e.step
	e.o.Events <- ev
}

func (e *engine) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if e.report != nil {
		e.report.Warnings = append(e.report.Warnings, text)
	}
	e.emit(Event{Kind: EventWarning, Text: text})
}

func (e *engine) feature(name string) bool { return e.target.Settings.Feature(name) }

// instance is an installed package.
type instance struct {
	CPV      atom.CPV
	Slot     string
	Contents vdb.Contents
	// Entry is the directory of its entry, which may be in a stage already.
	Entry string

	byName map[string]*vdb.Content // by resolved name
}

func entryDir(c atom.CPV) string { return path.Join("var/db/pkg", c.Category, c.PF()) }

// instances lists the installed versions of a package.
func (e *engine) instances(cp atom.CP) ([]instance, error) {
	names, err := e.t.ReadDir(path.Join("var/db/pkg", cp.Category))
	if rootfs.IsAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []instance
	for _, n := range names {
		if !strings.HasPrefix(n, cp.Package+"-") {
			continue
		}
		c, err := atom.MakeCPV(cp.Category, n)
		if err != nil || c.CP != cp {
			continue
		}
		slot, err := e.value(entryDir(c), "SLOT")
		if err != nil {
			return nil, err
		}
		slot, _, _ = strings.Cut(slot, "/")
		out = append(out, instance{CPV: c, Slot: slot, Entry: entryDir(c)})
	}
	return out, nil
}

// value reads a small file of an entry; "" if it is not there.
func (e *engine) value(entry, name string) (string, error) {
	text, err := rootfs.ReadFile(e.t, path.Join(entry, name))
	if rootfs.IsAbsent(err) || errors.Is(err, rootfs.ErrType) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

// load reads what an instance owns.
func (e *engine) load(in *instance) error {
	text, err := rootfs.ReadFile(e.t, path.Join(in.Entry, "CONTENTS"))
	if err != nil && !rootfs.IsAbsent(err) {
		return fmt.Errorf("what %s owns cannot be read: %w", in.CPV, err)
	}
	if err != nil {
		e.warn("%s has no CONTENTS: nothing is known to belong to it, and nothing of it can be removed", in.CPV)
	}
	list, problems := vdb.ParseContents(text)
	for _, p := range problems {
		e.warn("CONTENTS of %s: %v; what it names belongs to nobody now", in.CPV, p)
	}
	in.Contents = list
	return e.resolve(in)
}

// resolve makes what an instance owns known by resolved name.
func (e *engine) resolve(in *instance) error {
	in.byName = make(map[string]*vdb.Content, len(in.Contents))
	for i := range in.Contents {
		name, err := e.res.Name(in.Contents[i].Path)
		if err != nil {
			return err
		}
		in.byName[name] = &in.Contents[i]
	}
	return nil
}

// owned gives the index of owners, which is made when it is first needed.
func (e *engine) owned() (*owners.Index, error) {
	if e.index != nil {
		return e.index, nil
	}
	x := owners.NewIndex()
	categories, err := e.t.ReadDir("var/db/pkg")
	if err != nil && !rootfs.IsAbsent(err) {
		return nil, err
	}
	for _, category := range categories {
		entries, err := e.t.ReadDir(path.Join("var/db/pkg", category))
		if err != nil {
			continue // a file
		}
		for _, pf := range entries {
			c, err := atom.MakeCPV(category, pf)
			if err != nil {
				continue
			}
			list, _, err := e.store.Contents(c)
			if err != nil {
				return nil, err
			}
			if err := x.Add(c.String(), list, e.res); err != nil {
				return nil, err
			}
		}
	}
	e.index = x
	return x, nil
}

// settled makes durable what was done and ends the transactions that wait for it.
func (e *engine) settled(points ...string) error {
	for _, tx := range e.made {
		points = append(points, tx.SyncPoints()...)
	}
	synced := map[uint64]bool{}
	for _, p := range points {
		p, err := e.existing(p)
		if err != nil {
			return err
		}
		m, err := e.t.Mount(p)
		if err != nil {
			return err
		}
		if synced[m] {
			continue
		}
		synced[m] = true
		if err := e.t.SyncFS(p); err != nil {
			return err
		}
	}
	for len(e.made) > 0 {
		if err := e.made[0].Finish(); err != nil {
			return err
		}
		e.made = e.made[1:]
	}
	return nil
}
