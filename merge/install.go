package merge

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/merge/internal/image"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/vdb"
)

// install merges one package; docs/merge-safety.md has the order and its reasons.
// It may wait for others (group).
func (e *engine) install(m *member) {
	e.at(m.step, m.report)
	err := e.arrange(m)
	if err == nil {
		err = e.group.add(m)
	}
	if err == nil {
		if e.group.full() {
			e.flush()
		}
		return
	}
	e.flush() // what comes before it in the plan
	if e.halted || errors.Is(err, errHalted) {
		e.giveUp(m)
		return
	}
	e.ended(m, err)
}

// errHalted says that a step before this one failed while this one was being arranged.
var errHalted = errors.New("a step before it failed")

// arrange does everything up to the journal. Nothing in ROOT has changed then but
// what phases did and the COUNTER file.
func (e *engine) arrange(m *member) error {
	p, s := m.p, m.s
	if p.err != nil {
		return p.err
	}
	if err := e.apart(m); err != nil {
		return err
	}
	var err error
	if m.replaced, err = e.replacedBy(p); err != nil {
		return err
	}
	*m.r = record{Action: Install, CPV: s.CPV, Slot: p.pkg.Package.Slot, Select: s.Select}
	m.call = e.callFor(p.pkg, m.replaced)
	m.call.image, m.call.temp = p.tx.Stage(imageDir), p.tx.Stage(tempDir)
	if !m.mayWait() {
		if err := e.alone(); err != nil {
			return err
		}
	}
	if err := e.phase(m.call, "setup"); err != nil {
		return err
	}
	if m.r.Counter, err = e.store.NextCounter(); err != nil {
		return err
	}
	if err := e.state.MkdirAll(path.Dir(entryDir(p.pkg.CPV))); err != nil {
		return err
	}
	if err := e.layOut(m); err != nil {
		return err
	}
	return e.journal(m)
}

// apart lets what waits get into ROOT first if the package has to do with it.
func (e *engine) apart(m *member) error {
	meets, err := e.group.meets(e, m.p)
	if err != nil || !meets {
		return err
	}
	return e.alone()
}

// alone lets what waits get into ROOT first.
func (e *engine) alone() error {
	step, report := e.step, e.report
	e.flush()
	if e.halted || e.missing(step, report) {
		return errHalted
	}
	return nil
}

// layOut decides what is to be done, with pkg_preinst in between.
func (e *engine) layOut(m *member) (err error) {
	if err := e.masked(m.p.img); err != nil {
		return err
	}
	if m.l, err = e.layout(m.s, m.p, m.replaced); err != nil || !m.call.has("preinst") {
		return err
	}
	if err := e.phase(m.call, "preinst"); err != nil {
		return err
	}
	// The phase may have changed the image and ROOT: everything is looked at again.
	if err := m.p.img.Rescan(e.t); err != nil {
		return err
	}
	e.res.Forget()
	if err := e.masked(m.p.img); err != nil {
		return err
	}
	m.l, err = e.layout(m.s, m.p, m.replaced)
	return err
}

// relinked drops the index of owners if the package brought a link to a directory:
// paths may resolve otherwise now.
func (e *engine) relinked(l *layout) {
	for i := range l.img.Objects {
		o := &l.img.Objects[i]
		if e.index == nil || !o.IsSymlink() {
			continue
		}
		if to, err := e.t.Stat(o.Path); err == nil && to.IsDir() {
			e.index = nil
		}
	}
}

// complete is follow for a transaction whose changes were just made. What failed
// after them keeps the journal, so that the next run goes on, unless it was
// pkg_postinst: that is not repeated.
func (e *engine) complete(tx *txn.Tx, r *record, call *call) error {
	err := e.follow(tx, r, call)
	var phase *phaseError
	if err != nil && !errors.As(err, &phase) {
		return &unfinishedError{err}
	}
	e.made = append(e.made, tx)
	return err
}

// unfinishedError is a failure behind the point of no return.
type unfinishedError struct{ err error }

func (e *unfinishedError) Error() string {
	return e.err.Error() + "; its new files are in place, and the next run goes on from here"
}

// Unwrap gives the cause.
func (e *unfinishedError) Unwrap() error { return e.err }

