package vdb

import (
	"maps"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// WithDynamicDeps returns a DB in which the dependency variables, EAPI and
// KEYWORDS of a package come from the ebuild of the same version and
// repository where there is one (find returns it or nil); the built
// slot-operator atoms (cat/pkg:slot/sub=) are appended to the variable they
// were recorded in, unless ignoreBuilt. These are the rules of emerge
// --dynamic-deps=y: a package keeps what was recorded if either EAPI is
// unsupported, or if it has built slot-operator atoms and the ebuild's EAPI
// has no slot operators. find must be safe for concurrent use; it is called
// when a package is first asked for.
func (d *DB) WithDynamicDeps(find func(p *metadata.Package) *metadata.Package, ignoreBuilt bool) *DB {
	out := d.Recorded().MapLazy(func(atom.CP) bool { return false }, func(p *metadata.Package) *metadata.Package {
		if p.EAPI == nil {
			return p
		}
		e := find(p)
		if e == nil || e.EAPI == nil || e.Invalid != nil {
			return p
		}
		var built [metadata.NumDepKinds][]string
		if !ignoreBuilt && p.EAPI.SlotOperators {
			var any bool
			if built, any = builtAtoms(p); any && !e.EAPI.SlotOperators {
				return p
			}
		}
		return withDepsOf(p, e, built)
	})
	out.recorded = d.Recorded()
	return out
}

// builtAtoms collects the built slot-operator atoms of each dependency
// variable under the USE the package was built with, sorted, without
// duplicates.
func builtAtoms(p *metadata.Package) (built [metadata.NumDepKinds][]string, any bool) {
	for k := range metadata.NumDepKinds {
		text := p.Var(k.String())
		if !k.In(p.EAPI) || !mayHaveBuiltAtom(text) {
			continue
		}
		if hasConditional(text) {
			node, err := p.Deps(k)
			if err != nil {
				continue // an unparsable record has no bindings we could keep
			}
			node.Evaluate(p.Use.Has).Atoms(func(a *atom.Atom) { built[k] = appendBuilt(built[k], a) })
		} else {
			for word := range strings.FieldsSeq(text) {
				if !mayHaveBuiltAtom(word) {
					continue
				}
				if a, err := atom.ParseBuilt(word, p.EAPI); err == nil {
					built[k] = appendBuilt(built[k], a.EvaluateUse(p.Use.Has))
				}
			}
		}
		slices.Sort(built[k])
		built[k] = slices.Compact(built[k])
		any = any || len(built[k]) > 0
	}
	return built, any
}

func appendBuilt(list []string, a *atom.Atom) []string {
	if a.Built() {
		list = append(list, a.String())
	}
	return list
}

// hasConditional reports a USE conditional. Portage resolves them when it
// records built atoms, so that parsing the whole is rarely needed.
func hasConditional(text string) bool {
	for word := range strings.FieldsSeq(text) {
		if word[len(word)-1] == '?' {
			return true
		}
	}
	return false
}

// mayHaveBuiltAtom is a quick test that spares most packages the parser: the
// built form ends its slot part, which holds a slash, with '='.
func mayHaveBuiltAtom(text string) bool {
	for {
		i := strings.IndexByte(text, ':')
		if i < 0 {
			return false
		}
		text = text[i+1:]
		end := strings.IndexAny(text, "= \t\n[")
		if end > 0 && text[end] == '=' && strings.IndexByte(text[:end], '/') > 0 {
			return true
		}
	}
}

// withDepsOf is p with the dependencies, EAPI and KEYWORDS of e, and the built
// atoms appended.
func withDepsOf(p, e *metadata.Package, built [metadata.NumDepKinds][]string) *metadata.Package {
	q := p.Clone()
	q.EAPI, q.EAPIName, q.Keywords = e.EAPI, e.EAPIName, e.Keywords
	q.AsBuilt = p
	q.Raw = make(map[string]string, len(p.Raw)+2)
	maps.Copy(q.Raw, p.Raw)
	for k := range metadata.NumDepKinds {
		text := ""
		if k.In(e.EAPI) {
			text = e.Var(k.String())
		}
		if len(built[k]) > 0 {
			text = strings.TrimSpace(text + " " + strings.Join(built[k], " "))
		}
		q.Raw[k.String()] = text
	}
	return q
}
