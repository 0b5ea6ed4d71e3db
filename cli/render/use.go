package render

import (
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
)

// flagState is everything the display of one flag depends on.
type flagState struct {
	name               string // without the USE_EXPAND prefix
	on, now            bool   // enabled; in IUSE now
	was, known         bool   // enabled before; in IUSE before
	compared           bool   // there is a "before"
	forced, byFeatures bool
}

// marks are emerge's: "*" the flag was switched, "%" it is new in IUSE or gone
// from it, "()" it cannot be changed or is gone, "{}" FEATURES decide it.
//
//	              before: absent   off      on
//	now enabled           f%*      f*       f
//	now disabled          -f%      -f       -f*
//	gone                           (-f%)    (-f%*)
//
// A flag that is new, disabled and fixed by the profile gets no "%": nobody
// could have enabled it.
func (f *flagState) marks() string {
	if !f.compared {
		return ""
	}
	switch {
	case !f.now && f.was:
		return "%*"
	case !f.now:
		return "%"
	case !f.known && f.on:
		return "%*"
	case !f.known && f.forced:
		return ""
	case !f.known:
		return "%"
	case f.on != f.was:
		return "*"
	}
	return ""
}

func (f *flagState) text(pal palette) string {
	s, marks := f.name, f.marks()
	if !f.now || !f.on {
		s = "-" + s
	}
	switch {
	case strings.HasPrefix(marks, "%"):
		s = pal.paint(fresh, s)
	case marks == "*":
		s = pal.paint(changed, s)
	case f.on:
		s = pal.paint(enabled, s)
	default:
		s = pal.paint(disabled, s)
	}
	s += marks
	switch {
	case f.byFeatures:
		return "{" + s + "}"
	case f.forced || !f.now:
		return "(" + s + ")"
	}
	return s
}

// useString is `USE="a -b" PYTHON_TARGETS="…"`: USE first, then the USE_EXPAND
// groups by name. Hidden groups are left out. Below Verbose, only flags with
// marks are shown for packages that replace another version.
func (p *page) useString(e *answer.Entry, c class) string {
	if p.opt.Level == Quiet {
		return ""
	}
	groups := map[string][]flagState{}
	for _, f := range p.flags(e, c) {
		group, hidden := p.group(&f)
		if hidden {
			continue
		}
		if p.opt.Level != Verbose && c.kind != kindNew && c.kind != kindNewSlot && f.marks() == "" {
			continue
		}
		groups[group] = append(groups[group], f)
	}
	names := make([]string, 0, len(groups))
	for n := range groups {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		if (names[i] == "USE") != (names[j] == "USE") {
			return names[i] == "USE"
		}
		return names[i] < names[j]
	})
	var parts []string
	for _, n := range names {
		parts = append(parts, n+`="`+p.flagList(groups[n])+`"`)
	}
	return strings.Join(parts, " ")
}

// flags lists the flags of the entry and those its predecessor had.
func (p *page) flags(e *answer.Entry, c class) []flagState {
	out := make([]flagState, 0, len(e.Use))
	var before map[string]bool
	if c.before != nil {
		before = iuse(c.before)
	}
	for name, on := range e.Use {
		f := flagState{
			name: name, on: on, now: true, compared: c.before != nil,
			forced: contains(e.Forced, name), byFeatures: contains(e.Feature, name),
		}
		if c.before != nil {
			f.known = before[name]
			f.was = f.known && c.before.Use.Has(name)
		}
		out = append(out, f)
	}
	for name := range before {
		if _, now := e.Use[name]; !now {
			out = append(out, flagState{name: name, compared: true, known: true, was: c.before.Use.Has(name)})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

func iuse(pkg *metadata.Package) map[string]bool {
	m := make(map[string]bool, len(pkg.IUSE))
	for _, f := range pkg.IUSE {
		m[f.Name] = true
	}
	return m
}

// contains searches a sorted list.
func contains(sorted []string, s string) bool {
	i := sort.SearchStrings(sorted, s)
	return i < len(sorted) && sorted[i] == s
}

// group finds the USE_EXPAND variable of a flag and strips its prefix.
func (p *page) group(f *flagState) (name string, hidden bool) {
	best := -1
	for i := range p.res.UseExpand {
		prefix := p.res.UseExpand[i].Prefix
		if len(f.name) > len(prefix)+1 && f.name[len(prefix)] == '_' && strings.HasPrefix(f.name, prefix) &&
			(best < 0 || len(prefix) > len(p.res.UseExpand[best].Prefix)) {
			best = i
		}
	}
	if best < 0 {
		return "USE", false
	}
	g := &p.res.UseExpand[best]
	f.name = f.name[len(g.Prefix)+1:]
	return strings.ToUpper(g.Prefix), g.Hidden
}

// flagList orders the flags of one variable: enabled, disabled, gone; each in
// natural order. With --alphabetical only the names count.
func (p *page) flagList(flags []flagState) string {
	rank := func(f *flagState) int {
		switch {
		case p.opt.Alphabetical:
			return 0
		case !f.now:
			return 2
		case f.on:
			return 0
		}
		return 1
	}
	sort.SliceStable(flags, func(i, j int) bool {
		if a, b := rank(&flags[i]), rank(&flags[j]); a != b {
			return a < b
		}
		return naturalLess(flags[i].name, flags[j].name)
	})
	parts := make([]string, len(flags))
	for i := range flags {
		parts[i] = flags[i].text(p.palette)
	}
	return strings.Join(parts, " ")
}

// naturalLess orders digits by value, everything else by byte, so that q8
// comes before q32 and python3_9 before python3_10.
func naturalLess(a, b string) bool {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if len(x) != len(y) {
				return len(x) < len(y)
			}
			if x != y {
				return x < y
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return a[0] < b[0]
		}
		a, b = a[1:], b[1:]
	}
	return len(a) < len(b)
}

// digits counts the decimal digits at the start of s.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
