package render

import (
	"slices"
	"sort"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
)

type kind uint8

const (
	kindNew kind = iota
	kindNewSlot
	kindUpgrade
	kindDowngrade
	kindReinstall
)

// class says what a merge does to the system.
type class struct {
	kind   kind
	forced bool                // takes part in a rebuild: as the cause, or rebuilt for its sake
	old    []*metadata.Package // versions to name in brackets
	before *metadata.Package   // the package whose USE the new one is compared with, nil if none
}

// classify compares an entry with what it replaces (the same slot), or with
// what other slots hold.
func (p *page) classify(e *answer.Entry) class {
	c := class{forced: isRebuild(e) || len(p.res.Rebuilds[e.CPV]) > 0}
	switch {
	case len(e.Old) > 0:
		c.before = e.Old[len(e.Old)-1]
		c.kind = against(e.CPV, c.before.CPV.Version)
		if c.kind != kindReinstall || c.before.Repo != e.Repo || c.before.Slot != e.Slot || c.before.SubSlot != e.SubSlot {
			c.old = e.Old
		}
	case len(e.Replaces) > 0: // an answer read back from JSON
		c.kind = kindUpgrade
		if _, version, ok := cutCPV(e.Replaces[0]); ok {
			if v, err := atom.ParseVersion(version); err == nil {
				c.kind = against(e.CPV, v)
			}
		}
	case len(e.InstalledSlots) > 0:
		c.kind = kindNewSlot
		c.old = append(c.old, e.InstalledSlots...)
		sort.SliceStable(c.old, func(i, j int) bool { return c.old[i].CPV.Compare(c.old[j].CPV) < 0 })
		c.before = c.old[len(c.old)-1]
	}
	return c
}

func against(cpv string, old atom.Version) kind {
	parsed, err := atom.ParseCPV(cpv)
	if err != nil {
		return kindUpgrade
	}
	switch d := parsed.Version.Compare(old); {
	case d > 0:
		return kindUpgrade
	case d < 0:
		return kindDowngrade
	}
	return kindReinstall
}

// isRebuild: the entry is there because another package changed.
func isRebuild(e *answer.Entry) bool {
	for _, w := range e.Why {
		if w.Rebuild != "" {
			return true
		}
	}
	return false
}

func isRequested(e *answer.Entry) bool {
	for _, w := range e.Why {
		if w.Arg != "" {
			return true
		}
	}
	return false
}

// wanted: e was asked for and stays wanted, in world or through a set. With
// --oneshot what is named alone is not.
func (p *page) wanted(e *answer.Entry) bool {
	return slices.ContainsFunc(e.Why, func(w answer.Why) bool {
		return w.Arg != "" && (!p.opt.OneShot || strings.HasPrefix(w.Arg, "@"))
	})
}

// hasToken evaluates RESTRICT or PROPERTIES with the USE flags of the entry.
func hasToken(e *answer.Entry, of func(*metadata.Package) (*depend.Node, error), token string) bool {
	if e.Package == nil {
		return false
	}
	tree, err := of(e.Package)
	if err != nil || tree == nil || len(tree.Children) == 0 {
		return false
	}
	return holds(tree.Evaluate(func(flag string) bool { return e.Use[flag] }), token)
}

func holds(n *depend.Node, token string) bool {
	if n.Kind == depend.TextLeaf {
		return n.Text == token
	}
	for _, c := range n.Children {
		if holds(c, token) {
			return true
		}
	}
	return false
}

// splitCPV gives name and version of an entry.
func splitCPV(e *answer.Entry) (name, version string) {
	if e.Package != nil {
		return e.Package.CPV.CP.String(), e.Package.CPV.Version.String()
	}
	if name, version, ok := cutCPV(e.CPV); ok {
		return name, version
	}
	return e.CPV, ""
}

// cutCPV splits "cat/pkg-1-r2" into "cat/pkg" and "1-r2".
func cutCPV(cpv string) (name, version string, ok bool) {
	parsed, err := atom.ParseCPV(cpv)
	if err != nil {
		return "", "", false
	}
	name = parsed.CP.String()
	return name, strings.TrimPrefix(parsed.Version.String(), "-"), true
}
