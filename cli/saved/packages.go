package saved

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
)

// pkg is what the display looks at of a package. Names as in an md5-cache entry.
type pkg struct {
	CPV    string            `json:"cpv"`
	Origin metadata.Origin   `json:"origin"`
	Repo   string            `json:"repo"`
	Vars   map[string]string `json:"vars"`
}

// entryPackages are the packages of one entry, by their place in the list; -1 is none.
type entryPackages struct {
	Package int   `json:"package"`
	Old     []int `json:"old"`
	Slots   []int `json:"slots"`
}

// mask is the comment of a mask of one candidate of one unsatisfied dependency.
type mask struct {
	Unsatisfied int    `json:"unsatisfied"`
	Candidate   int    `json:"candidate"`
	File        string `json:"file"`
	Line        int    `json:"line"`
	Comment     string `json:"comment"`
}

func (f *file) pack(r *answer.Result) {
	at := map[*metadata.Package]int{}
	number := func(p *metadata.Package) int {
		if p == nil {
			return -1
		}
		n, ok := at[p]
		if !ok {
			n = len(f.Packages)
			at[p] = n
			f.Packages = append(f.Packages, packed(p))
		}
		return n
	}
	numbers := func(list []*metadata.Package) (out []int) {
		for _, p := range list {
			out = append(out, number(p))
		}
		return out
	}
	for i := range r.Plan {
		e := &r.Plan[i]
		f.Entries = append(f.Entries, entryPackages{number(e.Package), numbers(e.Old), numbers(e.InstalledSlots)})
	}
	for i := range r.Unsatisfied {
		for j := range r.Unsatisfied[i].Candidates {
			for _, x := range r.Unsatisfied[i].Candidates[j].Exclusions {
				if x.Source.Comment != "" {
					f.Masks = append(f.Masks, mask{i, j, x.Source.File, x.Source.Line, x.Source.Comment})
				}
			}
		}
	}
}

func packed(p *metadata.Package) pkg {
	out := pkg{CPV: p.CPV.String(), Origin: p.Origin, Repo: p.Repo, Vars: map[string]string{"EAPI": p.EAPIName, "SLOT": p.Slot}}
	if p.SubSlot != p.Slot {
		out.Vars["SLOT"] += "/" + p.SubSlot
	}
	var iuse []string
	for _, f := range p.IUSE {
		iuse = append(iuse, f.Name)
	}
	out.Vars["IUSE"] = strings.Join(iuse, " ")
	if p.Built() {
		out.Vars["USE"] = strings.Join(p.Use, " ")
	}
	for _, name := range [...]string{"PROPERTIES", "RESTRICT"} {
		if v := p.Var(name); v != "" {
			out.Vars[name] = v
		}
	}
	return out
}

// unpack restores what the JSON form of the result leaves out. What is missing or broken is left empty: the display
// does without.
func (f *file) unpack() {
	packages := make([]*metadata.Package, len(f.Packages))
	for i, p := range f.Packages {
		cpv, err := atom.ParseCPV(p.CPV)
		if err != nil || p.Vars == nil {
			continue
		}
		packages[i] = metadata.FromVars(cpv, p.Origin, p.Vars)
		packages[i].Repo = p.Repo
	}
	get := func(n int) *metadata.Package {
		if n < 0 || n >= len(packages) {
			return nil
		}
		return packages[n]
	}
	list := func(numbers []int) (out []*metadata.Package) {
		for _, n := range numbers {
			if p := get(n); p != nil {
				out = append(out, p)
			}
		}
		return out
	}
	for i := range f.Entries {
		if i < len(f.Result.Plan) {
			e := &f.Result.Plan[i]
			e.Package, e.Old, e.InstalledSlots = get(f.Entries[i].Package), list(f.Entries[i].Old), list(f.Entries[i].Slots)
		}
	}
	for _, m := range f.Masks {
		if m.Unsatisfied < 0 || m.Unsatisfied >= len(f.Result.Unsatisfied) {
			continue
		}
		if list := f.Result.Unsatisfied[m.Unsatisfied].Candidates; m.Candidate >= 0 && m.Candidate < len(list) {
			c := &list[m.Candidate]
			c.Exclusions = append(c.Exclusions, metadata.Exclusion{Kind: metadata.ExclMask,
				Source: metadata.Source{File: m.File, Line: m.Line, Comment: m.Comment}})
		}
	}
}

// check finds numbers that lead nowhere: the display relies on them.
func check(r *answer.Result) error {
	for _, plan := range plans(r) {
		for i := range plan {
			for _, a := range plan[i].After {
				if a.Entry < 0 || a.Entry >= len(plan) {
					return fmt.Errorf("%s comes after entry %d of %d", plan[i].CPV, a.Entry, len(plan))
				}
			}
		}
	}
	for i := range r.Conflicts {
		c := &r.Conflicts[i]
		for _, e := range c.Edges {
			if min(e.From, e.To, e.Rule) < 0 || max(e.From, e.To) >= len(c.Nodes) || e.Rule >= len(c.Rules)+len(c.Also) {
				return fmt.Errorf("an edge of %q leads nowhere", c.Summary)
			}
		}
	}
	if t := r.TwoStep; t != nil {
		if slices.ContainsFunc(t.Twice, func(w answer.Twice) bool {
			return min(w.First, w.Again) < 0 || max(w.First, w.Again) >= len(t.Plan)
		}) {
			return fmt.Errorf("a package is built twice in steps that there are not")
		}
	}
	return nil
}

func plans(r *answer.Result) [][]answer.Entry {
	out := [][]answer.Entry{r.Plan}
	for i := range r.Alternatives {
		out = append(out, r.Alternatives[i].Plan)
	}
	if r.TwoStep != nil {
		out = append(out, r.TwoStep.Plan)
	}
	return out
}
