package report

import (
	"fmt"

	"github.com/portsolve/portsolve/cli/render"
	"github.com/portsolve/portsolve/solver/answer"
)

// row is one entry of one or more plans.
type row struct {
	render.Line
	ID      string
	Step    int  // in the plan that is shown first
	Hidden  bool // not part of the plan that is shown first
	Reasons []reason
	More    int // reasons that are left out
}

type reason struct {
	Text string
	Link string // the row of the package that needs it, "" if it is none
}

// manyReasons is how many reasons of a package are listed: the C library has one from every other package.
const manyReasons = 40

// plans makes the rows of all plans, each of the same content once, and the choices between the plans.
func (v *view) plans(res *answer.Result) {
	t := table{res: res, number: map[string]int{}}
	shown := render.Shown(res)
	first := t.add(res.Plan)
	v.Shown = len(first)
	v.Data.Plans = append(v.Data.Plans, planData{Rows: first, New: []int{}})
	if len(res.Alternatives) > 0 && shown < 0 && len(res.Plan) > 0 {
		v.Choices = append(v.Choices, choice{Title: "without any change: incomplete", Checked: true})
	}
	in := map[int]bool{}
	for _, n := range first {
		in[n] = true
	}
	for i := range res.Alternatives {
		a := &res.Alternatives[i]
		number := 0
		if i != shown {
			p := planData{Rows: t.add(a.Plan), New: []int{}}
			for _, n := range p.Rows {
				if !in[n] {
					p.New = append(p.New, n)
				}
			}
			number = len(v.Data.Plans)
			v.Data.Plans = append(v.Data.Plans, p)
		}
		c := newChoice(res, i)
		c.Number, c.Checked = number, i == shown
		v.Choices = append(v.Choices, c)
	}
	v.End = end(res)
	t.link()
	for i := range t.rows {
		t.rows[i].Hidden = !in[i]
	}
	for i, n := range first {
		t.rows[n].Step = i + 1
	}
	v.Rows = t.rows
}

func newChoice(res *answer.Result, i int) choice {
	a := &res.Alternatives[i]
	c := choice{Title: fmt.Sprintf("Alternative %d", i+1), Changes: render.ChangeLines(&a.Changes)}
	for _, x := range a.Against {
		c.Against = append(c.Against, fmt.Sprintf("%s of %s contradicts %s", x.Setting, x.Package, x.File))
	}
	c.Facts = fmt.Sprintf("merges %d", a.Merged)
	if a.Rebuilt > 0 {
		c.Facts += fmt.Sprintf(", %d of them again", a.Rebuilt)
	}
	if a.Removed > 0 {
		c.Facts += fmt.Sprintf(", removes %d", a.Removed)
	}
	if i > 0 {
		if d := render.Difference(res.Alternatives[0].Plan, a.Plan); d != "" {
			c.Facts += "; compared to alternative 1 " + d
		}
	}
	if !a.Ordered {
		c.Facts += "; a build cycle leaves it without an order"
	}
	return c
}

// end says whether there are more alternatives.
func end(res *answer.Result) string {
	switch {
	case res.AlternativesEnd == "all" && len(res.Alternatives) == 0:
		return "No change of USE flags, keywords, masks or licenses makes this possible."
	case res.AlternativesEnd == "all":
		return "There are no others."
	case res.AlternativesEnd != "":
		return "There may be more; the search ended at a limit."
	}
	return ""
}

// table gathers rows.
type table struct {
	res    *answer.Result
	rows   []row
	number map[string]int // by content
	at     map[string]int // the first row that merges a package
}

// add gives the numbers of the rows of a plan.
func (t *table) add(plan []answer.Entry) []int {
	out := []int{}
	for i := range plan {
		e := &plan[i]
		key := keyOf(e)
		n, ok := t.number[key]
		if !ok {
			n = len(t.rows)
			t.number[key] = n
			t.rows = append(t.rows, row{Line: render.Describe(t.res, e), ID: fmt.Sprintf("e%d", n)})
		}
		out = append(out, n)
	}
	return out
}

// link makes the reasons of each row, with links to the packages that need it.
func (t *table) link() {
	t.at = map[string]int{}
	for i := range t.rows {
		if r := &t.rows[i]; r.Action != "blocks" && r.Action != "uninstall" {
			if _, ok := t.at[r.Name]; !ok {
				t.at[r.Name] = i
			}
		}
	}
	for i := range t.rows {
		r := &t.rows[i]
		for j, x := range r.Line.Reasons {
			if j == manyReasons {
				r.More = len(r.Line.Reasons) - j
				break
			}
			one := reason{Text: x.Text}
			if n, ok := t.at[x.Parent]; ok {
				one.Link = t.rows[n].ID
			}
			r.Reasons = append(r.Reasons, one)
		}
	}
}
