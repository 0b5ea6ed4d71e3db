package merge

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/cfgmem"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/vdb"
)

// uninstall removes one package. Its transaction has no changes of its own: what
// follows them is all there is to do, and Recover does the same.
func (e *engine) uninstall(s *Step, r *record) error {
	*r = record{Action: Uninstall, CPV: s.CPV, Deselect: s.Deselect, World: e.removing}
	c := cpv(s.CPV)
	in := instance{CPV: c, Entry: entryDir(c), Slot: "0"}
	there, err := rootfs.Exists(e.t, in.Entry)
	if err != nil {
		return err
	}
	if !there {
		return errors.New("it is not installed")
	}
	slot, err := e.value(in.Entry, "SLOT")
	if err != nil {
		return err
	}
	if slot, _, _ = strings.Cut(slot, "/"); slot != "" {
		in.Slot = slot
	}
	if err := e.load(&in); err != nil {
		return err
	}
	if err := e.checkSuid(&in); err != nil {
		return err
	}
	tx, err := txn.Begin(e.t, e.base, e.nextNumber(), s.CPV, r)
	if err != nil {
		return err
	}
	r.Replaced = []oldEntry{{CPV: s.CPV, Aside: tx.Stage("entry0")}}
	if err := tx.SetData(r); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	ops, err := e.forgetOp(tx, &in)
	if err == nil {
		var more []txn.Op
		more, err = e.preserveOnUninstall(tx, &in)
		ops = append(ops, more...)
	}
	if err == nil {
		err = tx.Prepare(ops)
	}
	if err == nil {
		err = e.settled(tx.SyncPoints()...)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		if tx.State == txn.Open {
			err = errors.Join(err, tx.Rollback())
		}
		return err
	}
	r.placed = true
	return e.complete(tx, r, nil)
}

func (e *engine) nextNumber() int {
	e.number++
	return e.number - 1
}

// forgetOp drops the configuration memory of what the package owned.
func (e *engine) forgetOp(tx *txn.Tx, in *instance) ([]txn.Op, error) {
	memory, err := cfgmem.Read(e.t)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoMemory, err)
	}
	for i := range in.Contents {
		memory.Forget(in.Contents[i].Path)
	}
	if !memory.Changed() {
		return nil, nil
	}
	return e.stageState(tx, cfgmem.File, memory.Format(), 0o660)
}

// checkSuid refuses to replace or to remove a setuid or setgid file that has more
// names than the package knows: the others would go on giving its rights away, and
// taking the rights from them is the administrator's decision.
func (e *engine) checkSuid(in *instance) error {
	type file struct {
		links uint64
		paths []string
	}
	found := map[[2]uint64]*file{}
	var order [][2]uint64
	for i := range in.Contents {
		c := &in.Contents[i]
		if c.Kind != vdb.ContentFile {
			continue
		}
		name, err := e.res.Name(c.Path)
		if err != nil {
			return err
		}
		live, err := e.t.Lstat(name)
		if rootfs.IsAbsent(err) {
			continue
		}
		if err != nil {
			return err
		}
		if !live.IsRegular() || live.Nlink == 1 || live.Perm()&(rootfs.SetUID|rootfs.SetGID) == 0 {
			continue
		}
		id := [2]uint64{live.Dev, live.Ino}
		if found[id] == nil {
			found[id] = &file{links: live.Nlink}
			order = append(order, id)
		}
		found[id].paths = append(found[id].paths, c.Path)
	}
	for _, id := range order {
		if f := found[id]; f.links > uint64(len(f.paths)) {
			return fmt.Errorf("%s of %s is a setuid or setgid file with %d further hard links that no package owns; "+
				"they would keep its rights. Find them (find -xdev -inum %d) and remove them first",
				strings.Join(f.paths, ", "), in.CPV, f.links-uint64(len(f.paths)), id[1])
		}
	}
	return nil
}

// dropCategory removes the directory of a category without packages. It looks at what
// is there and not at what this run has removed: the entry may have gone in a run that
// was killed right after that.
func (e *engine) dropCategory(c atom.CPV) error {
	category := path.Dir(entryDir(c))
	err := rootfs.RemoveEmpty(e.t, category, path.Dir(category))
	if isDenied(err) {
		return nil // a mount, say: it does no harm
	}
	return err
}

// prerm runs pkg_prerm once, whatever interrupts what comes after it.
func (e *engine) prerm(tx *txn.Tx, c *call) error {
	if !c.has("prerm") {
		return nil
	}
	mark := "prerm " + c.pkg.CPV.String()
	if tx.Marked(mark) {
		return nil
	}
	e.lenient(c, "prerm")
	e.res.Forget()
	return tx.Mark(mark)
}

// retire is the end of an old instance: pkg_prerm, its files, its entry, pkg_postrm.
func (e *engine) retire(tx *txn.Tx, r *record, number int, newOne *instance) error {
	o := r.Replaced[number]
	mark := "retired " + o.CPV
	if tx.Marked(mark) {
		return nil
	}
	c := cpv(o.CPV)
	in := &instance{CPV: c, Entry: o.Aside}
	aside, err := rootfs.Exists(e.t, o.Aside)
	if err != nil {
		return err
	}
	sameVersion := newOne != nil && newOne.CPV == c
	if !aside && !sameVersion {
		in.Entry = entryDir(c)
	}
	if err := e.load(in); err != nil {
		return err
	}
	calls := e.callInstalled(c, in.Entry, tx.Stage(tempDir+strconv.Itoa(number)))
	if newOne != nil {
		calls.by = newOne.CPV.Version.String()
	}
	if err := e.prerm(tx, calls); err != nil {
		return err
	}
	rm := &removal{e: e, tx: tx, in: in, newOne: newOne, number: number}
	if err := rm.run(); err != nil {
		return err
	}
	there, err := rootfs.Exists(e.t, entryDir(c))
	if err != nil {
		return err
	}
	if there && !sameVersion {
		if err := txn.MoveDirBy(e.t, entryDir(c), o.Aside, mergingDir(c)+".removed"); err != nil {
			return fmt.Errorf("the entry of %s cannot be removed: %w", c, err)
		}
		calls = e.callInstalled(c, o.Aside, calls.temp)
		if newOne != nil {
			calls.by = newOne.CPV.Version.String()
		}
	}
	if !sameVersion {
		if err := e.dropCategory(c); err != nil {
			return err
		}
	}
	e.notice(in.Contents)
	if e.index != nil {
		e.index.Remove(o.CPV)
	}
	if e.linkage != nil && !sameVersion {
		e.linkage.Delete(o.CPV)
	}
	e.lenient(calls, "postrm")
	e.res.Forget()
	if newOne != nil && e.report != nil {
		e.report.Replaced = append(e.report.Replaced, o.CPV)
	}
	return tx.Mark(mark)
}
