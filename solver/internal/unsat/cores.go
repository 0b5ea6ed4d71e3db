package unsat

import (
	"context"
	"fmt"
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/cnf"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// Bounds of the search for contradictions. They are counts, not times, so that the same world is told of in
// the same words on every machine.
const (
	maxCores  = 16  // more than a person reads
	maxSolves = 48  // each about as long as the request itself
	maxQueue  = 256 // sets of rules that are left out
)

// core is a minimal set of rules that contradict each other.
type core struct {
	lits    []sat.Lit
	rules   []*cnf.Rule
	minimal bool
	dead    bool // it ends in a rule that nothing answers
	tips    []sat.Lit
	keys    []string // what it is about: cores with one in common are one conflict
}

// finder looks for contradictions that do not follow from one another.
type finder struct {
	t         *teller
	e         *sat.Engine
	selectors []sat.Lit
	ruleOf    map[sat.Lit]*cnf.Rule
	selector  map[*cnf.Rule]sat.Lit
	cores     []*core
	solves    int
	models    [2][][]sat.Lit // what was left out when there was a model: apart from slots and blockers, and with them
	cut       bool           // a bound was reached: there may be more
}

func newFinder(t *teller) *finder {
	e, selectors, ruleOf := t.f.Explained()
	x := &finder{t: t, e: e, selectors: selectors, ruleOf: ruleOf, selector: make(map[*cnf.Rule]sat.Lit, len(ruleOf))}
	for l, r := range ruleOf {
		x.selector[r] = l
	}
	return x
}

// run finds contradictions: the first, and for each that was found those that stand with one of its ends left
// out. What stands is therefore no consequence of what is left out.
func (x *finder) run(ctx context.Context) {
	queue := [][]sat.Lit{nil}
	known := map[string]bool{}
	for n := 0; n < len(queue); n++ {
		if n == maxQueue || len(x.cores) == maxCores || ctx.Err() != nil {
			x.cut = true
			return
		}
		without := queue[n]
		c := x.standing(without)
		if c == nil {
			if c = x.find(ctx, without); c == nil {
				continue
			}
			x.cores = append(x.cores, c)
		}
		for _, tip := range c.tips {
			next := slices.Clone(without)
			for _, r := range x.t.twins(x.ruleOf[tip]) {
				next = append(next, x.selector[r])
			}
			slices.Sort(next)
			if key := fmt.Sprint(next); !known[key] {
				known[key] = true
				queue = append(queue, next)
			}
		}
	}
}

// standing is a contradiction found before that needs none of the rules left out.
func (x *finder) standing(without []sat.Lit) *core {
	for _, c := range x.cores {
		if !slices.ContainsFunc(c.lits, func(l sat.Lit) bool { return slices.Contains(without, l) }) {
			return c
		}
	}
	return nil
}

// find looks for a contradiction without some rules. Those that hold whatever shares a slot or blocks whom come
// first: what cannot be had at all is the cause, and what collides because of it the consequence.
func (x *finder) find(ctx context.Context, without []sat.Lit) *core {
	for i, apart := range [...]bool{true, false} {
		if slices.ContainsFunc(x.models[i], func(less []sat.Lit) bool { return contains(without, less) }) {
			continue // with even fewer left out there is a model
		}
		if x.solves++; x.solves > maxSolves {
			x.cut = true
			return nil
		}
		var assume []sat.Lit
		for _, l := range x.selectors {
			k := x.ruleOf[l].Kind
			if !slices.Contains(without, l) && !(apart && (k == cnf.Slot || k == cnf.Block)) {
				assume = append(assume, l)
			}
		}
		if x.e.Solve(ctx, assume...) != sat.Unsat {
			x.models[i] = append(x.models[i], without)
			continue
		}
		lits := x.e.Core()
		slices.SortFunc(lits, x.compare)
		lits, minimal := x.e.Shrink(ctx, lits)
		if len(lits) == 0 {
			return nil // contradictory without any rule: nothing to tell
		}
		slices.Sort(lits)
		return x.describe(lits, minimal)
	}
	return nil
}

// contains reports whether all of less is in set.
func contains(set, less []sat.Lit) bool {
	return !slices.ContainsFunc(less, func(l sat.Lit) bool { return !slices.Contains(set, l) })
}

// compare puts what the story should be about first; what comes late is dropped first.
func (x *finder) compare(a, b sat.Lit) int {
	ra, rb := x.ruleOf[a], x.ruleOf[b]
	if da, db := x.t.isDead(ra), x.t.isDead(rb); da != db {
		if da {
			return -1
		}
		return 1
	}
	if ra.Kind != rb.Kind {
		return int(ra.Kind) - int(rb.Kind)
	}
	return int(a - b)
}

// isDead: the rule wants something, and nothing answers it.
func (t *teller) isDead(r *cnf.Rule) bool {
	a := t.answers[r]
	return a != nil && len(a.Cands) == 0 && a.Branches == 0
}

// describe finds where a contradiction ends and what it is about.
func (x *finder) describe(lits []sat.Lit, minimal bool) *core {
	c := &core{lits: lits, minimal: minimal}
	for _, l := range lits {
		r := x.ruleOf[l]
		c.rules = append(c.rules, r)
		if x.t.isDead(r) {
			c.dead = true
			c.tips = append(c.tips, l)
			c.key("dead %d %s", x.t.rootOf(r), x.t.deadSubject(r))
		}
	}
	if c.dead {
		return c
	}
	contested := map[*universe.Candidate]bool{}
	for i, r := range c.rules {
		switch r.Kind {
		case cnf.Slot:
			c.key("slot %d %s", r.Slot.Root, r.Slot)
			for _, m := range r.Others {
				contested[m] = true
			}
		case cnf.Block:
			c.key("block %s %s", min(r.Cand.CP().String(), r.Others[0].CP().String()), max(r.Cand.CP().String(), r.Others[0].CP().String()))
			contested[r.Cand], contested[r.Others[0]] = true, true
			c.tips = append(c.tips, lits[i])
		}
	}
	for i, r := range c.rules {
		if a := x.t.answersOf(r); len(a) > 0 && !slices.ContainsFunc(a, func(m *universe.Candidate) bool { return !contested[m] }) {
			c.tips = append(c.tips, lits[i])
		}
	}
	if len(c.tips) == 0 {
		c.tips = lits[len(lits)-1:]
	}
	return c
}

func (c *core) key(format string, args ...any) {
	if k := fmt.Sprintf(format, args...); !slices.Contains(c.keys, k) {
		c.keys = append(c.keys, k)
	}
}

// deadSubject is what a rule is about that nothing answers. Flags are, where a version is but for them as it should be; then the
// reason, if there is only one (a keyword, a license, a line of package.mask). These would have to change for others, too. Otherwise
// it is the package.
func (t *teller) deadSubject(r *cnf.Rule) string {
	if r.Atom == nil {
		return subjectOf(r)
	}
	ch := t.choices(t.rootOf(r), r.Atom)
	seen := map[string]bool{}
	for _, x := range ch.cannot {
		for _, one := range x.reasons {
			text := fmt.Sprint(one.Kind, one.Tokens, one.Source)
			switch one.Kind {
			case "USE":
				return text
			case string(metadata.ExclRequiredUse), string(metadata.ExclInvalid):
				text = subjectOf(r)
			}
			seen[text] = true
		}
	}
	if len(seen) == 1 {
		for text := range seen {
			return text
		}
	}
	return subjectOf(r)
}

// subjectOf is what a rule asks for, whatever the version.
func subjectOf(r *cnf.Rule) string {
	switch {
	case r.Atom != nil:
		return r.Atom.CP.String()
	case r.Expr != nil:
		return r.Expr.String()
	}
	return fmt.Sprint(r.Soname)
}

// conflicts joins the contradictions that are about the same. The members of each start with the best to tell.
func (x *finder) conflicts() [][]*core {
	list := slices.Clone(x.cores)
	slices.SortStableFunc(list, func(a, b *core) int { return len(a.keys) - len(b.keys) })
	var groups [][]*core
	for _, c := range list {
		i := slices.IndexFunc(groups, func(g []*core) bool { return c.isAlso(g[0]) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	for _, g := range groups {
		slices.SortStableFunc(g, x.better)
	}
	slices.SortStableFunc(groups, func(a, b []*core) int { return x.better(a[0], b[0]) })
	return groups
}

// isAlso reports whether c is about all that o is about.
func (c *core) isAlso(o *core) bool {
	return !slices.ContainsFunc(o.keys, func(k string) bool { return !slices.Contains(c.keys, k) })
}

// better puts first what the user can do something about, then what is short.
func (x *finder) better(a, b *core) int {
	if d := x.rank(a) - x.rank(b); d != 0 {
		return d
	}
	return len(a.rules) - len(b.rules)
}

// rank is 0 where only the configuration keeps something out, 1 where that may help, 2 where versions
// contradict each other, 3 where something does not exist.
func (x *finder) rank(c *core) int {
	refused := false
	for _, r := range c.rules {
		for _, a := range Wanted(r) {
			if len(x.t.choices(x.t.rootOf(r), a).cannot) == 0 {
				continue
			}
			if refused = true; x.t.isDead(r) {
				return 0
			}
		}
	}
	switch {
	case c.dead:
		return 3
	case refused:
		return 1
	}
	return 2
}

// leaveOut are the arguments, and members of @world, without any one of which everything else has a solution. Where conflicts are many, there is none.
func (x *finder) leaveOut(ctx context.Context) []*cnf.Rule {
	var out []*cnf.Rule
	for _, l := range x.cores[0].lits {
		r := x.ruleOf[l]
		alone := r.Kind == cnf.Request && x.requests() < 2
		if r.Kind != cnf.Request && r.Kind != cnf.World || alone || slices.ContainsFunc(x.cores, func(c *core) bool { return !slices.Contains(c.lits, l) }) {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(x.selectors), func(o sat.Lit) bool { return o == l })
		if x.e.Solve(ctx, rest...) == sat.Sat {
			out = append(out, r)
		}
	}
	return out
}

// requests counts the arguments, members of sets among them.
func (x *finder) requests() int {
	n := 0
	for _, l := range x.selectors {
		if x.ruleOf[l].Kind == cnf.Request {
			n++
		}
	}
	return n
}
