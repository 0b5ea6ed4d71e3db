// Package config folds make.globals, the profile stack, /etc/portage, the
// environment and the command line into one frozen Settings, which answers what
// the solver asks: which USE flags are on, is this candidate visible, and why.
package config

import (
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

// Options says where the configuration is.
type Options struct {
	ConfigRoot                       string // directory above etc/portage; default "/"
	System                           string // --system DIR, "" none
	EPrefix                          string
	Root, SysRoot                    string            // "" = from env or make.conf, default "/"
	Env                              map[string]string // the process environment (or a test's), USE_ORDER's "env"
	Repos                            *repo.Set
	Profile                          string // overrides make.profile when not empty
	AcceptProperties, AcceptRestrict string // --accept-properties/-restrict, "" none
}

// Settings is immutable after Load and safe for concurrent use. It implements
// the solver's Policy.
type Settings struct{}

// Load reads everything. Errors carry file:line; Warnings collects what is odd but harmless.
func Load(o Options) (*Settings, error) { panic("stub") }

func (s *Settings) Warnings() []string { panic("stub") }

// Use computes the enabled flags (within the effective IUSE) of an ebuild under
// this configuration; for built packages it returns the recorded USE.
func (s *Settings) Use(p *metadata.Package) metadata.UseSet { panic("stub") }

// UseFromConfig computes the flags p would have if built now, whatever its origin.
func (s *Settings) UseFromConfig(p *metadata.Package) metadata.UseSet { panic("stub") }

// HasFlag reports whether flag is in the effective IUSE of p (explicit IUSE, or
// IUSE_EFFECTIVE from EAPI 5 on, or Portage's implicit IUSE before; the recorded one for built packages).
func (s *Settings) HasFlag(p *metadata.Package, flag string) bool { panic("stub") }

// ExplainUse tells the state of one flag for p and what decided it.
// forced/masked report use.force and use.mask.
func (s *Settings) ExplainUse(p *metadata.Package, flag string) (on, forced, masked bool, src metadata.Source) {
	panic("stub")
}

// Exclusions returns every reason why p is not visible, nil when it is visible.
func (s *Settings) Exclusions(p *metadata.Package) []metadata.Exclusion { panic("stub") }

// Var returns the final value of a variable and where it was last set.
func (s *Settings) Var(name string) (value string, src metadata.Source) { panic("stub") }

// SystemSet and ProfileSet: profile "packages" atoms with and without '*'
// (ProfileSet only with profile-set format, as Portage does).
func (s *Settings) SystemSet() []*atom.Atom  { panic("stub") }
func (s *Settings) ProfileSet() []*atom.Atom { panic("stub") }

// Provided is package.provided of profiles and /etc/portage/profile.
func (s *Settings) Provided() []atom.CPV { panic("stub") }

// Roots after all sources are folded, absolute, "/" at the end.
func (s *Settings) Root() string    { panic("stub") }
func (s *Settings) SysRoot() string { panic("stub") }
func (s *Settings) EPrefix() string { panic("stub") }

// ConfigDir is the etc/portage directory in use.
func (s *Settings) ConfigDir() string { panic("stub") }

// ExpandHidden/ExpandNames for display: USE_EXPAND prefixes ("python_targets")
// in Portage's display order, and whether each is hidden.
func (s *Settings) UseExpand() (prefixes []string, hidden map[string]bool) { panic("stub") }
