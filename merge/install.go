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
// Until Commit nothing in ROOT has changed but what phases did and the COUNTER file.
func (e *engine) install(s *Step, p *prepared, r *record) (err error) {
	defer func() {
		err = errors.Join(err, e.drop(p))
		p.pkg, p.img = nil, nil
	}()
	if p.err != nil {
		return p.err
	}
	*r = record{Action: Install, CPV: s.CPV, Slot: p.pkg.Package.Slot, Select: s.Select}
	replaced, err := e.replacedBy(p)
	if err != nil {
		return err
	}
	call := e.callFor(p.pkg, replaced)
	call.image, call.temp = p.tx.Stage(imageDir), p.tx.Stage(tempDir)
	if err := e.phase(call, "setup"); err != nil {
		return err
	}
	if r.Counter, err = e.store.NextCounter(); err != nil {
		return err
	}
	if err := e.state.MkdirAll(path.Dir(entryDir(p.pkg.CPV))); err != nil {
		return err
	}
	if err := e.masked(p.img); err != nil {
		return err
	}
	l, err := e.layout(s, p, replaced)
	if err != nil {
		return err
	}
	if call.has("preinst") {
		if err := e.phase(call, "preinst"); err != nil {
			return err
		}
		// The phase may have changed the image and ROOT: everything is looked at again.
		if err := p.img.Rescan(e.t); err != nil {
			return err
		}
		e.res.Forget()
		if err := e.masked(p.img); err != nil {
			return err
		}
		if l, err = e.layout(s, p, replaced); err != nil {
			return err
		}
	}
	if err := e.commit(l, p, r); err != nil {
		return err
	}
	r.placed, r.contents = true, l.contents
	e.announce(l)
	e.relinked(l)
	return e.complete(p.tx, r, call)
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

// commit makes the journal durable and changes ROOT.
func (e *engine) commit(l *layout, p *prepared, r *record) error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	for i := range l.replaced {
		r.Replaced = append(r.Replaced, oldEntry{CPV: l.replaced[i].CPV.String(), Aside: p.tx.Stage("entry" + strconv.Itoa(i))})
	}
	if err := p.tx.SetData(r); err != nil {
		return err
	}
	ops, err := e.entryOps(l, p, r)
	if err != nil {
		return err
	}
	if err := p.tx.Prepare(ops); err != nil {
		return err
	}
	// One syncfs(2) makes the stage, the journal, the new entry and the changes of the
	// package before durable.
	if err := e.settled(append(p.tx.SyncPoints(), path.Dir(entryDir(p.pkg.CPV)))...); err != nil {
		return err
	}
	if err := p.tx.Commit(); err != nil {
		return err
	}
	if !l.straight || slices.ContainsFunc(l.img.Objects, func(o image.Object) bool { return o.IsSymlink() }) {
		e.res.Forget()
	}
	return nil
}

// entryOps stages the entry of the package database and completes the operations.
func (e *engine) entryOps(l *layout, p *prepared, r *record) ([]txn.Op, error) {
	preserved, err := l.preserveOps(p, r)
	if err != nil {
		return nil, err
	}
	ops := append(l.ops, preserved...)
	files := make(map[string][]byte, len(p.pkg.Metadata))
	for _, v := range p.pkg.Metadata {
		files[v.Name] = v.Data
	}
	delete(files, "INSTALL_MASK") // a package has no say in it
	if len(e.mask) > 0 {
		files["INSTALL_MASK"] = []byte(strings.Join(e.mask, " ") + "\n")
	}
	entry := &vdb.Entry{CPV: p.pkg.CPV, Files: files, Contents: l.contents, Counter: r.Counter, BinpkgMD5: p.pkg.MD5}
	if err := e.store.Stage(entry); err != nil {
		return nil, err
	}
	memory, err := e.memoryOp(l, p.tx)
	if err != nil {
		return nil, err
	}
	ops = append(ops, memory...)
	op := txn.Op{Kind: txn.Entry, Path: entryDir(p.pkg.CPV), New: mergingDir(p.pkg.CPV), Counter: r.Counter}
	for i := range l.replaced {
		if l.replaced[i].CPV == p.pkg.CPV {
			op.Old = r.Replaced[i].Aside
		}
	}
	return append(ops, op), nil
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
