package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/portsolve/portsolve/solver/answer"
)

// Measures of a drawing, in the units of its view box. A character of the font is about 7 wide at size 12.
const (
	charWidth  = 7
	lineHeight = 16
	padding    = 10
	gapX       = 28
	gapY       = 64
	lineChars  = 30
	maxLines   = 4
)

// drawing is a graph with places: arguments above, what they lead to below.
type drawing struct {
	Width, Height int
	Nodes         []box
	Edges         []arrow
}

type box struct {
	answer.ConflictNode
	X, Y, W, H int
	Lines      []text
	Rules      []int // rules that one of its edges belongs to
}

// Rounded corners tell a choice from a package.
func (b box) Rounded() int {
	if b.Kind == "choice" || b.Kind == "argument" {
		return 12
	}
	return 2
}

type text struct {
	X, Y int
	Text string
}

type arrow struct {
	answer.ConflictEdge
	X1, Y1, X2, Y2, C1, C2 int // ends, and the heights of the two control points
	LabelX, LabelY         int
	Short                  string // the label, cut to what fits
}

// draw places the nodes of a conflict: each below all that lead to it, in rows, near what it belongs to.
func draw(c *answer.Conflict) drawing {
	rows := layers(c)
	order(rows, c.Edges)
	d := drawing{Nodes: make([]box, len(c.Nodes))}
	for i, n := range c.Nodes {
		d.Nodes[i] = newBox(n)
	}
	y := padding
	for _, row := range rows {
		x, height := padding, 0
		for _, n := range row {
			b := &d.Nodes[n]
			b.X, b.Y = x, y
			x += b.W + gapX
			height = max(height, b.H)
		}
		d.Width = max(d.Width, x-gapX+padding)
		y += height + gapY
	}
	d.Height = y - gapY + padding
	for _, row := range rows {
		d.center(row)
	}
	for _, e := range c.Edges {
		d.Edges = append(d.Edges, d.arrow(e))
		for _, n := range [...]int{e.From, e.To} {
			if b := &d.Nodes[n]; !slices.Contains(b.Rules, e.Rule) {
				b.Rules = append(b.Rules, e.Rule)
			}
		}
	}
	for i := range d.Nodes {
		b := &d.Nodes[i]
		for n := range b.Lines {
			b.Lines[n].X, b.Lines[n].Y = b.X+b.W/2, b.Y+padding/2+lineHeight*(n+1)-4
		}
	}
	return d
}

// layers gives each node a row: one more than the lowest that leads to it. Edges that close a circle do not count.
func layers(c *answer.Conflict) [][]int {
	out := make([][]int, len(c.Nodes))
	for _, e := range c.Edges {
		out[e.From] = append(out[e.From], e.To)
	}
	level := make([]int, len(c.Nodes))
	state := make([]int8, len(c.Nodes)) // 1: on the way, 2: done
	var topological []int
	forward := map[[2]int]bool{}
	var visit func(n int)
	visit = func(n int) {
		state[n] = 1
		for _, m := range out[n] {
			if state[m] == 1 {
				continue
			}
			forward[[2]int{n, m}] = true
			if state[m] == 0 {
				visit(m)
			}
		}
		state[n] = 2
		topological = append(topological, n)
	}
	for n := range c.Nodes {
		if state[n] == 0 {
			visit(n)
		}
	}
	slices.Reverse(topological)
	depth := 0
	for _, n := range topological {
		for _, m := range out[n] {
			if forward[[2]int{n, m}] {
				level[m] = max(level[m], level[n]+1)
				depth = max(depth, level[m])
			}
		}
	}
	rows := make([][]int, depth+1)
	for n := range c.Nodes {
		rows[level[n]] = append(rows[level[n]], n)
	}
	return rows
}

// order moves nodes of a row below the middle of what leads to them, a few times up and down.
func order(rows [][]int, edges []answer.ConflictEdge) {
	const passes = 4
	for range passes {
		for i := 1; i < len(rows); i++ {
			sortRow(rows[i], rows[i-1], edges)
		}
		for i := len(rows) - 2; i >= 0; i-- {
			sortRow(rows[i], rows[i+1], edges)
		}
	}
}

func sortRow(row, fixed []int, edges []answer.ConflictEdge) {
	place := map[int]int{}
	for i, n := range fixed {
		place[n] = i
	}
	middle := map[int]float64{}
	for i, n := range row {
		sum, count := 0.0, 0
		for _, e := range edges {
			other := -1
			switch n {
			case e.From:
				other = e.To
			case e.To:
				other = e.From
			}
			if p, ok := place[other]; ok && other >= 0 {
				sum, count = sum+float64(p), count+1
			}
		}
		middle[n] = float64(i)
		if count > 0 {
			middle[n] = sum / float64(count)
		}
	}
	slices.SortStableFunc(row, func(a, b int) int {
		switch {
		case middle[a] < middle[b]:
			return -1
		case middle[a] > middle[b]:
			return 1
		}
		return 0
	})
}

// center moves a row to the middle of the drawing.
func (d *drawing) center(row []int) {
	if len(row) == 0 {
		return
	}
	last := &d.Nodes[row[len(row)-1]]
	shift := (d.Width - padding - (last.X + last.W)) / 2
	for _, n := range row {
		d.Nodes[n].X += shift
	}
}

func newBox(n answer.ConflictNode) box {
	b := box{ConflictNode: n}
	width := 0
	for _, line := range wrap(n.Label) {
		b.Lines = append(b.Lines, text{Text: line})
		width = max(width, utf8.RuneCountInString(line))
	}
	b.W, b.H = width*charWidth+2*padding, len(b.Lines)*lineHeight+padding
	return b
}

// wrap breaks a label at blanks; what is too long is cut, since its rule tells it in full.
func wrap(label string) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(label) {
		word = cut(word, lineChars+10)
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= lineChars:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	lines = append(lines, line)
	if len(lines) > maxLines {
		lines = append(lines[:maxLines-1], "…")
	}
	return lines
}

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

func (d *drawing) arrow(e answer.ConflictEdge) arrow {
	from, to := &d.Nodes[e.From], &d.Nodes[e.To]
	a := arrow{ConflictEdge: e, X1: from.X + from.W/2, Y1: from.Y + from.H, X2: to.X + to.W/2, Y2: to.Y, Short: cut(e.Label, lineChars)}
	if to.Y <= from.Y { // sideways or upwards
		a.Y1, a.Y2 = from.Y+from.H, to.Y+to.H
		a.C1, a.C2 = a.Y1+gapY/2, a.Y2+gapY/2
	} else {
		a.C1, a.C2 = a.Y1+(a.Y2-a.Y1)/2, a.Y2-(a.Y2-a.Y1)/2
	}
	a.LabelX, a.LabelY = (a.X1+a.X2)/2, (a.Y1+a.Y2)/2
	if to.Y <= from.Y {
		a.LabelY = max(a.C1, a.C2) - 6
	}
	d.Height = max(d.Height, a.C1+padding, a.C2+padding)
	return a
}
