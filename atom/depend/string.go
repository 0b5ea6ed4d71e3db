package depend

import "strings"

// String round-trips: parsing it gives an equal tree (offsets aside).
func (n *Node) String() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	if n.Kind == All {
		writeAll(&b, n.Children)
	} else {
		n.write(&b)
	}
	return b.String()
}

// write writes a node that is not the root.
func (n *Node) write(b *strings.Builder) {
	switch n.Kind {
	case AtomLeaf:
		b.WriteString(n.Atom.String())
		return
	case TextLeaf:
		if n.Negated {
			b.WriteByte('!')
		}
		b.WriteString(n.Text)
		if n.Rename != "" {
			b.WriteString(" -> ")
			b.WriteString(n.Rename)
		}
		return
	case AnyOf:
		b.WriteString("|| ")
	case ExactlyOne:
		b.WriteString("^^ ")
	case AtMostOne:
		b.WriteString("?? ")
	case UseIf:
		if n.Negated {
			b.WriteByte('!')
		}
		b.WriteString(n.Text)
		b.WriteString("? ")
	}
	b.WriteString("( ")
	writeAll(b, n.Children)
	if len(n.Children) > 0 {
		b.WriteByte(' ')
	}
	b.WriteByte(')')
}

func writeAll(b *strings.Builder, nodes []*Node) {
	for i, c := range nodes {
		if i > 0 {
			b.WriteByte(' ')
		}
		c.write(b)
	}
}
