package universe

import (
	"context"
	"reflect"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// store holds candidates by name, with what was found out about them.
type store struct {
	groups  map[groupKey]*Group
	matches [numRoots]map[*atom.Atom][]*Candidate
	err     error // the first of a source
}

func newStore() *store {
	s := &store{groups: map[groupKey]*Group{}}
	for i := range s.matches {
		s.matches[i] = map[*atom.Atom][]*Candidate{}
	}
	return s
}

// Cache lets the universes of one problem share candidates, and what was found out about them. A request is solved again and
// again, each time with a few other settings (autounmask, ways around build cycles): all names but those of
// the packages with settings stay as they were. It is not safe for concurrent use.
type Cache struct {
	first *Universe // nil until there is one
}

// New prepares a universe in which overrides and accepted count as configured (Universe.Overrides, Universe.Accepted). It
// shares what it can with earlier ones of the cache, if roots and request are theirs; Request.Circular may differ.
// A nil cache shares nothing.
func (c *Cache) New(ctx context.Context, roots []Root, req *Request,
	overrides map[*metadata.Package]map[string]bool, accepted map[*metadata.Package]bool) *Universe {
	u := New(ctx, roots, req)
	u.Overrides, u.Accepted = overrides, accepted
	if c == nil || c.first != nil && !c.first.serves(roots, req) {
		return u
	}
	if c.first == nil {
		c.first = New(ctx, roots, req)
	}
	u.share(c.first)
	return u
}

// serves reports whether candidates of u are those of another request.
func (u *Universe) serves(roots []Root, req *Request) bool {
	return len(roots) == len(u.Roots) && &roots[0] == &u.Roots[0] &&
		reflect.DeepEqual(req.Options, u.Req.Options) && sameArgs(req.Args, u.Req.Args)
}

func sameArgs(a, b []Arg) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// share takes everything but the names that u changes from another universe.
func (u *Universe) share(first *Universe) {
	u.rest, u.ids, u.inst = first.rest, first.ids, first.inst
	for p := range u.Overrides {
		u.changed[p.CPV.CP] = true
	}
	for p := range u.Accepted {
		u.changed[p.CPV.CP] = true
	}
}

// storeOf is where the candidates of a name are.
func (u *Universe) storeOf(cp atom.CP) *store {
	if len(u.changed) > 0 && u.changed[cp] {
		return u.own
	}
	return u.rest
}
