package render

import (
	"fmt"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// rejectedLabels are the kinds of reasons against binary packages as the summary counts them; of several reasons the one that
// is listed first here counts.
var rejectedLabels = [...]struct{ kind, label string }{
	{"invalid", "unreadable"}, {"no metadata", "unreadable"}, {"EAPI.unsupported", "of an unknown EAPI"},
	{"signature", "unsigned"}, {"CHOST", "CHOST"}, {"option", "excluded by options"},
	{"package.mask", "masked"}, {"KEYWORDS", "keyword"}, {"LICENSE", "license"}, {"PROPERTIES", "PROPERTIES"},
	{"RESTRICT", "RESTRICT"}, {"USE", "USE"}, {"changed-deps", "changed dependencies"},
	{"slot-operator", "slot binding"}, {"dependency", "missing dependencies"}, {"rebuild", "to be rebuilt"},
	{"version", "of other versions"}, {"choice", "by choice"},
}

// rejectedBinaries is one line, with --verbose below a list of all with their reasons.
func (p *page) rejectedBinaries() {
	list := p.res.Binaries
	if len(list) == 0 || p.opt.Level == Quiet {
		return
	}
	if p.opt.Level == Verbose {
		p.WriteString("\nBinary packages that are not used:\n")
		for i := range list {
			p.rejectedBinary(&list[i], "")
		}
	}
	p.printf("\n%s not used: %s; `portsolve why-not %s` says more\n", plural(len(list), "binary package"),
		rejectedSummary(list), whyNotWords(p.res, &list[0]))
}

// whyNotWords is a question that answers for the first package.
func whyNotWords(res *answer.Result, r *answer.RejectedBinary) string {
	option := "-k"
	for i := range res.Binaries {
		if res.Binaries[i].Binhost != "" {
			option = "-g"
		}
	}
	return option + " =" + r.CPV
}

// rejectedSummary is "12 USE, 5 changed dependencies, 1 unsigned".
func rejectedSummary(list []answer.RejectedBinary) string {
	counts := map[string]int{}
	for i := range list {
		counts[rejectedLabel(&list[i])]++
	}
	var parts []string
	var order []string
	for _, l := range rejectedLabels {
		if counts[l.label] > 0 && (len(order) == 0 || order[len(order)-1] != l.label) {
			order = append(order, l.label)
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return counts[order[i]] > counts[order[j]] })
	for _, label := range order {
		parts = append(parts, fmt.Sprintf("%d %s", counts[label], label))
	}
	return strings.Join(parts, ", ")
}

func rejectedLabel(r *answer.RejectedBinary) string {
	for _, l := range rejectedLabels {
		for i := range r.Reasons {
			if r.Reasons[i].Kind == l.kind {
				return l.label
			}
		}
	}
	return "by choice"
}

// rejectedBinary writes one package with its reasons.
func (p *page) rejectedBinary(r *answer.RejectedBinary, indent string) {
	name := r.CPV
	if r.BuildID > 0 {
		name += fmt.Sprintf("-%d", r.BuildID)
	}
	p.printf("%s- %s%s", indent, name, slotSuffix(r.Slot, r.SubSlot))
	if r.Repo != "" {
		p.printf("::%s", r.Repo)
	}
	if r.Binhost != "" {
		p.printf(" of binhost %s", r.Binhost)
	}
	p.rootSuffix(r.Root)
	if r.Instead != "" && r.Instead != r.CPV {
		p.printf(", for %s", r.Instead)
	}
	if len(r.Reasons) == 0 {
		p.WriteString(" may be used\n")
		return
	}
	p.WriteString(":\n")
	for i := range r.Reasons {
		p.printf("%s    %s", indent, r.Reasons[i].Text)
		if src := r.Reasons[i].Source; src != "" && !strings.Contains(r.Reasons[i].Text, src) {
			p.printf(" (%s)", src)
		}
		p.WriteString("\n")
	}
}
