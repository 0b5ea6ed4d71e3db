// Package sets resolves @name: Portage's standard sets, /etc/portage/sets,
// sets.conf, repositories' sets.
//
// A set is a definition (a class with options, as sets.conf spells them) and
// what the class computes from the Context. The standard sets are definitions
// like any other, so a section of the same name in sets.conf changes them.
package sets

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/suggest"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/vdb"
)

// Context is what sets are computed from. Nil members count as empty.
type Context struct {
	Settings  *config.Settings
	Repos     *repo.Set
	Installed *vdb.DB
	World     *vdb.World
	// Now is the time for AgeSet; zero means the current time.
	Now time.Time
}

// Set is one resolved set. Sub-sets are listed and their atoms included in Atoms.
type Set struct {
	Name    string
	Atoms   []Member // sorted by atom text, without duplicates
	Subsets []*Set   // as the definition lists them, without duplicates
}

// Member is one atom and the file (line) it comes from: a set file, the world
// file, the directory of the installed package it stands for.
type Member struct {
	Atom   *atom.Atom
	Source metadata.Source
}

// UnknownError is returned for @nosuchset, with suggestions.
type UnknownError struct {
	Name    string
	In      string          // the set that lists Name; "" for the request itself
	Source  metadata.Source // where it does, if In is a file
	Suggest []string        // names of similar sets, best first
}

func (e *UnknownError) Error() string {
	var b strings.Builder
	if e.Source.File != "" {
		fmt.Fprintf(&b, "%s: ", place(e.Source))
	}
	if e.In != "" {
		fmt.Fprintf(&b, "set @%s: ", e.In)
	}
	fmt.Fprintf(&b, "there is no set @%s", e.Name)
	if len(e.Suggest) > 0 {
		fmt.Fprintf(&b, " (did you mean @%s?)", strings.Join(e.Suggest, " or @"))
	}
	return b.String()
}

// CycleError is returned for sets that contain each other.
type CycleError struct {
	// Chain of names, each listing the next; the last equals the first.
	Chain []string
	// Source is the line that closes the cycle, zero where a set has no file.
	Source metadata.Source
}

func (e *CycleError) Error() string {
	text := "sets contain each other: @" + strings.Join(e.Chain, " -> @")
	if e.Source.File == "" {
		return text
	}
	return place(e.Source) + ": " + text
}

// FormatError is a line of a set file, of sets.conf or of a GLSA that cannot
// be used, or (without Source) a bad option in @name{option=value}.
type FormatError struct {
	Source metadata.Source
	Err    error
}

func (e *FormatError) Error() string {
	if e.Source.File == "" {
		return e.Err.Error()
	}
	return place(e.Source) + ": " + e.Err.Error()
}

func (e *FormatError) Unwrap() error { return e.Err }

// place is "file:line", or the file alone.
func place(s metadata.Source) string {
	if s.Line == 0 {
		return s.File
	}
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// Resolve is ResolveContext without cancellation.
func Resolve(c *Context, name string) (*Set, error) {
	return ResolveContext(context.Background(), c, name)
}

// ResolveContext computes the set called name (without "@"). As on emerge's
// command line, name may be an expression: "name{option=value,…}" changes a
// definition's options, or makes a new set if it has a class option; and
// a/@b, a-@b, a+@b are intersection, difference and union by atom text, from
// left to right. Errors are *UnknownError, *CycleError, *FormatError, or those
// of reading files.
func ResolveContext(ctx context.Context, c *Context, name string) (*Set, error) {
	cat, err := loadCatalog(c)
	if err != nil {
		return nil, err
	}
	r := &resolver{ctx: ctx, c: c, cat: cat, done: make(map[string]*Set)}
	return r.expression(name)
}

// Names lists every set that can be resolved, sorted. With an unreadable
// configuration it lists what could be read.
func Names(c *Context) []string {
	cat, _ := loadCatalog(c)
	return cat.names()
}

// resolver is one call of Resolve.
type resolver struct {
	ctx   context.Context
	c     *Context
	cat   *catalog
	stack []string // names being resolved, outermost first
	done  map[string]*Set
}

// named resolves a set by its plain name, which the set `in` lists at src.
func (r *resolver) named(name, in string, src metadata.Source) (*Set, error) {
	if s, ok := r.done[name]; ok {
		return s, nil
	}
	if i := slices.Index(r.stack, name); i >= 0 {
		return nil, &CycleError{Chain: append(slices.Clone(r.stack[i:]), name), Source: src}
	}
	def, ok := r.cat.defs[name]
	if !ok {
		return nil, &UnknownError{
			Name: name, In: in, Source: src,
			Suggest: suggest.Nearest(name, r.cat.names(), 3),
		}
	}
	r.stack = append(r.stack, name)
	s, err := r.build(name, def)
	r.stack = r.stack[:len(r.stack)-1]
	if err != nil {
		return nil, err
	}
	r.done[name] = s
	return s, nil
}

// build computes a definition: its own members, then the sub-sets it lists.
func (r *resolver) build(name string, def *definition) (*Set, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	compute, ok := classes()[def.class]
	if !ok {
		return nil, def.errorf("set @%s: class %q is not supported", name, def.class)
	}
	got, err := compute(r, def)
	if err != nil {
		return nil, err
	}
	s := &Set{Name: name, Atoms: got.atoms}
	seen := make(map[string]bool)
	for _, ref := range got.sets {
		if seen[ref.name] {
			continue
		}
		seen[ref.name] = true
		sub, err := r.named(ref.name, name, ref.source)
		if err != nil {
			return nil, err
		}
		s.Subsets = append(s.Subsets, sub)
		s.Atoms = append(s.Atoms, sub.Atoms...)
	}
	s.Atoms = sorted(s.Atoms)
	return s, nil
}

// contents is what a class finds: atoms and names of sub-sets.
type contents struct {
	atoms []Member
	sets  []reference
}

type reference struct {
	name   string
	source metadata.Source
}

// sorted orders members by atom text and removes duplicates; of equal ones the
// first stays.
func sorted(members []Member) []Member {
	type keyed struct {
		text string
		m    Member
	}
	list := make([]keyed, len(members))
	for i, m := range members {
		list[i] = keyed{m.Atom.String(), m}
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return cmp.Compare(a.text, b.text) })
	out := make([]Member, 0, len(list))
	for i, k := range list {
		if i == 0 || list[i-1].text != k.text {
			out = append(out, k.m)
		}
	}
	return out
}
