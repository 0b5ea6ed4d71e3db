package merge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/merge/internal/txn"
)

// Packages whose files touch nothing that is there wait for each other: one syncfs(2)
// makes the journals of all of them durable, and then they get into ROOT one after the
// other. docs/merge-safety.md, "Several packages at once", has the conditions.

// A group is at most this large: what a crash before its sync takes back is little work.
const (
	groupPackages = 32
	groupBytes    = 64 << 20
)

// member is a package that is unpacked and laid out, and whose journal is written.
type member struct {
	step   int
	s      *Step
	report *StepReport
	p      *prepared
	r      *record
	l      *layout
	ops    []txn.Op
	call   *call
	state  bool // it changes a file that others change, too

	replaced []instance
}

// group is what waits.
type group struct {
	members []*member
	bytes   int64
	cps     map[atom.CP]bool
	// names are all names of ROOT that the members will be at; true is a directory.
	names map[string]bool
	// made are the directories among them that are not there yet.
	made map[string]bool
}

func newGroup() *group {
	return &group{cps: map[atom.CP]bool{}, names: map[string]bool{}, made: map[string]bool{}}
}

// add takes a member in.
func (g *group) add(m *member) error {
	for i := range m.p.img.Objects {
		o := &m.p.img.Objects[i]
		g.bytes += o.Size
		name, err := m.l.e.res.Name(o.Path)
		if err != nil {
			return err
		}
		g.take(name, o.IsDir())
	}
	for i := range m.ops {
		o := &m.ops[i]
		g.take(o.Path, o.Kind == txn.Mkdir || g.names[o.Path])
		if o.KeepOld {
			g.take(o.Old, false)
		}
	}
	maps.Copy(g.made, m.l.made)
	maps.Copy(g.made, m.l.newDirs)
	g.cps[m.p.pkg.CPV.CP] = true
	g.members = append(g.members, m)
	m.report.State = stateWaits
	return nil
}

// take notes a name with the directories above it.
func (g *group) take(name string, dir bool) {
	g.names[name] = dir
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		if g.names[d] {
			return
		}
		g.names[d] = true
	}
}

// full reports that the group should wait for nobody else.
func (g *group) full() bool {
	if len(g.members) == 0 {
		return false
	}
	last := g.members[len(g.members)-1]
	return last.state || last.l.unlinks || !last.mayWait() || len(g.members) >= groupPackages || g.bytes >= groupBytes
}

// mayWait reports that a package replaces nothing, that no removal follows from it, and
// that it has no phase that looks at ROOT before its files are there.
func (m *member) mayWait() bool {
	return len(m.replaced) == 0 && len(m.s.Blocks) == 0 && !m.call.has("setup") && !m.call.has("preinst")
}

// meets reports that a package has to do with what a member brings: a name of both that
// is not a directory of both, or another version of a member.
func (g *group) meets(e *engine, p *prepared) (bool, error) {
	if len(g.members) == 0 {
		return false, nil
	}
	if g.cps[p.pkg.CPV.CP] {
		return true, nil
	}
	for i := range p.img.Objects {
		o := &p.img.Objects[i]
		name, err := e.res.Name(o.Path)
		if err != nil {
			return false, err
		}
		if dir, taken := g.names[name]; taken && (!dir || !o.IsDir()) {
			return true, nil
		}
		if o.IsDir() {
			below, err := e.res.Name(o.Path + "/x")
			if err != nil {
				return false, err
			}
			if d := path.Dir(below); d != name && g.made[d] {
				return true, nil // a link of ROOT leads to a directory that is not there yet
			}
		}
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			if dir, taken := g.names[d]; taken {
				if !dir {
					return true, nil
				}
				break // what is above it is a directory, too
			}
		}
	}
	return false, nil
}

// changes reports that an operation changes a name of a member, as the files of state
// do that all packages share.
func (g *group) changes(ops []txn.Op) bool {
	for i := range ops {
		if dir, taken := g.names[ops[i].Path]; taken && !dir {
			return true
		}
	}
	return false
}

