package render

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
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
	var use, license, keywords, unmask []string
	for _, cpv := range sortedKeys(c.Use) {
		use = append(use, p.requiredBy(cpv)+">="+cpv+" "+flagWords(c.Use[cpv]))
	}
	for _, cpv := range c.Keywords {
		keywords = append(keywords, p.requiredBy(cpv)+"="+cpv+p.acceptedKeyword(cpv))
	}
	for _, cpv := range c.Unmask {
		unmask = append(unmask, p.requiredBy(cpv)+"="+cpv)
	}
	for _, cpv := range sortedKeys(c.License) {
		license = append(license, p.requiredBy(cpv)+">="+cpv+" "+strings.Join(c.License[cpv], " "))
	}
	section("USE", "package.use", use)
	section("keyword", "package.accept_keywords", keywords)
	section("mask", "package.unmask", unmask)
	section("license", "package.license", license)
}

// acceptedKeyword completes a line of package.accept_keywords: nothing accepts
// the testing keyword, which is enough unless the package has none at all.
func (p *page) acceptedKeyword(cpv string) string {
	if e := p.find(cpv); e != nil && e.Mark == "*" {
		return " **"
	}
	return ""
}

// requiredBy is a comment with the way from the package up to the request.
func (p *page) requiredBy(cpv string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for !seen[cpv] {
		seen[cpv] = true
		e := p.find(cpv)
		if e == nil || len(e.Why) == 0 {
			break
		}
		w := e.Why[0]
		if w.Parent == "" {
			fmt.Fprintf(&b, "# required by %s (argument)\n", w.Arg)
			break
		}
		fmt.Fprintf(&b, "# required by %s\n", w.Parent)
		cpv = w.Parent
	}
	return b.String()
}

func (p *page) find(cpv string) *answer.Entry {
	for i := range p.res.Plan {
		if p.res.Plan[i].CPV == cpv && p.res.Plan[i].Action == answer.Merge {
			return &p.res.Plan[i]
		}
	}
	return nil
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
