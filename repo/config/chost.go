package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/portsolve/portsolve/repo"
)

// chostPattern is one word of ACCEPT_CHOSTS: a regular expression that must
// match the whole CHOST (make.conf(5)).
type chostPattern struct {
	word string
	re   *regexp.Regexp
}

// loadChost reads ACCEPT_CHOSTS, by default the own CHOST.
func (s *Settings) loadChost() error {
	value, src := s.vars.plain("ACCEPT_CHOSTS")
	if strings.TrimSpace(value) == "" {
		value, src = s.vars.plain("CHOST")
		value = regexp.QuoteMeta(strings.TrimSpace(value))
	}
	s.accept.chostSrc = src
	for _, w := range strings.Fields(value) {
		re, err := regexp.Compile("^(?:" + w + ")$")
		if err != nil {
			return &repo.FileError{File: src.File, Line: src.Line, Err: fmt.Errorf("ACCEPT_CHOSTS: %w", err)}
		}
		s.accept.chost = append(s.accept.chost, chostPattern{w, re})
	}
	return nil
}

// acceptsChost: without CHOST in the configuration or in the package anything goes.
func (s *Settings) acceptsChost(chost string) bool {
	if chost == "" || len(s.accept.chost) == 0 {
		return true
	}
	for _, c := range s.accept.chost {
		if c.word == chost || c.re.MatchString(chost) {
			return true
		}
	}
	return false
}
