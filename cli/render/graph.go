package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// Dot prints a graph for Graphviz: what is merged in bold boxes with the number
// of its step, what stays in grey ones; dependencies needed to build are drawn
// dashed.
func Dot(w io.Writer, g *answer.Graph) error {
	var b bytes.Buffer
	b.WriteString("digraph portsolve {\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=9];\n")
	for i := range g.Packages {
		b.WriteString(dotNode(i, &g.Packages[i]))
	}
	type pair struct{ from, to int }
	kinds := map[pair][]string{}
	var order []pair
	for _, e := range g.Edges {
		k := pair{e.From, e.To}
		if kinds[k] == nil {
			order = append(order, k)
		}
		if !slices.Contains(kinds[k], e.Kind) {
			kinds[k] = append(kinds[k], e.Kind)
		}
	}
	for _, k := range order {
		fmt.Fprintf(&b, "  n%d -> n%d [label=%s", k.from, k.to, dotQuote(strings.Join(kinds[k], `\n`)))
		if !slices.ContainsFunc(kinds[k], atRunTime) {
			b.WriteString(", style=dashed")
		}
		b.WriteString("];\n")
	}
	b.WriteString("}\n")
	_, err := w.Write(b.Bytes())
	return err
}

func atRunTime(kind string) bool { return kind != "DEPEND" && kind != "BDEPEND" }

func dotNode(i int, n *answer.GraphNode) string {
	label := n.CPV + slotSuffix(n.Slot, n.SubSlot)
	if n.Repo != "" {
		label += "::" + n.Repo
	}
	if n.Root != "/" {
		label += `\nto ` + n.Root
	}
	if len(n.Args) > 0 {
		label += `\n(` + strings.Join(n.Args, " ") + ")"
	}
	style := "color=grey, fontcolor=grey40"
	if n.Merge {
		style = "style=bold"
		if n.Step != nil {
			label = fmt.Sprintf("%d. %s", *n.Step+1, label)
		}
	}
	return fmt.Sprintf("  n%d [label=%s, %s];\n", i, dotQuote(label), style)
}

// dotQuote makes a quoted string; "\n" in it stays a line break.
func dotQuote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// AnswerDot prints an answer for Graphviz: its conflicts, each in a frame of its own, or else the plan, in which an arrow leads from
// an entry to one that has to come first.
func AnswerDot(w io.Writer, res *answer.Result) error {
	var b bytes.Buffer
	b.WriteString("digraph portsolve {\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=9];\n")
	for i := range res.Conflicts {
		dotConflict(&b, i, &res.Conflicts[i])
	}
	if len(res.Conflicts) == 0 {
		dotPlan(&b, res)
	}
	b.WriteString("}\n")
	_, err := w.Write(b.Bytes())
	return err
}

func dotConflict(b *bytes.Buffer, n int, c *answer.Conflict) {
	fmt.Fprintf(b, "  subgraph cluster_%d {\n    label=%s;\n", n, dotQuote(c.Summary))
	for i, node := range c.Nodes {
		style := ""
		switch node.Kind {
		case "argument":
			style = ", style=bold"
		case "choice":
			style = ", style=rounded"
		case "missing", "slot":
			style = ", color=red, fontcolor=red"
		}
		fmt.Fprintf(b, "    c%d_%d [label=%s%s];\n", n, i, dotQuote(node.Label), style)
	}
	for _, e := range c.Edges {
		style := ""
		if e.Kind == "blocks" || e.Kind == "one-of" {
			style = ", color=red, fontcolor=red"
		}
		fmt.Fprintf(b, "    c%d_%d -> c%d_%d [label=%s%s];\n", n, e.From, n, e.To, dotQuote(e.Label), style)
	}
	b.WriteString("  }\n")
}

func dotPlan(b *bytes.Buffer, res *answer.Result) {
	for i := range res.Plan {
		e := &res.Plan[i]
		label := fmt.Sprintf("%d. %s", i+1, e.CPV)
		switch e.Action {
		case answer.Uninstall:
			label += `\n(uninstall)`
		case answer.BlockerEntry:
			label = fmt.Sprintf("%d. %s", i+1, e.Atom)
		}
		if e.Root != "/" && e.Root != "" {
			label += `\nto ` + e.Root
		}
		fmt.Fprintf(b, "  n%d [label=%s];\n", i, dotQuote(label))
		for _, a := range e.After {
			fmt.Fprintf(b, "  n%d -> n%d [label=%s];\n", i, a.Entry, dotQuote(a.Kind))
		}
	}
}
