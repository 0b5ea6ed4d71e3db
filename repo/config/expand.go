package config

import (
	"fmt"
	"slices"
	"strings"
)

// expandNames are the variables whose values are USE flags (PMS 5.3.2).
type expandNames struct {
	prefixed   []string        // USE_EXPAND, sorted
	unprefixed []string        // USE_EXPAND_UNPREFIXED, sorted
	hidden     map[string]bool // lower-case prefixes without '_'
}

// stages is the rank of each source of USE; a higher one overrides. 0: not in USE_ORDER.
type stages struct {
	repo, features, internal, defaults, conf, pkg, env int
	arch                                               int // above all
}

// loadUseExpand folds USE_EXPAND* and reads USE_ORDER.
func (s *Settings) loadUseExpand() error {
	s.expand = expandNames{hidden: map[string]bool{}}
	for _, t := range s.vars.fold("USE_EXPAND") {
		s.expand.prefixed = append(s.expand.prefixed, t.text)
	}
	for _, t := range s.vars.fold("USE_EXPAND_UNPREFIXED") {
		s.expand.unprefixed = append(s.expand.unprefixed, t.text)
	}
	slices.Sort(s.expand.prefixed)
	slices.Sort(s.expand.unprefixed)
	for _, t := range s.vars.fold("USE_EXPAND_HIDDEN") {
		s.expand.hidden[strings.ToLower(t.text)] = true
	}
	s.loadUseOrder()
	return nil
}

// loadUseOrder ranks the sources: USE_ORDER lists the strongest first.
func (s *Settings) loadUseOrder() {
	order, src := s.vars.plain("USE_ORDER")
	names := strings.Split(order, ":")
	n := len(names)
	for i, name := range names {
		rank := n - i
		switch name {
		case "env":
			s.stages.env = rank
		case "pkg":
			s.stages.pkg = rank
		case "conf":
			s.stages.conf = rank
		case "defaults":
			s.stages.defaults = rank
		case "pkginternal":
			s.stages.internal = rank
		case "features":
			s.stages.features = rank
		case "repo":
			s.stages.repo = rank
		case "env.d", "": // env.d: what packages install sets no USE flags
		default:
			s.warnings = append(s.warnings, fmt.Sprintf("%s: USE_ORDER: %q is not a source of USE flags and is ignored", src, name))
		}
	}
	s.stages.arch = n + 1
}

// UseExpand returns the USE_EXPAND prefixes ("python_targets") sorted, which is
// Portage's order of display, and which of them are hidden there.
func (s *Settings) UseExpand() (prefixes []string, hidden map[string]bool) {
	for _, v := range s.expand.prefixed {
		prefixes = append(prefixes, strings.ToLower(v))
	}
	return prefixes, s.expand.hidden
}
