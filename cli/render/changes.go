package render

import (
	"strings"
)

// changes lists the configuration changes that the plan assumes, as lines for
// the files of portage(5).
func (p *page) changes() {
	c := &p.res.Changes
	section := func(what, file string, lines []string) {
		if len(lines) == 0 {
			return
		}
		p.printf("\nThe following %s changes are necessary to proceed:\n (see %q in portage(5))\n", p.palette.paint(bad, what), file)
		for _, l := range lines {
			p.WriteString(l + "\n")
		}
	}
	for _, f := range []struct{ what, file string }{
		{"USE", "package.use"}, {"keyword", "package.accept_keywords"}, {"mask", "package.unmask"}, {"license", "package.license"},
		{"profile's USE mask", "profile/package.use.mask"}, {"profile's USE force", "profile/package.use.force"},
		{"properties", "package.properties"}, {"restrict", "package.accept_restrict"},
	} {
		var lines []string
		for i := range c.Entries {
			if e := &c.Entries[i]; e.File == f.file {
				for _, text := range e.Comment() {
					lines = append(lines, strings.TrimRight("# "+text, " "))
				}
				lines = append(lines, e.Line())
			}
		}
		section(f.what, f.file, lines)
	}
}

func useChanges(change map[string]map[string]bool) string {
	var parts []string
	for _, cpv := range sortedKeys(change) {
		parts = append(parts, cpv+" "+flagWords(change[cpv]))
	}
	return strings.Join(parts, "; ")
}

// flagWords is "a -b", sorted by flag.
func flagWords(flags map[string]bool) string {
	var words []string
	for _, f := range sortedKeys(flags) {
		if !flags[f] {
			f = "-" + f
		}
		words = append(words, f)
	}
	return strings.Join(words, " ")
}
