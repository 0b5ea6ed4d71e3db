package cycles

import (
	"context"
	"maps"
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/plan"
	"github.com/portsolve/portsolve/solver/universe"
)

// trial is a break that waits to be verified.
type trial struct {
	loop, at int
	alone    bool // it failed together with others
	keep     bool
	suffices bool
}

// verify solves again with the settings and keeps those that prove themselves (cycles 3). Breaks of
// different loops are tried together, as long as they do not contradict each other.
func (f *finder) verify(ctx context.Context, loops []Loop) error {
	pending := trials(loops)
	before := members(f.in.Cycle)
	var done []*trial
	for n := 0; n < maxResolves && len(pending) > 0; n++ {
		batch, use := f.batch(loops, pending)
		out, err := f.in.Resolve(ctx, use)
		if err != nil {
			return err
		}
		if !out.Complete && len(batch) > 1 {
			for _, t := range batch {
				t.alone = true
			}
			continue
		}
		for _, t := range batch {
			b := &loops[t.loop].Breaks[t.at]
			t.suffices = out.Complete && out.Cycle == nil && len(batch) == 1
			t.keep = out.Complete && stands(out, b.Settings) && gone(out.Cycle, b.Edge) &&
				(out.Cycle == nil || len(loops) > 1 && within(out.Cycle, before))
		}
		done = append(done, batch...)
		pending = slices.DeleteFunc(pending, func(t *trial) bool { return slices.Contains(batch, t) })
	}
	for i := range loops {
		loops[i].Breaks = verified(i, loops[i].Breaks, done)
	}
	return nil
}

// trials lists the breaks of all loops: the first ones, the second ones, and so on.
func trials(loops []Loop) []*trial {
	var out []*trial
	for at := 0; ; at++ {
		found := false
		for i := range loops {
			if at < len(loops[i].Breaks) {
				out = append(out, &trial{loop: i, at: at})
				found = true
			}
		}
		if !found {
			return out
		}
	}
}

// batch takes as many pending trials as do not get into each other's way: one of each loop, and none that
// contradicts another about a flag.
func (f *finder) batch(loops []Loop, pending []*trial) ([]*trial, Overrides) {
	var batch []*trial
	use := Overrides{}
	used := map[int]bool{}
	for _, t := range pending {
		b := &loops[t.loop].Breaks[t.at]
		clash := slices.ContainsFunc(b.Settings, func(s Setting) bool { return contradict(use[s.Node.Cand.Pkg], s.Flags) })
		if used[t.loop] || clash || t.alone && len(batch) > 0 {
			continue
		}
		used[t.loop] = true
		batch = append(batch, t)
		for _, s := range b.Settings {
			p := s.Node.Cand.Pkg
			if use[p] == nil {
				use[p] = map[string]bool{}
			}
			maps.Copy(use[p], s.Flags)
		}
		if t.alone {
			break
		}
	}
	return batch, use
}

func contradict(a, b map[string]bool) bool {
	for flag, on := range b {
		if was, ok := a[flag]; ok && was != on {
			return true
		}
	}
	return false
}

// verified keeps the breaks of a loop that were proved, without those that contain another.
func verified(loop int, breaks []Break, done []*trial) []Break {
	var kept []Break
	for at := range breaks {
		for _, t := range done {
			b := breaks[at]
			contains := func(o Break) bool { return b.contains(&o) }
			if t.loop == loop && t.at == at && t.keep && !slices.ContainsFunc(kept, contains) {
				b.Verified, b.Suffices = true, t.suffices
				kept = append(kept, b)
			}
		}
	}
	return kept
}

// contains reports whether all settings of o are among those of b.
func (b *Break) contains(o *Break) bool {
	for _, s := range o.Settings {
		within := slices.ContainsFunc(b.Settings, func(t Setting) bool {
			if t.Node != s.Node {
				return false
			}
			for flag, on := range s.Flags {
				if state, ok := t.Flags[flag]; !ok || state != on {
					return false
				}
			}
			return true
		})
		if !within {
			return false
		}
	}
	return true
}

// stands reports whether the settings are really part of the new selection: another version would be
// another answer.
func stands(out *Attempt, settings []Setting) bool {
	for _, s := range settings {
		found := slices.ContainsFunc(out.Selection.Nodes, func(n *universe.Node) bool {
			if !n.Merge || n.Cand.Pkg != s.Node.Cand.Pkg || n.Cand.Root != s.Node.Cand.Root {
				return false
			}
			for flag, on := range s.Flags {
				if n.Cand.Flags().Has(flag) != on {
					return false
				}
			}
			return true
		})
		if !found {
			return false
		}
	}
	return true
}

// gone reports whether no cycle contains the edge any more.
func gone(e *plan.CycleError, edge *universe.Edge) bool {
	for _, c := range all(e) {
		for _, d := range c.Edges {
			if d.Parent.Cand.Pkg == edge.Parent.Cand.Pkg && d.Child.Cand.Pkg == edge.Child.Cand.Pkg {
				return false
			}
		}
	}
	return true
}

func all(e *plan.CycleError) []*plan.CycleError {
	if e == nil {
		return nil
	}
	return append([]*plan.CycleError{e}, e.More...)
}

// members are the packages that are in any cycle.
func members(e *plan.CycleError) map[*metadata.Package]bool {
	in := map[*metadata.Package]bool{}
	for _, c := range all(e) {
		for _, n := range c.Nodes {
			in[n.Cand.Pkg] = true
		}
	}
	return in
}

// within reports whether only packages are in cycles that were before.
func within(e *plan.CycleError, before map[*metadata.Package]bool) bool {
	for p := range members(e) {
		if !before[p] {
			return false
		}
	}
	return true
}
