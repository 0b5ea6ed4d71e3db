package config

import (
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo/profile"
)

// Source is metadata.Source: the file and line of a setting.
type Source = metadata.Source

// where is a Source that is made only when somebody asks: a line that exists
// already, or a word at an offset of an assignment.
type where struct {
	line   *Source
	assign *profile.Assign
	offset int
}

func (w where) source() Source {
	switch {
	case w.line != nil:
		return *w.line
	case w.assign != nil:
		return w.assign.SourceAt(w.offset)
	}
	return Source{}
}

// effect of an op.
type effect uint8

const (
	turnOn      effect = iota
	turnOff            // -flag
	clearPrefix        // -group_*: turn off every flag with that prefix
	clearAll           // -*
)

// place is the position of an op in the total order; of two ops that cover a
// flag the one at the later place decides, at equal places the later one met.
type place uint64

// at makes a place: layer (rank by USE_ORDER), node (profile or repository in
// order of inheritance) and phase (kind of file within the node).
func at(layer, node, phase int) place {
	return place(layer)<<40 | place(node)<<8 | place(phase)
}

// Phases within a node, in order of application. The stable ones are PMS 5.2.6
// and 5.2.12 (EAPI 9).
const (
	phaseUse     = iota // USE of make.defaults or make.conf; use.force, use.mask
	phaseExpand         // USE_EXPAND variables
	phaseStable         // use.stable, use.stable.force, use.stable.mask
	phasePackage        // package.use, package.use.force, package.use.mask
	phasePackageStable
	phaseEnv // package.env
)

// op is one USE setting.
type op struct {
	flag  string // the prefix for clearPrefix, "" for clearAll
	do    effect
	place place
	where where
}

// covers reports whether the op says anything of flag.
func (o *op) covers(flag string) bool {
	switch o.do {
	case clearAll:
		return true
	case clearPrefix:
		return strings.HasPrefix(flag, o.flag)
	}
	return o.flag == flag
}

// wordOp makes the op of one word of USE or of a flag file. prefix is that of a
// USE_EXPAND variable ("" for none).
func wordOp(word, prefix string, p place, w where) (op, bool) {
	o := op{place: p, where: w}
	if rest, off := strings.CutPrefix(word, "-"); off {
		word, o.do = rest, turnOff
	} else {
		word = strings.TrimPrefix(word, "+")
	}
	switch {
	case word == "":
		return o, false
	case word == "*" && o.do == turnOn: // not a flag
		return o, false
	case word == "*" && prefix == "":
		o.do = clearAll
		return o, true
	case word == "*":
		o.do, o.flag = clearPrefix, prefix
		return o, true
	case strings.HasSuffix(word, "_*"):
		if o.do == turnOn {
			return o, false
		}
		o.do, o.flag = clearPrefix, prefix+word[:len(word)-1]
		return o, true
	}
	o.flag = prefix + word
	return o, true
}

// wordsOps makes the ops of the words behind an atom. "NAME:" begins a group:
// the words behind it are values of that USE_EXPAND variable (portage(5), package.use).
func wordsOps(words []string, p place, src *Source) []op {
	ops := make([]op, 0, len(words))
	prefix := ""
	for _, w := range words {
		if len(w) > 1 && strings.HasSuffix(w, ":") {
			prefix = strings.ToLower(w[:len(w)-1]) + "_"
			continue
		}
		if o, ok := wordOp(w, prefix, p, where{line: src}); ok {
			ops = append(ops, o)
		}
	}
	return ops
}

// fold is the net effect of many ops in order.
type fold struct {
	flags  map[string]op // the last op of each flag by name
	clears []op          // those that cover more than one flag, in order
}

// add applies an op that is not before any op added so far.
func (f *fold) add(o op) {
	switch o.do {
	case clearAll:
		f.flags, f.clears = map[string]op{}, append(f.clears[:0:0], o)
		return
	case clearPrefix:
		for flag := range f.flags {
			if strings.HasPrefix(flag, o.flag) {
				delete(f.flags, flag)
			}
		}
		f.clears = append(f.clears, o)
		return
	}
	if f.flags == nil {
		f.flags = map[string]op{}
	}
	f.flags[o.flag] = o
}

// find returns the op that decides flag. Clears older than a flag's own op were
// overridden by it, and a clear deletes the older entries: an entry always wins.
func (f *fold) find(flag string) (op, bool) {
	if o, ok := f.flags[flag]; ok {
		return o, true
	}
	for i := len(f.clears) - 1; i >= 0; i-- {
		if f.clears[i].covers(flag) {
			return f.clears[i], true
		}
	}
	return op{}, false
}
