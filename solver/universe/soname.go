package universe

import (
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Soname is a shared library as PROVIDES and REQUIRES name it: a multilib category and a soname.
type Soname struct{ Category, Name string }

func (s Soname) String() string { return s.Category + ": " + s.Name }

// EachSoname goes through a PROVIDES or REQUIRES text: "x86_64: libz.so.1 libm.so.6 arm: …" (portage(5)).
func EachSoname(text string, f func(Soname)) {
	category := ""
	for word := range strings.FieldsSeq(text) {
		if c, ok := strings.CutSuffix(word, ":"); ok {
			category = c
		} else {
			f(Soname{category, word})
		}
	}
}

// SonamesCount reports whether built packages depend on shared libraries: with --ignore-soname-deps=n, and only
// where nothing is built, since nobody knows what an ebuild will provide.
func (u *Universe) SonamesCount() bool {
	return u.Req.Options.UsePkgOnly && !u.Req.Options.IgnoreSonameDeps.Or(true)
}

// Sonames lists what a built package requires and neither provides itself nor
// finds in soname.provided; nothing unless SonamesCount.
func (u *Universe) Sonames(c *Candidate) []Soname {
	if c.Pkg.Origin == metadata.Ebuild || !u.SonamesCount() {
		return nil
	}
	own := map[Soname]bool{}
	EachSoname(c.Pkg.Var("PROVIDES"), func(s Soname) { own[s] = true })
	var out []Soname
	EachSoname(c.Pkg.Var("REQUIRES"), func(s Soname) {
		if !own[s] && !u.Roots[c.Root].SonameProvided[s] {
			own[s] = true
			out = append(out, s)
		}
	})
	return out
}

type sonameKey struct {
	root RootID
	Soname
}

// Lister is implemented by sources that can tell all their package names.
type Lister interface{ Names() []atom.CP }

// Providers lists the built packages that provide a shared library, installed ones first.
func (u *Universe) Providers(root RootID, s Soname) []*Candidate {
	if u.providers == nil {
		u.providers = map[sonameKey][]*Candidate{}
		for r := range u.Roots {
			u.indexProviders(RootID(r))
		}
	}
	return u.providers[sonameKey{root, s}]
}

func (u *Universe) indexProviders(root RootID) {
	add := func(c *Candidate) {
		EachSoname(c.Pkg.Var("PROVIDES"), func(s Soname) {
			k := sonameKey{root, s}
			u.providers[k] = append(u.providers[k], c)
		})
	}
	for _, c := range u.AllInstalled(root) {
		add(c)
	}
	l, ok := u.Roots[root].Binaries.(Lister)
	if !ok {
		return
	}
	for _, cp := range l.Names() {
		for _, c := range u.Group(root, cp).All {
			if c.Pkg.Origin == metadata.Binary {
				add(c)
			}
		}
	}
}

// ProvidedBefore reports whether an installed package provides a shared library.
func (u *Universe) ProvidedBefore(root RootID, s Soname) bool {
	for _, c := range u.Providers(root, s) {
		if c.Installed() {
			return true
		}
	}
	return false
}
