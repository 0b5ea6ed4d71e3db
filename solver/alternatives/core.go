package alternatives

import (
	"slices"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver"
	"github.com/portsolve/portsolve/solver/universe"
)

// core is a contradiction: it stands under every set of changes that voids none of its rules.
type core struct {
	pairs  []*pair // with any of these a dependency is answered
	states []state // each flag is as it was; otherwise a rule is not there
	voids  []set   // with all of one of these a rule is not there

	slots []bool // by slot: whether changes there matter
	memo  map[string]*standing
}

// standing is what one set of changes makes of a contradiction.
type standing struct {
	holds bool
	lifts []set // minimal further changes that may void it
}

// pair is a candidate that an atom matches but for its USE flags, its visibility or its REQUIRED_USE.
type pair struct {
	i    *info
	a    *atom.Atom
	memo map[string]*verdict // by the changes of the slot
}

// verdict is what one set of changes makes of a pair.
type verdict struct {
	ok    bool  // the candidate answers the atom
	lifts []set // minimal further changes with which it does
}

type state struct {
	i    *info
	flag string
	on   bool
}

// core learns what could void a contradiction that was found under changes s.
func (w *world) core(rules []solver.Rule, s set) *core {
	k := &core{}
	for n := range rules {
		r := &rules[n]
		for _, a := range r.Wanted {
			w.wanted(k, r, a, s)
		}
		if r.Cand != nil && r.Cand.Pkg.Origin == metadata.Ebuild {
			w.hangsOn(k, r.Cand, r.Conditions, s)
		}
		w.voids(k, r)
		if r.Blocker != nil && r.Blocked.Pkg.Origin == metadata.Ebuild {
			var flags []string
			for _, d := range r.Blocker.Use {
				flags = append(flags, d.Flag)
			}
			w.hangsOn(k, r.Blocked, flags, s)
		}
	}
	w.finish(k)
	return k
}

// wanted adds what could answer an atom besides what does.
func (w *world) wanted(k *core, r *solver.Rule, a *atom.Atom, s set) {
	for _, c := range w.u.Group(r.Root, a.CP).All {
		if c.Pkg.Origin != metadata.Ebuild || !c.MatchesButUse(a) {
			continue
		}
		if slices.ContainsFunc(r.Answers, func(m *universe.Candidate) bool { return m.Pkg == c.Pkg && m.Root == c.Root }) {
			continue
		}
		p := w.pair(w.info(c), a)
		// What would answer it but does not is kept out by something else, which no change lifts (--exclude).
		if p.i.liftable && !w.verdict(p, s).ok && !slices.Contains(k.pairs, p) {
			k.pairs = append(k.pairs, p)
		}
	}
}

func (w *world) hangsOn(k *core, c *universe.Candidate, flags []string, s set) {
	own := w.find(c)
	if own == nil {
		return
	}
	i := w.info(own)
	for _, name := range flags {
		st := state{i, name, w.value(i, name, s)}
		if w.flag(i, name).changeable && !slices.Contains(k.states, st) {
			k.states = append(k.states, st)
		}
	}
}

func (w *world) pair(i *info, a *atom.Atom) *pair {
	key := pairKey{i, a.String()}
	p := w.pairs[key]
	if p == nil {
		p = &pair{i: i, a: a, memo: map[string]*verdict{}}
		w.pairs[key] = p
	}
	return p
}

// matters reports whether changes of a slot are about the contradiction.
func (k *core) matters(slot int32) bool { return int(slot) < len(k.slots) && k.slots[slot] }

// finish notes the slots that matter.
func (w *world) finish(k *core) {
	note := func(i *info) {
		for int(i.slot) >= len(k.slots) {
			k.slots = append(k.slots, false)
		}
		k.slots[i.slot] = true
	}
	for _, p := range k.pairs {
		note(p.i)
	}
	for _, st := range k.states {
		note(st.i)
	}
	for _, v := range k.voids {
		for _, id := range v {
			note(&info{slot: w.slotOf[id]})
		}
	}
	k.memo = map[string]*standing{}
}

// under is what s makes of a contradiction. Only its changes in slots that matter count, and sets have few of them in
// common, so that it is worked out once for many sets.
func (w *world) under(k *core, s set) *standing {
	part := w.scratch[:0]
	for _, id := range s {
		if k.matters(w.slotOf[id]) {
			part = append(part, id)
		}
	}
	w.scratch = part
	w.key = part.appendKey(w.key[:0])
	st := k.memo[string(w.key)]
	if st == nil {
		own := slices.Clone(part)
		st = &standing{holds: w.holds(k, own)}
		if st.holds {
			st.lifts = w.lifts(k, own)
		}
		k.memo[own.key()] = st
	}
	return st
}

