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
