package scenario

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// configLine reads one line of the section "config":
//
//	USE a -b                      make.conf
//	ACCEPT_KEYWORDS ~amd64        (amd64 is accepted from the start)
//	package.use cat/pkg a -b
//	package.accept_keywords cat/pkg ~amd64
//	package.mask >=cat/pkg-2
//	package.unmask cat/pkg
//	use.force a
//	use.mask b
//
// "target" in the section's name makes it that root's own.
func (p *parser) configLine(l string, n int, root universe.RootID) error {
	words := strings.Fields(l)
	key, words := words[0], words[1:]
	pol := p.pol[root]
	src := metadata.Source{File: "scenario", Line: n, Text: l}
	switch key {
	case "USE":
		pol.use = append(pol.use, words...)
	case "ACCEPT_KEYWORDS":
		pol.keywords = append(pol.keywords, words...)
	case "use.force":
		pol.force = append(pol.force, words...)
	case "use.mask":
		pol.mask = append(pol.mask, words...)
	case "package.use":
		return addRule(&pol.packageUse, words, src)
	case "package.accept_keywords":
		return addRule(&pol.packageKeys, words, src)
	case "package.mask":
		return addRule(&pol.masks, words, src)
	case "package.unmask":
		return addRule(&pol.unmasks, words, src)
	default:
		return fmt.Errorf("unknown setting %s", key)
	}
	return nil
}

func addRule(to *[]rule, words []string, src metadata.Source) error {
	if len(words) == 0 {
		return fmt.Errorf("an atom is missing in %q", src.Text)
	}
	a, err := atom.ParseWildcard(words[0])
	*to = append(*to, rule{atom: a, words: words[1:], src: src})
	return err
}
