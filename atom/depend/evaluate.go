package depend

import "slices"

// Evaluate resolves USE conditionals and the conditional USE dependencies of
// atoms, and flattens nested all-of groups in all-of context. The result is an
// All node in which no UseIf is left; subtrees without conditionals are shared
// with n, not copied.
//
// A conditional that is not met vanishes from the group it stands in. So does
// an all-of group of which nothing remains: PMS would let it satisfy an
// any-of group around it, Portage (and this) does not count it as an
// alternative. An any-of or exactly-one-of group without members vanishes where
// the EAPI counts it as matched (EmptyMatches) and otherwise stays, empty and
// unsatisfiable. An at-most-one-of group without members vanishes.
func (n *Node) Evaluate(use func(flag string) bool) *Node {
	if n == nil {
		return &Node{settled: true}
	}
	if n.Kind == All && n.settled {
		return n
	}
	root := &Node{Kind: All, Offset: n.Offset, settled: true}
	if n.Kind == All {
		root.Children = appendEvaluated(nil, n.Children, true, use)
	} else {
		root.Children = appendEvaluated(nil, []*Node{n}, true, use)
	}
	return root
}

// appendEvaluated evaluates the members of a group. allOf tells that the group
// is an all-of group, into which nested all-of groups dissolve.
func appendEvaluated(out, members []*Node, allOf bool, use func(string) bool) []*Node {
	for _, m := range members {
		switch m.Kind {
		case UseIf:
			if use(m.Text) == m.Negated {
				continue
			}
			out = appendAll(out, m, allOf, use)
		case All:
			out = appendAll(out, m, allOf, use)
		case AtomLeaf:
			if !m.settled {
				m = evaluateAtom(m, use)
			}
			out = append(out, m)
		case TextLeaf:
			out = append(out, m)
		default:
			if e := evaluateChoice(m, use); e != nil {
				out = append(out, e)
			}
		}
	}
	return out
}

// appendAll evaluates m, an all-of group or a conditional that is met, and
// appends its members when the context is all-of, else itself as one member.
func appendAll(out []*Node, m *Node, allOf bool, use func(string) bool) []*Node {
	if allOf {
		return appendEvaluated(out, m.Children, true, use)
	}
	if m.Kind == All && m.settled && len(m.Children) > 1 {
		return append(out, m)
	}
	members := appendEvaluated(nil, m.Children, true, use)
	switch len(members) {
	case 0:
		return out
	case 1:
		return append(out, members[0])
	}
	return append(out, &Node{Kind: All, Offset: m.Offset, Children: members, settled: true})
}

// evaluateChoice evaluates a group of alternatives; nil when it vanishes.
func evaluateChoice(m *Node, use func(string) bool) *Node {
	e := m
	if !m.settled {
		c := *m
		c.Children = appendEvaluated(make([]*Node, 0, len(m.Children)), m.Children, false, use)
		c.settled = true
		e = &c
	}
	if len(e.Children) == 0 && (e.EmptyMatches || e.Kind == AtMostOne) {
		return nil
	}
	return e
}

func evaluateAtom(m *Node, use func(string) bool) *Node {
	a := m.Atom.EvaluateUse(use)
	if a == m.Atom {
		return m
	}
	c := *m
	c.Atom, c.settled = a, true
	return &c
}

// settledGroup reports whether Evaluate returns the group as it is. Its
// members are complete.
func settledGroup(n *Node) bool {
	if n.Kind == UseIf {
		return false
	}
	return !slices.ContainsFunc(n.Children, func(c *Node) bool {
		switch c.Kind {
		case All: // dissolves in all-of context; alone or empty, in any
			return n.Kind == All || len(c.Children) < 2 || !c.settled
		case AnyOf, ExactlyOne, AtMostOne: // empty ones may vanish
			return len(c.Children) == 0 || !c.settled
		}
		return !c.settled
	})
}

// SatisfiedUse evaluates REQUIRED_USE (PMS 7.3.4, 8.2): whether the assertions
// hold when use tells the enabled flags.
func (n *Node) SatisfiedUse(use func(flag string) bool) bool {
	if n == nil {
		return true
	}
	switch n.Kind {
	case TextLeaf:
		return use(n.Text) != n.Negated
	case UseIf:
		return use(n.Text) == n.Negated || allSatisfied(n.Children, use)
	case AnyOf:
		held, members := countSatisfied(n.Children, use)
		return held > 0 || members == 0 && n.EmptyMatches
	case ExactlyOne:
		held, members := countSatisfied(n.Children, use)
		return held == 1 || members == 0 && n.EmptyMatches
	case AtMostOne:
		held, _ := countSatisfied(n.Children, use)
		return held <= 1
	}
	return allSatisfied(n.Children, use)
}

func allSatisfied(nodes []*Node, use func(string) bool) bool {
	for _, c := range nodes {
		if !c.SatisfiedUse(use) {
			return false
		}
	}
	return true
}

// countSatisfied counts the members of a group of alternatives and those that
// hold. A conditional that is not met is no member.
func countSatisfied(nodes []*Node, use func(string) bool) (held, members int) {
	for _, c := range nodes {
		if c.Kind == UseIf && use(c.Text) == c.Negated {
			continue
		}
		members++
		if c.SatisfiedUse(use) {
			held++
		}
	}
	return held, members
}
