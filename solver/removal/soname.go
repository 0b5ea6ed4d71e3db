package removal

import (
	"strings"

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

func eachSoname(text string, f func(category, name string)) {
	category := ""
	for word := range strings.FieldsSeq(text) {
		if c, ok := strings.CutSuffix(word, ":"); ok {
			category = c
		} else {
			f(category, word)
		}
	}
}
