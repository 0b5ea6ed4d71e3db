package removal

import (
	"slices"

	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// sonames knows which installed packages provide a shared library: the recorded
// PROVIDES and REQUIRES, "x86_64: libz.so.1 libm.so.6 arm: …" (portage(5)).
type sonames struct {
	providers map[soname][]*universe.Candidate
}

type soname struct {
	root     universe.RootID
	category string // multilib category
	name     string
}

func newSonames(u *universe.Universe, roots []universe.Root) *sonames {
	s := &sonames{providers: map[soname][]*universe.Candidate{}}
	for i := range roots {
		root := universe.RootID(i)
		for _, c := range u.AllInstalled(root) {
			eachSoname(c.Pkg.Var("PROVIDES"), func(category, name string) {
				k := soname{root, category, name}
				s.providers[k] = append(s.providers[k], c)
			})
		}
	}
	return s
}

// needs keeps every provider of what c was linked to. A library that nothing provides
// says nothing about dependencies: it may come with the package itself.
func (s *sonames) needs(c *universe.Candidate, keep func(*universe.Candidate)) {
	eachSoname(c.Pkg.Var("REQUIRES"), func(category, name string) {
		for _, p := range s.providers[soname{c.Root, category, name}] {
			keep(p)
		}
	})
}

// keepLibraries is --depclean-lib-check: what alone provides a shared library
// that a package which stays is linked to, stays as well, and so does what it
// needs, though no dependency says so. That is decided when the dependencies have been followed, so
// that a provider that stays anyway counts first.
func (w *walker) keepLibraries(installed []*universe.Candidate) {
	if !w.libCheck || w.sonames != nil {
		return // not wanted, or followed like dependencies already
	}
	libraries := newSonames(w.u, w.repos)
	for again := true; again && w.ctx.Err() == nil; {
		again = false
		for _, c := range installed {
			if w.kept(c) && w.keepLinked(libraries, c) {
				again = true
			}
		}
		w.run()
	}
}

// keepLinked keeps the providers of what c is linked to, and reports whether
// there was one that was to go.
func (w *walker) keepLinked(libraries *sonames, c *universe.Candidate) (more bool) {
	eachSoname(c.Pkg.Var("REQUIRES"), func(category, name string) {
		providers := libraries.providers[soname{c.Root, category, name}]
		if slices.ContainsFunc(providers, w.kept) {
			return
		}
		for _, p := range providers {
			w.why[p] = append(w.why[p], answer.Why{Parent: c.Pkg.CPV.String(), Atom: name, Kind: "REQUIRES"})
			w.keep(p)
			more = true
		}
	})
	return more
}

func eachSoname(text string, f func(category, name string)) {
	universe.EachSoname(text, func(s universe.Soname) { f(s.Category, s.Name) })
}
