// Package repo reads ebuild repositories (PMS chapters 4 and 14): repos.conf,
// layout.conf, metadata caches, profiles/updates and the descriptive files below
// profiles/. It knows nothing of a user's configuration and writes nothing.
//
// Reading is lazy. Open looks at a handful of small files per repository; the
// metadata of a package name is read when Packages is asked for it.
package repo

import (
	"sync"

	"github.com/portsolve/portsolve/atom"
)

// Repo is one opened ebuild repository. Immutable; safe for concurrent use.
type Repo struct {
	Name     string
	Location string // absolute path of the place in use
	// Configured is the location as repos.conf gives it, before Options.System
	// and Options.Override; "" for a repository that only an override names.
	Configured string
	Priority   int     // -1000 for the main repository unless set, otherwise 0
	Masters    []*Repo // nearest last, as layout.conf lists them
	Aliases    []string
	Layout     Layout
	// ProfilesEAPI names the EAPI of the repository's profiles directory
	// (profiles/eapi, PMS 4.4). Without that file it is
	// Layout.ProfileEAPIWhenUnspecified, and "0" without that.
	ProfilesEAPI string

	eclassFrom []*Repo             // repos.conf eclass-overrides, later wins
	settings   map[string]option   // the repos.conf section, DEFAULT included
	categories map[string]struct{} // those of every repository of the set

	eclasses eclassIndex
	kind     kindOnce
	pkgs     packageCache
	catIndex categoryCache
	names    onceValue[[]atom.CP]
	descs    descriptions
}

// Set is all configured repositories. Immutable after Open.
type Set struct {
	// Repos in ascending precedence: the last wins for equal versions.
	Repos    []*Repo
	Main     *Repo // nil if none is configured
	Warnings []string
}

// ByName finds a repository by name, or else by alias; nil if there is none.
func (s *Set) ByName(name string) *Repo {
	for _, r := range s.Repos {
		if r.Name == name {
			return r
		}
	}
	for _, r := range s.Repos {
		for _, a := range r.Aliases {
			if a == name {
				return r
			}
		}
	}
	return nil
}

// Setting returns a value of the repository's section in repos.conf, with the
// values of [DEFAULT] where the section has none. ok is false if neither has
// the key. Keys are lower case.
func (r *Repo) Setting(key string) (value string, ok bool) {
	o, ok := r.settings[key]
	return o.value, ok
}

// onceValue computes a value once, keeping the error too.
type onceValue[T any] struct {
	once sync.Once
	val  T
	err  error
}

func (o *onceValue[T]) get(compute func() (T, error)) (T, error) {
	o.once.Do(func() { o.val, o.err = compute() })
	return o.val, o.err
}