// flush brings what waits into ROOT.
func (e *engine) flush() {
	g := e.group
	if len(g.members) == 0 {
		return
	}
	e.group = newGroup()
	defer e.at(e.step, e.report)
	if e.interrupted() {
		for _, m := range g.members {
			e.giveUp(m)
		}
		return
	}
	err := e.arm(g.members)
	if err != nil && len(g.members) > 1 {
		// Not all of them may be in trouble: each tries on its own.
		for _, m := range g.members {
			e.again(m)
		}
		return
	}
	failed := err != nil
	for i, m := range g.members {
		switch {
		case i > 0 && e.interrupted():
			e.giveUp(m)
		case failed && i > 0:
			e.again(m) // it was laid out for a ROOT in which nothing had failed
		default:
			if err == nil {
				e.at(m.step, m.report)
				err = e.apply(m)
			}
			failed = failed || err != nil && !m.r.placed
			e.ended(m, err)
			err = nil
		}
	}
}

// arm makes everything of the members durable, with the changes before them, and
// begins to change ROOT: from here on a crash is followed by the rest.
func (e *engine) arm(members []*member) error {
	var points []string
	all := make([]*txn.Tx, len(members))
	for i, m := range members {
		all[i] = m.p.tx
		points = append(append(points, m.p.tx.SyncPoints()...), path.Dir(entryDir(m.p.pkg.CPV)))
	}
	if err := e.settled(points...); err != nil {
		return err
	}
	return txn.Arm(all...)
}

// apply makes the changes of a member, and what follows from them.
func (e *engine) apply(m *member) error {
	if err := m.p.tx.Apply(); err != nil {
		return err
	}
	if !m.l.straight || m.l.links {
		e.res.Forget()
	}
	m.r.placed, m.r.contents = true, m.l.contents
	e.announce(m.l)
	e.relinked(m.l)
	return e.complete(m.p.tx, m.r, m.call)
}

// again begins a step anew, alone.
func (e *engine) again(m *member) {
	e.giveUp(m)
	if e.interrupted() || e.missing(m.step, m.report) {
		return
	}
	p := e.prepare(e.ctx, m.s, e.nextNumber())
	e.install(&member{step: m.step, s: m.s, report: m.report, p: p, r: new(record)})
	e.flush()
}

// interrupted reports that nothing more is to be begun, and why if ctx has ended.
func (e *engine) interrupted() bool {
	if e.ctx.Err() != nil && !e.halted {
		e.halted = true
		e.first = errors.Join(e.first, context.Cause(e.ctx))
	}
	return e.halted
}

// giveUp takes a member's transaction back; its step counts as not reached.
func (e *engine) giveUp(m *member) {
	e.res.Forget()
	m.report.State = StateSkipped
	e.skip(m.p)
}

// skip takes back what was prepared of a package; nil is nothing.
func (e *engine) skip(p *prepared) {
	if p != nil && e.takeBack(p) != nil {
		e.stale = append(e.stale, p) // the run's end tries again
	}
}

// takeBack is drop for a transaction that may be Ready.
func (e *engine) takeBack(p *prepared) error {
	var err error
	if tx := p.tx; tx != nil && (tx.State == txn.Ready || tx.State == txn.Undoing) {
		err = tx.Rollback()
	}
	return errors.Join(err, e.drop(p))
}

// sweep takes back what could not be taken back before. What is left after that is for
// the next run.
func (e *engine) sweep() error {
	var err error
	for _, p := range e.stale {
		if serr := e.takeBack(p); serr != nil && p.tx != nil {
			err = errors.Join(err, fmt.Errorf("what was prepared of %s could not be removed, the next run does it: %w", p.tx.Label, serr))
		}
	}
	e.stale = nil
	return err
}

// at is the step that events and warnings are about.
func (e *engine) at(step int, report *StepReport) { e.step, e.report = step, report }

// isNew reports a directory that is not there yet, but will be.
func (l *layout) isNew(dir string) bool { return l.newDirs[dir] || l.e.group.made[dir] }
