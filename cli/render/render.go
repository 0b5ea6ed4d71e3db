// Package render prints an answer as emerge --pretend would. It works from
// answer.Result alone and decides nothing.
package render

import (
	"bytes"
	"fmt"
	"io"

	"github.com/portsolve/portsolve/solver/answer"
)

// Level is how much is shown; the names are emerge's.
type Level uint8

const (
	Normal  Level = iota // changed flags of updates, all flags of new packages
	Verbose              // all flags, slots, repositories and the totals line
	Quiet                // names and versions
)

// Options of Text; the zero value is emerge's plain --pretend.
type Options struct {
	Level        Level
	Columns      bool // versions in columns
	Tree         bool // parents above what they need
	Unordered    bool // with Tree: each package once, below its first parent
	Alphabetical bool // USE flags in one sorted list
	QuietRepos   bool // numbers instead of ::repository
	AllParents   bool // --verbose-conflicts
	SlotRebuilds bool // list what causes rebuilds
	Color        bool
	OnlyChanges  bool // no plan if configuration changes are needed
	Writes       bool // configuration changes are going to be written
	OneShot      bool // what is named alone is not going to be in world
	Causes       bool // below each line of the plan why it is there
}

// page is the state of one rendering.
type page struct {
	bytes.Buffer
	opt     Options
	res     *answer.Result
	palette palette
	repos   []string // repositories of the plan, in order of appearance
}

// Text writes res to w. The error is that of w.
func Text(w io.Writer, res *answer.Result, o Options) error {
	p := &page{opt: o, res: res, palette: palette{on: o.Color}}
	for i := range res.Plan {
		p.repoIndex(res.Plan[i].Repo)
	}
	only := o.OnlyChanges && (res.Status == answer.ChangesNeeded || res.Status == answer.Solved)
	if len(res.Plan) > 0 && !only {
		if o.Level != Quiet {
			p.header()
		}
		p.list()
		if o.Level == Verbose {
			p.totals()
		}
	}
	if o.QuietRepos && len(p.repos) > 0 && !only && o.Level != Quiet {
		p.legend()
	}
	p.rejectedBinaries()
	p.problems()
	_, err := w.Write(p.Bytes())
	return err
}

func (p *page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *page) header() {
	p.WriteString("\nThese are the packages that would be merged, in ")
	if p.opt.Tree {
		p.WriteString("reverse ")
	}
	p.WriteString("order:\n\n")
}

// list writes the plan's lines.
func (p *page) list() {
	if p.opt.Tree {
		p.tree()
		return
	}
	for i := range p.res.Plan {
		p.entry(&p.res.Plan[i], 0)
		if p.opt.Causes {
			p.printf("      %s\n", Cause(p.res, &p.res.Plan[i]))
		}
	}
}

// repoIndex numbers the repositories for --quiet-repo-display.
func (p *page) repoIndex(name string) int {
	for i, r := range p.repos {
		if r == name {
			return i
		}
	}
	if name == "" {
		return -1
	}
	p.repos = append(p.repos, name)
	return len(p.repos) - 1
}

func (p *page) legend() {
	p.WriteString("\nRepositories:\n")
	for i, r := range p.repos {
		p.printf(" [%d] %s\n", i, r)
	}
}
