package config

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo/profile"
)

// implicitIUSE is what packages have beyond their IUSE.
type implicitIUSE struct {
	effective map[string]bool // IUSE_EFFECTIVE without the explicit part, EAPI 5 (PMS 11.1.1)
	// Before EAPI 5, as Portage has it: architectures, what use.mask and use.force
	// name, "build" and "bootstrap", and every flag with a hidden USE_EXPAND prefix.
	oldFlags    map[string]bool
	oldPrefixes []string
}

func (s *Settings) loadImplicitIUSE() {
	s.iuse = implicitIUSE{effective: map[string]bool{}, oldFlags: map[string]bool{"build": true, "bootstrap": true}}
	s.loadEffective()
	old := s.iuse.oldFlags
	if arch, _ := s.arch(); arch != "" {
		old[arch] = true
	}
	list, _ := s.vars.plain("PORTAGE_ARCHLIST")
	for _, a := range strings.Fields(list) {
		old[a] = true
	}
	if s.opt.Repos != nil {
		for _, a := range s.opt.Repos.Arches() {
			old[a] = true
		}
	}
	for _, n := range s.stack.Nodes {
		for _, file := range []profile.FlagFile{profile.UseForce, profile.UseMask} {
			for _, l := range n.Flags[file] {
				for _, f := range l.Fields {
					if f[0] != '-' {
						old[f] = true
					} else {
						delete(old, f[1:])
					}
				}
			}
		}
	}
	for prefix := range s.expand.hidden {
		s.iuse.oldPrefixes = append(s.iuse.oldPrefixes, prefix+"_")
	}
	slices.Sort(s.iuse.oldPrefixes)
}

// loadEffective is the rule of PMS 11.1.1.
func (s *Settings) loadEffective() {
	for _, t := range s.vars.fold("IUSE_IMPLICIT") {
		s.iuse.effective[t.text] = true
	}
	implicit := map[string]bool{}
	for _, t := range s.vars.fold("USE_EXPAND_IMPLICIT") {
		implicit[t.text] = true
	}
	add := func(name, prefix string) {
		if !implicit[name] {
			return
		}
		values, _ := s.vars.plain("USE_EXPAND_VALUES_" + name)
		for _, v := range strings.Fields(values) {
			s.iuse.effective[prefix+v] = true
		}
	}
	for _, name := range s.expand.unprefixed {
		add(name, "")
	}
	for _, name := range s.expand.prefixed {
		if !slices.Contains(s.expand.unprefixed, name) {
			add(name, strings.ToLower(name)+"_")
		}
	}
}

// old is Portage's rule for packages before EAPI 5.
func (i *implicitIUSE) old(flag string) bool {
	if i.oldFlags[flag] {
		return true
	}
	for _, p := range i.oldPrefixes {
		if strings.HasPrefix(flag, p) {
			return true
		}
	}
	return false
}

// arch is the profile's ARCH.
func (s *Settings) arch() (string, Source) {
	if a := s.vars.profileValue("ARCH"); a != nil {
		return strings.TrimSpace(a.Value), a.Source
	}
	return "", Source{}
}

// HasFlag reports whether flag is in the effective IUSE of p (explicit IUSE, or
// IUSE_EFFECTIVE from EAPI 5 on, or Portage's implicit IUSE before; the recorded one for built packages). The index
// of a binhost does not record it: there the flags that the package was built with count, and those of this profile.
func (s *Settings) HasFlag(p *metadata.Package, flag string) bool {
	return p.HasIUSE(flag) || s.implicit(p, flag)
}

// implicit is HasFlag for flags outside of IUSE.
func (s *Settings) implicit(p *metadata.Package, flag string) bool {
	if p.EAPI != nil && !p.EAPI.IUSEEffective {
		return s.iuse.old(flag)
	}
	if p.Origin == metadata.Binary && p.IUSEEffective == nil && p.Use.Has(flag) {
		return true // an index does not say; what the package was built with, it had
	}
	if p.Origin == metadata.Installed || p.IUSEEffective != nil {
		return p.IUSEEffective.Has(flag)
	}
	return s.iuse.effective[flag]
}
