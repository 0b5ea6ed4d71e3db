// Package cnf turns the candidates of a universe into clauses. Each rule kind
// can be audited on its own (docs/encoding.md); every clause remembers its rule,
// so that a contradiction can be told in the user's words.
package cnf

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/internal/sat"
	"github.com/portsolve/portsolve/solver/universe"
)

// RuleKind names what a rule demands.
type RuleKind uint8

const (
	// Request: one of the candidates that an argument allows.  (c1 ∨ c2 ∨ …)
	Request RuleKind = iota
	// Depend: a package needs one of the matches of an atom.  (¬p ∨ m1 ∨ m2 ∨ …)
	Depend
	// AnyOf: a package needs one branch of an any-of group.  (¬p ∨ b1 ∨ b2 ∨ …); b → branch
	AnyOf
	// SlotOp: Depend of an installed package through a recorded :slot/sub= binding.
	SlotOp
	// Block: a package and one that it blocks exclude each other.  (¬p ∨ ¬m)
	Block
	// Slot: at most one package per root, name and slot.
	Slot
	// World: what @world names and was there must stay there.  (m1 ∨ m2 ∨ …)
	World
	// Keep: k → the slot of an installed package stays occupied. k is assumed.
	Keep
	// NoDowngrade: d → no older version in the slot of an installed package. d is assumed.
	NoDowngrade
	// Library: a built package needs a shared library that others provide.  (¬p ∨ m1 ∨ …)
	Library
	// Learned: a contradiction found by the search; follows from the others.
	Learned
)

// Rule is the provenance of one or more clauses.
type Rule struct {
	Kind   RuleKind
	Cand   *universe.Candidate // the package that has the rule; nil for Request and World
	Dep    metadata.DepKind
	Atom   *atom.Atom      // Depend, SlotOp, Block, Request, World
	Expr   *depend.Node    // AnyOf
	Arg    string          // Request, World: as the user wrote it
	Root   universe.RootID // Depend, SlotOp, Request: where the atom has to be satisfied
	Slot   universe.SlotKey
	Soname universe.Soname       // Library
	Others []*universe.Candidate // Block: the blocked one
	Target bool                  // a dependency of an --onlydeps argument, which itself is not merged
}

// clause is a slice of Formula.lits with its rule.
type clause struct {
	from, to int32
	rule     int32
}

// Formula is the encoded universe. It is append-only.
type Formula struct {
	u       *universe.Universe
	avoid   func(*universe.Candidate) bool
	vars    int32
	lits    []sat.Lit
	clauses []clause
	rules   ruleList

	exists  []sat.Lit // by candidate ID: the package is installed at the end
	used    []sat.Lit // by candidate ID: it counts for dependencies; differs from exists for orphans
	cands   []*universe.Candidate
	targets map[*universe.Candidate]sat.Lit
	moved   map[*universe.Candidate][]*universe.Candidate // installed: its version in another slot
	keeps   []Soft
	downs   []Soft
}

// Soft is a literal that the search assumes as long as it can.
type Soft struct {
	Lit  sat.Lit
	Slot universe.SlotKey
	Inst *universe.Candidate
}

// Exists is the literal "c is installed at the end", 0 if c is not part of the formula.
func (f *Formula) Exists(c *universe.Candidate) sat.Lit {
	if c.ID < len(f.exists) {
		return f.exists[c.ID]
	}
	return 0
}

// Used is the literal "c is installed at the end and other packages may rely on it".
func (f *Formula) Used(c *universe.Candidate) sat.Lit {
	if c.ID < len(f.used) {
		return f.used[c.ID]
	}
	return 0
}

// Keeps and Downs are the soft literals of the keep and no-downgrade rules, in CPV order.
func (f *Formula) Keeps() []Soft { return f.keeps }

// Downs lists the no-downgrade literals.
func (f *Formula) Downs() []Soft { return f.downs }

// Vars and Clauses count what was encoded.
func (f *Formula) Vars() int { return int(f.vars) }

// Clauses counts the clauses.
func (f *Formula) Clauses() int { return len(f.clauses) }

func (f *Formula) newVar() sat.Lit {
	f.vars++
	return sat.Lit(f.vars)
}

func (f *Formula) rule(r Rule) int32 { return f.rules.add(r) }

// ruleList is append-only and never copies what it holds: there are some 15,000 rules, of 200 bytes each.
type ruleList struct {
	chunks [][]Rule
	n      int
}

const rulesPerChunk = 256

func (l *ruleList) add(r Rule) int32 {
	if l.n%rulesPerChunk == 0 {
		l.chunks = append(l.chunks, make([]Rule, 0, rulesPerChunk))
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, r)
	l.n++
	return int32(l.n - 1)
}

func (l *ruleList) at(i int32) *Rule { return &l.chunks[i/rulesPerChunk][i%rulesPerChunk] }

func (f *Formula) add(rule int32, lits ...sat.Lit) {
	from := int32(len(f.lits))
	f.lits = append(f.lits, lits...)
	f.clauses = append(f.clauses, clause{from, int32(len(f.lits)), rule})
}

// Adder is what clauses can be given to.
type Adder interface{ Add(clause ...sat.Lit) }

// Learn adds a clause that follows from the others, to the formula and to what was loaded with it.
func (f *Formula) Learn(lits []sat.Lit, to ...Adder) {
	f.add(f.rule(Rule{Kind: Learned}), lits...)
	for _, a := range to {
		a.Add(lits...)
	}
}

// Load gives all clauses to an engine or a propagator.
func (f *Formula) Load(to Adder) {
	for _, c := range f.clauses {
		to.Add(f.lits[c.from:c.to]...)
	}
}

// Explained is a second engine over the same clauses in which every rule has a
// selector, so that a core names rules. Learned clauses are left out.
func (f *Formula) Explained() (e *sat.Engine, selectors []sat.Lit, ruleOf map[sat.Lit]*Rule) {
	e = sat.New()
	ruleOf = map[sat.Lit]*Rule{}
	sel := make([]sat.Lit, f.rules.n)
	next := f.vars
	var buf []sat.Lit
	for _, c := range f.clauses {
		if f.rules.at(c.rule).Kind == Learned {
			continue
		}
		if sel[c.rule] == 0 {
			next++
			sel[c.rule] = sat.Lit(next)
			selectors = append(selectors, sat.Lit(next))
			ruleOf[sat.Lit(next)] = f.rules.at(c.rule)
		}
		buf = append(buf[:0], f.lits[c.from:c.to]...)
		e.Add(append(buf, sel[c.rule].Not())...)
	}
	return e, selectors, ruleOf
}

// Target is the literal "the dependencies of c, an --onlydeps argument, are met", 0 if c is none.
func (f *Formula) Target(c *universe.Candidate) sat.Lit { return f.targets[c] }
