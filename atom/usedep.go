package atom

import "strings"

// UseDepKind is one of the six forms of a USE dependency; PMS 8.3.4.
type UseDepKind uint8

// The six forms.
const (
	UseEnabled    UseDepKind = iota // [flag]
	UseDisabled                     // [-flag]
	UseEqual                        // [flag=]
	UseNotEqual                     // [!flag=]
	UseIfEnabled                    // [flag?]
	UseIfDisabled                   // [!flag?]
)

// Conditional reports the forms that depend on the USE of the package that has
// the dependency.
func (k UseDepKind) Conditional() bool { return k >= UseEqual }

// UseDep is one element of the bracketed list. Default is '+' or '-' for
// [flag(+)] and [flag(-)], 0 without a default.
type UseDep struct {
	Kind    UseDepKind
	Flag    string
	Default byte
}

// String is the element as it stands between the brackets.
func (u UseDep) String() string {
	var b strings.Builder
	u.write(&b)
	return b.String()
}

func (u UseDep) write(b *strings.Builder) {
	switch u.Kind {
	case UseDisabled:
		b.WriteByte('-')
	case UseNotEqual, UseIfDisabled:
		b.WriteByte('!')
	}
	b.WriteString(u.Flag)
	if u.Default != 0 {
		b.WriteByte('(')
		b.WriteByte(u.Default)
		b.WriteByte(')')
	}
	switch u.Kind {
	case UseEqual, UseNotEqual:
		b.WriteByte('=')
	case UseIfEnabled, UseIfDisabled:
		b.WriteByte('?')
	}
}

// evaluate resolves a conditional form; keep is false when it asks for nothing.
func (u UseDep) evaluate(on bool) (d UseDep, keep bool) {
	switch u.Kind {
	case UseEqual:
		u.Kind = UseDisabled
		if on {
			u.Kind = UseEnabled
		}
	case UseNotEqual:
		u.Kind = UseEnabled
		if on {
			u.Kind = UseDisabled
		}
	case UseIfEnabled:
		u.Kind = UseEnabled
		return u, on
	case UseIfDisabled:
		u.Kind = UseDisabled
		return u, !on
	}
	return u, true
}

// ConditionalUse reports whether EvaluateUse would change the atom.
func (a *Atom) ConditionalUse() bool {
	for i := range a.Use {
		if a.Use[i].Kind.Conditional() {
			return true
		}
	}
	return false
}

// EvaluateUse resolves the conditional forms ([flag=], [flag?] …) against the
// parent's USE, leaving only UseEnabled/UseDisabled; UseAsWritten remembers the others. Returns a itself
// when nothing is conditional.
func (a *Atom) EvaluateUse(parent func(flag string) bool) *Atom {
	if !a.ConditionalUse() {
		return a
	}
	c := *a
	c.Use, c.conditional = make([]UseDep, 0, len(a.Use)), a.Use
	for _, u := range a.Use {
		on := u.Kind.Conditional() && parent(u.Flag)
		if d, keep := u.evaluate(on); keep {
			c.Use = append(c.Use, d)
		}
	}
	if len(c.Use) == 0 {
		c.Use = nil
	}
	return &c
}

// UseAsWritten is the USE part before EvaluateUse: what the ebuild says.
func (a *Atom) UseAsWritten() []UseDep {
	if a.conditional != nil {
		return a.conditional
	}
	return a.Use
}

// RestrictsUse reports whether there is anything for MatchUse to look at. An evaluated
// atom may name no flag that is to be on or off and still demand that flags exist.
func (a *Atom) RestrictsUse() bool { return len(a.Use) > 0 || a.conditional != nil }

// MatchUse reports whether the (already evaluated) USE part matches a package
// for which iuse tells the flags it has and use those enabled. A flag that the
// package lacks fails unless the dependency has a default; that is so, too, for a
// flag whose condition evaluated to nothing, as [flag?] without the flag (PMS 8.3.4 demands
// that it exists). Conditional forms that were not evaluated restrict nothing.
func (a *Atom) MatchUse(iuse, use func(flag string) bool) bool {
	for i := range a.Use {
		u := &a.Use[i]
		if u.Kind.Conditional() {
			continue
		}
		on := u.Default == '+'
		if iuse(u.Flag) {
			on = use(u.Flag)
		} else if u.Default == 0 {
			return false
		}
		if on != (u.Kind == UseEnabled) {
			return false
		}
	}
	for i := range a.conditional {
		if u := &a.conditional[i]; u.Default == 0 && u.Kind.Conditional() && !iuse(u.Flag) {
			return false
		}
	}
	return true
}
