package alternatives

import (
	"cmp"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
)

// Cost of a set of changes: what counts most comes first, and less is better (docs/alternatives.md 4).
type Cost [numCosts]int

// Components of a Cost.
const (
	CostDrop        = iota // arguments given up
	CostRemove             // installed packages removed
	CostDrastic            // masks lifted, live versions accepted, flags of the profile's choice changed
	CostExplicit           // settings of the user contradicted
	CostUnkeyworded        // packages without any keyword
	CostForeign            // packages with keywords of other architectures only
	CostTesting            // packages with a testing keyword
	CostProperties         // packages with properties or restrictions to be accepted
	CostLicense            // packages with licenses to be accepted
	CostPackages           // packages touched
	CostFlags              // USE flags set
	CostOff                // of these, switched off
	numCosts
)

// Compare orders costs: negative if c is less.
func (c Cost) Compare(d Cost) int { return slices.Compare(c[:], d[:]) }

func (c Cost) plus(d Cost) Cost {
	for i := range d {
		c[i] += d[i]
	}
	return c
}

// Compare orders changes by package, slot, kind and flag.
func (c Change) Compare(d Change) int {
	return cmp.Or(c.CP.Compare(d.CP), cmp.Compare(c.Slot, d.Slot), cmp.Compare(c.Kind, d.Kind),
		cmp.Compare(c.Flag, d.Flag), cmp.Compare(b2i(c.On), b2i(d.On)))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// weight is the part of a change's cost that adds up; packages are counted for the whole set.
func (c Change) weight(explicit bool) Cost {
	var w Cost
	switch c.Kind {
	case Use:
		w[CostFlags] = 1
		w[CostOff] = 1 - b2i(c.On)
	case Drop:
		w[CostDrop] = 1
	case Remove:
		w[CostRemove] = 1
	case MaskedUse:
		w[CostDrastic] = 1
		w[CostFlags] = 1
		w[CostOff] = 1 - b2i(c.On)
	case License:
		w[CostLicense] = 1
	case Properties, Restrict:
		w[CostProperties] = 1
	case Testing:
		w[CostTesting] = 1
	case Foreign:
		w[CostForeign] = 1
	case Unkeyworded:
		w[CostUnkeyworded] = 1
	default:
		w[CostDrastic] = 1
	}
	w[CostExplicit] = b2i(explicit)
	return w
}

// kindFor is the change that lifts an exclusion on a machine of an architecture; ok is false if none does.
func kindFor(arch string, p *metadata.Package, x *metadata.Exclusion) (k Kind, ok bool) {
	switch x.Kind {
	case metadata.ExclLicense:
		return License, true
	case metadata.ExclProperties:
		return Properties, true
	case metadata.ExclRestrict:
		return Restrict, true
	case metadata.ExclMask:
		return Unmask, true
	case metadata.ExclKeyword:
		if live(p) {
			return Live, true
		}
		switch {
		case slices.Contains(x.Tokens, "~"+arch), slices.Contains(x.Tokens, arch):
			return Testing, true
		case slices.ContainsFunc(x.Tokens, func(k string) bool { return k != "" && k != "**" && k[0] != '-' }):
			return Foreign, true
		}
		return Unkeyworded, true
	}
	return 0, false
}

// live reports a package whose sources are whatever their repository holds on the day.
func live(p *metadata.Package) bool {
	return slices.Contains(strings.Fields(p.Var("PROPERTIES")), "live") || strings.HasPrefix(p.CPV.Version.String(), "9999")
}

// set is a set of changes by number, ascending.
type set []int32

func (s set) has(id int32) bool {
	_, ok := slices.BinarySearch(s, id)
	return ok
}

// with is s and the members of t.
func (s set) with(t set) set {
	out := make(set, 0, len(s)+len(t))
	i, j := 0, 0
	for i < len(s) && j < len(t) {
		switch {
		case s[i] < t[j]:
			out, i = append(out, s[i]), i+1
		case s[i] > t[j]:
			out, j = append(out, t[j]), j+1
		default:
			out, i, j = append(out, s[i]), i+1, j+1
		}
	}
	return append(append(out, s[i:]...), t[j:]...)
}

// contains reports whether every member of t is in s.
func (s set) contains(t set) bool {
	for _, id := range t {
		if !s.has(id) {
			return false
		}
	}
	return true
}

// key identifies a set.
func (s set) key() string { return string(s.appendKey(make([]byte, 0, 4*len(s)))) }

func (s set) appendKey(b []byte) []byte {
	for _, id := range s {
		b = append(b, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	return b
}
