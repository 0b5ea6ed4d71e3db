// Package sets resolves @name: Portage's standard sets, /etc/portage/sets,
// sets.conf, repositories' sets.
package sets

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/config"
	"github.com/portsolve/portsolve/vdb"
)

// Context is what sets are computed from.
type Context struct {
	Settings  *config.Settings
	Repos     *repo.Set
	Installed *vdb.DB
	World     *vdb.World
}

// Set is one resolved set. Sub-sets are listed and their atoms included in Atoms.
type Set struct {
	Name    string
	Atoms   []Member // sorted by atom text, without duplicates
	Subsets []*Set
}

type Member struct {
	Atom   *atom.Atom
	Source metadata.Source
}

// UnknownError is returned for @nosuchset, with suggestions. CycleError for sets that contain each other.
type UnknownError struct {
	Name    string
	Suggest []string
}

func (e *UnknownError) Error() string { panic("stub") }

// Resolve computes the set called name (without "@"; "name{opt=value}" allowed).
func Resolve(c *Context, name string) (*Set, error) { panic("stub") }

// Names lists every set that can be resolved, sorted.
func Names(c *Context) []string { panic("stub") }