// replacedBy are the instances of the same package in the same slot.
func (e *engine) replacedBy(p *prepared) ([]instance, error) {
	all, err := e.instances(p.pkg.CPV.CP)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(in instance) bool { return in.Slot != p.pkg.Package.Slot && in.CPV != p.pkg.CPV })
	for i := range all {
		if err := e.load(&all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// journal writes the journal with all that is to be done; nothing is durable yet.
func (e *engine) journal(m *member) error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	tx := m.p.tx
	for i := range m.replaced {
		m.r.Replaced = append(m.r.Replaced, oldEntry{CPV: m.replaced[i].CPV.String(), Aside: tx.Stage("entry" + strconv.Itoa(i))})
	}
	if err := tx.SetData(m.r); err != nil {
		return err
	}
	state, err := e.stateOps(m)
	if err != nil {
		return err
	}
	if e.group.changes(state) {
		if err := e.alone(); err != nil {
			return err
		}
		if state, err = e.stateOps(m); err != nil {
			return err
		}
	}
	m.state = len(state) > 0
	entry, err := e.entryOp(m)
	if err != nil {
		return err
	}
	m.ops = append(append(m.l.ops, state...), entry)
	return tx.Prepare(m.ops)
}

// stateOps are the changes of the configuration memory and of the registry of preserved
// libraries.
func (e *engine) stateOps(m *member) ([]txn.Op, error) {
	ops, err := m.l.preserveOps(m.p, m.r)
	if err != nil {
		return nil, err
	}
	memory, err := e.memoryOp(m.l, m.p.tx)
	return append(ops, memory...), err
}

// entryOp stages the entry of the package database.
func (e *engine) entryOp(m *member) (txn.Op, error) {
	pkg := m.p.pkg
	files := make(map[string][]byte, len(pkg.Metadata))
	for _, v := range pkg.Metadata {
		files[v.Name] = v.Data
	}
	delete(files, "INSTALL_MASK") // a package has no say in it
	if len(e.mask) > 0 {
		files["INSTALL_MASK"] = []byte(strings.Join(e.mask, " ") + "\n")
	}
	entry := &vdb.Entry{CPV: pkg.CPV, Files: files, Contents: m.l.contents, Counter: m.r.Counter, BinpkgMD5: pkg.MD5}
	op := txn.Op{Kind: txn.Entry, Path: entryDir(pkg.CPV), New: mergingDir(pkg.CPV), Counter: m.r.Counter}
	for i := range m.replaced {
		if m.replaced[i].CPV == pkg.CPV {
			op.Old = m.r.Replaced[i].Aside
		}
	}
	return op, e.store.Stage(entry)
}

// announce tells what was merged.
func (e *engine) announce(l *layout) {
	e.report.Configs = append(e.report.Configs, l.configs...)
	e.report.Saved = append(e.report.Saved, l.saved...)
	for _, s := range l.saved {
		e.warn("%s was not the package's, or had been changed; it is now %s", s.Path, s.Copy)
	}
	if e.o.Events == nil {
		return
	}
	for _, ev := range l.events {
		e.emit(ev)
	}
}

// follow is everything after the changes: the old instances go, pkg_postinst, what is
// recorded elsewhere. It is also what Recover does with a transaction whose changes
// are made; each step can be repeated.
func (e *engine) follow(tx *txn.Tx, r *record, call *call) error {
	newOnes, err := e.newContents(r)
	if err != nil {
		return err
	}
	due := false
	if newOnes != nil {
		due = e.notice(newOnes.Contents)
		if e.linkage != nil {
			needed, err := e.needed(newOnes)
			if err != nil {
				return err
			}
			e.linkage.Set(r.CPV, needed)
		}
	}
	for i := range r.Replaced {
		if err := e.retire(tx, r, i, newOnes); err != nil {
			return err
		}
	}
	if e.index != nil && newOnes != nil {
		if err := e.index.Add(r.CPV, newOnes.Contents, e.res); err != nil {
			return err
		}
	}
	if err := e.record(tx, r); err != nil {
		return err
	}
	if err := e.prune(tx); err != nil {
		return err
	}
	if !call.has("postinst") || tx.Marked("postinst") {
		return nil
	}
	if due {
		if err := e.updateEnv(); err != nil {
			return err
		}
	}
	// Marked behind it: one that a crash interrupted runs again, for one that never ran
	// leaves a package that does not work.
	err = e.phase(call.installed(r), "postinst")
	return errors.Join(err, tx.Mark("postinst"))
}

// newContents is what the installed package of an Install owns; nil for Uninstall.
func (e *engine) newContents(r *record) (*instance, error) {
	if r.Action != Install {
		return nil, nil
	}
	c := cpv(r.CPV)
	in := &instance{CPV: c, Slot: r.Slot, Entry: entryDir(c)}
	if r.contents == nil {
		return in, e.load(in)
	}
	in.Contents = r.contents
	if len(r.Replaced) == 0 {
		return in, nil // nobody asks by name
	}
	return in, e.resolve(in)
}

// record writes the world file.
func (e *engine) record(tx *txn.Tx, r *record) error {
	if len(r.Select)+len(r.Deselect) == 0 && !r.World || tx.Marked("world") {
		return nil
	}
	err := e.state.EditWorld(e.ctx, vdb.WorldEdit{Add: r.Select, Remove: r.Deselect}, func(holder string) {
		e.emit(Event{Kind: EventLockWait, Text: holder})
	})
	if err != nil {
		return fmt.Errorf("the package is merged, but: %w", err)
	}
	return tx.Mark("world")
}

// masked leaves out what INSTALL_MASK names.
func (e *engine) masked(m *image.Image) error {
	if len(e.mask) == 0 {
		return nil
	}
	return m.Filter(e.t, func(o *image.Object) bool { return e.mask.Has("/" + o.Path) })
}
