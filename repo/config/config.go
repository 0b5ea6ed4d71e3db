// Package config folds make.globals, the profile stack, /etc/portage, the
// environment and the command line into one frozen Settings, which answers what
// the solver asks: which USE flags are on, is this candidate visible, and why.
//
// How it is put together: every USE setting, wherever it stands, becomes an op
// with a place in one total order (USE_ORDER, then the order of inheritance, then
// specificity). A flag's state is what the last op that covers it says. Settings
// for all packages are folded once (fold); settings for some packages are found
// by name (index) and compared with the fold when a package is asked for.
package config

import (
	"slices"
	"sync"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/profile"
)

// Options says where the configuration is.
type Options struct {
	ConfigRoot                       string // directory above etc/portage; default "/", with System DIR
	System                           string // --system DIR, "" none
	EPrefix                          string
	Root, SysRoot                    string            // "" = from env or make.conf, default "/"
	Env                              map[string]string // the process environment (or a test's), USE_ORDER's "env"
	Repos                            *repo.Set
	Profile                          string // overrides make.profile when not empty: a directory, "repo:path", or a path below the main repository's profiles
	AcceptProperties, AcceptRestrict string // --accept-properties/-restrict, "" none
	// Move applies package moves (profiles/updates) to an atom of /etc/portage; it
	// returns its argument when nothing changes. nil: there are no moves.
	Move func(*atom.Atom) *atom.Atom
}

// Settings is immutable after Load and safe for concurrent use. It implements
// the solver's Policy.
type Settings struct {
	opt      Options
	places   places
	stack    *profile.Stack
	levels   []repoLevel // repository-level files, masters before those who inherit from them
	vars     *variables
	expand   expandNames
	stages   stages
	warnings []string

	index    index
	contexts sync.Map // contextKey -> *context
	env      map[string]*envFile

	iuse     implicitIUSE
	licenses map[string][]string // license groups, expanded
	accept   acceptance
	system   []*atom.Atom
	profSet  []*atom.Atom
	provided []atom.CPV
}

// Load reads everything. Errors carry file:line; Warnings collects what is odd but harmless.
func Load(o Options) (*Settings, error) {
	s := &Settings{opt: o, places: findPlaces(o), env: map[string]*envFile{}}
	steps := []func() error{
		s.loadProfile, s.loadRepoLevel, s.loadVariables, s.loadUseExpand,
		s.loadIndex, s.loadUserFiles, s.loadPackageSets, s.loadLicenses, s.loadAcceptance,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	s.loadImplicitIUSE()
	s.index.finish()
	s.warnings = distinct(s.warnings)
	return s, nil
}

// loadProfile finds and reads the profile stack.
func (s *Settings) loadProfile() error {
	dir, err := s.findProfile()
	if err != nil {
		return err
	}
	s.stack, err = profile.Load(dir, profile.Options{
		Repos:       s.opt.Repos,
		UserDir:     s.places.user("profile"),
		Incremental: isIncremental,
		Locate:      func(dir string) string { return s.inUse(s.places.inSystem(dir)) },
	})
	if err != nil {
		return err
	}
	s.warnings = append(s.warnings, s.stack.Warnings...)
	s.warnDeprecated(dir)
	for _, n := range s.stack.Nodes {
		if n.User && s.opt.Move != nil {
			for f := range n.Atoms {
				s.moveAtoms(n.Atoms[f])
			}
		}
	}
	return nil
}

// distinct drops repetitions: the top of a profiles directory may be read as
// such and as a profile's ancestor.
func distinct(list []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(w string) bool {
		again := seen[w]
		seen[w] = true
		return again
	})
}

// moveAtoms applies package moves.
func (s *Settings) moveAtoms(lines []profile.AtomLine) {
	for i := range lines {
		lines[i].Atom = s.opt.Move(lines[i].Atom)
	}
}

func (s *Settings) warnDeprecated(dir string) {
	for _, n := range s.stack.Nodes {
		if n.Dir == dir && n.IsDeprecated {
			w := "the profile " + dir + " is deprecated"
			if n.Deprecated != "" {
				w += "; select " + n.Deprecated + " instead"
			}
			s.warnings = append(s.warnings, w)
		}
	}
}

// Warnings are sentences about lines that were ignored and the like, in order of reading.
func (s *Settings) Warnings() []string { return s.warnings }

// Root is ROOT after all sources are folded, absolute, "/" at the end; below
// Options.System if that is set. SysRoot is SYSROOT likewise.
func (s *Settings) Root() string { return s.places.below(s.rootValue("ROOT", s.opt.Root)) }

// SysRoot is SYSROOT, as Root.
func (s *Settings) SysRoot() string { return s.places.below(s.rootValue("SYSROOT", s.opt.SysRoot)) }

// EPrefix is the offset prefix, "" or absolute without "/" at the end.
func (s *Settings) EPrefix() string { return s.places.eprefix }

// ConfigDir is the etc/portage directory in use.
func (s *Settings) ConfigDir() string { return s.places.configDir }

// Var returns the final value of a variable and where it was last set. USE and
// the incremental variables are returned folded and sorted; ACCEPT_LICENSE with
// its groups as written.
func (s *Settings) Var(name string) (value string, src Source) { return s.varValue(name) }

// SystemSet are the atoms with '*' of the profile's "packages", without the '*', in order of the files.
func (s *Settings) SystemSet() []*atom.Atom { return s.system }

// ProfileSet are the atoms without '*' (only of profiles with the profile-set format, portage(5)).
func (s *Settings) ProfileSet() []*atom.Atom { return s.profSet }

// Profiles are the directories of the profile stack, ancestors first.
func (s *Settings) Profiles() []string {
	out := make([]string, len(s.stack.Nodes))
	for i, n := range s.stack.Nodes {
		out[i] = n.Dir
	}
	return out
}

// SonameProvided are the lines of soname.provided (portage(5)), each the words
// "multilib-category soname…", in order of the stack.
func (s *Settings) SonameProvided() [][]string {
	var out [][]string
	for _, n := range s.stack.Nodes {
		for _, l := range n.Flags[profile.SonameProvided] {
			out = append(out, l.Fields)
		}
	}
	return out
}

// Provided is package.provided of the profiles, /etc/portage/profile and /etc/portage.
func (s *Settings) Provided() []atom.CPV { return s.provided }