// holds reports whether a contradiction stands under s.
func (w *world) holds(k *core, s set) bool {
	for _, st := range k.states {
		if w.value(st.i, st.flag, s) != st.on {
			return false
		}
	}
	if slices.ContainsFunc(k.voids, s.contains) {
		return false
	}
	for _, p := range k.pairs {
		if w.verdict(p, s).ok {
			return false
		}
	}
	return true
}

// lifts are the minimal additions to s that may void a contradiction that stands under s.
func (w *world) lifts(k *core, s set) []set {
	var out []set
	add := func(l set) {
		if !slices.ContainsFunc(out, func(o set) bool { return l.contains(o) }) {
			out = slices.DeleteFunc(out, func(o set) bool { return o.contains(l) })
			out = append(out, l)
		}
	}
	for _, p := range k.pairs {
		for _, l := range w.verdict(p, s).lifts {
			add(l)
		}
	}
	for _, st := range k.states {
		if id, ok := w.turn(st.i, st.flag, !st.on, s); ok {
			add(set{id})
		}
	}
	for _, v := range k.voids {
		add(slices.DeleteFunc(slices.Clone(v), s.has))
	}
	return out
}

// verdict looks up or computes what s makes of a pair.
func (w *world) verdict(p *pair, s set) *verdict {
	s = w.ofSlot(s, p.i.slot)
	key := s.key()
	v := p.memo[key]
	if v == nil {
		v = w.judge(p, s)
		p.memo[key] = v
	}
	return v
}

func (w *world) judge(p *pair, s set) *verdict {
	i := p.i
	v := &verdict{}
	if !i.liftable {
		return v
	}
	var lift set
	for _, id := range i.need {
		if !s.has(id) {
			lift = lift.with(set{id})
		}
	}
	fixed := map[string]bool{}
	for _, d := range p.a.Use {
		on := d.Kind == atom.UseEnabled
		if !i.c.HasFlag(d.Flag) {
			if d.Default == '+' && on || d.Default == '-' && !on {
				continue
			}
			return v
		}
		fixed[d.Flag] = true
		if w.value(i, d.Flag, s) == on {
			continue
		}
		id, ok := w.turn(i, d.Flag, on, s)
		if !ok {
			return v
		}
		lift = lift.with(set{id})
	}
	for _, flips := range w.satisfy(i, s.with(lift), fixed) {
		l := lift.with(flips)
		if len(l) == 0 {
			v.ok = true
			return v
		}
		v.lifts = append(v.lifts, l)
	}
	return v
}

// satisfy finds the minimal additions to s with which REQUIRED_USE holds (PMS 7.3.4), the smallest first: an empty one if
// it holds as it is. Flags in fixed, and those that s sets, stay as they are. A set is extended only by flags
// of a part that fails, of which one has to be switched in every larger set.
func (w *world) satisfy(i *info, s set, fixed map[string]bool) []set {
	if i.required == nil {
		return []set{nil}
	}
	var found []set
	queue := []set{nil}
	seen := map[string]bool{"": true}
	for steps := 0; len(queue) > 0; steps++ {
		if steps == maxFlipSteps {
			w.cut = true
			break
		}
		extra := queue[0]
		queue = queue[1:]
		if slices.ContainsFunc(found, extra.contains) {
			continue
		}
		all := s.with(extra)
		blame := w.failing(i, all)
		if blame == nil {
			found = append(found, extra)
			continue
		}
		for _, name := range blame {
			id, ok := w.turn(i, name, !w.value(i, name, s), all)
			if !ok || fixed[name] || extra.has(id) || s.has(id) {
				continue
			}
			if len(extra) == maxFlips {
				w.cut = true
				break
			}
			larger := extra.with(set{id})
			if key := larger.key(); !seen[key] {
				seen[key] = true
				queue = append(queue, larger)
			}
		}
	}
	return found
}

// failing lists the flags of the first part of REQUIRED_USE that does not hold, nil if all does.
func (w *world) failing(i *info, s set) []string {
	use := func(name string) bool { return w.value(i, name, s) }
	for _, part := range i.required.Children {
		if part.SatisfiedUse(use) {
			continue
		}
		blame := []string{}
		part.Leaves(func(l *depend.Node) { blame = append(blame, l.Text) })
		part.Conditions(func(name string) { blame = append(blame, name) })
		return blame
	}
	return nil
}
