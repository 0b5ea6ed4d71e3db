// Package repo reads ebuild repositories (PMS chapters 4 and 5): repos.conf,
// layout.conf, metadata caches and profiles/updates. It knows nothing of users' configuration.
package repo

import (
	"context"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Repo is one opened ebuild repository. Immutable; safe for concurrent use.
type Repo struct {
	Name     string
	Location string // absolute path
	Priority int
	Masters  []*Repo // nearest last, as layout.conf lists them
	Aliases  []string
	Layout   Layout
}

// Layout is metadata/layout.conf.
type Layout struct {
	ProfileFormats               []string // e.g. portage-1, portage-2, profile-set, profile-default-eapi, profile-repo-deps, profile-bashrcs
	CacheFormats                 []string // md5-dict, pms; default as Portage's
	EAPIsBanned, EAPIsDeprecated []string
	ProfileEAPIWhenUnspecified   string
	MastersGiven                 bool
}

// Options tells Open where to look.
type Options struct {
	ReposConf []string          // files or directories, later override earlier ones
	Override  map[string]string // repository name -> location (--repo), added or overriding
	System    string            // DIR of --system: a location that exists below it wins; "" none
	Env       map[string]string // for variable expansion in repos.conf
	Cache     string            // root of our own cache (unused in this version)
}

// Set is all configured repositories.
type Set struct {
	// Repos in ascending precedence: the last wins for equal versions.
	Repos    []*Repo
	Main     *Repo // nil if none
	Warnings []string
}

// Open reads repos.conf, layout.conf and repo_name of every repository.
// Errors carry file:line.
func Open(o Options) (*Set, error) { panic("stub") }

// ByName finds a repository by name or alias.
func (s *Set) ByName(name string) *Repo { panic("stub") }

// Packages returns every version of cp in this repository, ascending by version.
// A version without valid metadata is returned with Invalid set (NoMetadata
// tells the two cases apart). Results are cached and shared.
func (r *Repo) Packages(ctx context.Context, cp atom.CP) ([]*metadata.Package, error) { panic("stub") }

// ErrNoMetadata is (wrapped in) Package.Invalid of an ebuild without a valid cache entry.
var ErrNoMetadata error

// Names lists every package name of the repository, sorted. It reads
// directories only (no metadata).
func (r *Repo) Names() ([]atom.CP, error) { panic("stub") }

// NamesWithPackage returns the CPs whose package part is name, sorted.
func (r *Repo) NamesWithPackage(name string) ([]atom.CP, error) { panic("stub") }

// Categories as listed by profiles/categories of the repository and its masters.
func (r *Repo) Categories() []string { panic("stub") }

// Move is one line of profiles/updates.
type Move struct {
	Source           metadata.Source
	From, To         atom.CP    // "move"
	Slot             *atom.Atom // "slotmove": the atom, nil for move
	FromSlot, ToSlot string
}

// Updates returns the moves of the repository in order of application.
func (r *Repo) Updates() ([]Move, error) { panic("stub") }
