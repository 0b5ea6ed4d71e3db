package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/repo/profile"
)

// context is what holds for all packages of one repository, stable or not.
type context struct {
	use, force, mask fold
	// implicitOn are the flags outside of a package's IUSE that may be on and
	// that it has all the same: with IUSE_EFFECTIVE (EAPI 5), and before.
	implicitOn, implicitOnOld []string
}

type contextKey struct {
	repo   string
	stable bool
}

// contextFor folds the settings for all packages of a repository.
func (s *Settings) contextFor(repo string, stable bool) *context {
	if !slices.ContainsFunc(s.levels, func(l repoLevel) bool { return slices.Contains(l.scope, repo) }) {
		repo = "" // has no files of its own and shares one context
	}
	key := contextKey{repo, stable}
	if c, ok := s.contexts.Load(key); ok {
		return c.(*context)
	}
	c := &context{}
	for _, o := range s.baseUse(repo, stable) {
		c.use.add(o)
	}
	for _, o := range s.baseFlags(repo, stable, profile.UseForce, profile.UseStableForce) {
		c.force.add(o)
	}
	for _, o := range s.baseFlags(repo, stable, profile.UseMask, profile.UseStableMask) {
		c.mask.add(o)
	}
	s.findImplicitOn(c)
	got, _ := s.contexts.LoadOrStore(key, c)
	return got.(*context)
}

// turnedOn lists the flags that are on or forced for every package, sorted.
func (c *context) turnedOn() []string {
	var on []string
	for flag, o := range c.use.flags {
		if o.do == turnOn {
			on = append(on, flag)
		}
	}
	for flag, o := range c.force.flags {
		if o.do == turnOn {
			on = append(on, flag)
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

// findImplicitOn lists the candidates once per context, because IUSE_EFFECTIVE
// and arch.list are long and nearly all of it is off.
func (s *Settings) findImplicitOn(c *context) {
	for _, flag := range c.turnedOn() {
		if s.iuse.effective[flag] {
			c.implicitOn = append(c.implicitOn, flag)
		}
		if s.iuse.old(flag) {
			c.implicitOnOld = append(c.implicitOnOld, flag)
		}
	}
}

// baseUse are the ops for all packages of a repository in order of place.
func (s *Settings) baseUse(repo string, stable bool) []op {
	var ops []op
	if s.stages.repo > 0 {
		for i := range s.levels {
			if l := &s.levels[i]; slices.Contains(l.scope, repo) {
				ops = s.nodeUse(ops, s.stages.repo, i, lastAssigns(l.node.Vars), false)
			}
		}
	}
	if s.stages.features > 0 {
		if t, ok := s.feature("test"); ok {
			ops = append(ops, op{flag: "test", do: turnOn, place: at(s.stages.features, 0, phaseUse), where: t.where})
		}
	}
	if s.stages.defaults > 0 {
		for i, n := range s.stack.Nodes {
			ops = s.nodeUse(ops, s.stages.defaults, i, s.vars.nodes[i], false)
			if stable {
				ops = flagOps(ops, n.Flags[profile.UseStable], at(s.stages.defaults, i, phaseStable))
			}
		}
	}
	if s.stages.conf > 0 {
		ops = s.nodeUse(ops, s.stages.conf, 0, s.vars.confAssigns(), true)
		ops = append(ops, s.index.everyUse...)
	}
	if s.stages.env > 0 {
		ops = s.nodeUse(ops, s.stages.env, 0, s.envAssigns(), true)
	}
	if a := s.vars.profileValue("ARCH"); a != nil && a.Value != "" {
		ops = append(ops, op{flag: strings.TrimSpace(a.Value), do: turnOn, place: at(s.stages.arch, 0, 0), where: where{assign: a}})
	}
	slices.SortStableFunc(ops, func(a, b op) int { return cmp.Compare(a.place, b.place) })
	return ops
}

// nodeUse appends the USE and USE_EXPAND settings of one source. In a profile
// the values of a USE_EXPAND variable add to those of its ancestors; elsewhere
// (replace) they take the place of all lower ones.
func (s *Settings) nodeUse(ops []op, layer, node int, vars assigns, replace bool) []op {
	if len(vars) == 0 {
		return ops
	}
	if a := vars["USE"]; a != nil {
		ops = assignOps(ops, a, "", at(layer, node, phaseUse))
	}
	p := at(layer, node, phaseExpand)
	for _, name := range s.expand.unprefixed {
		if a := vars[name]; a != nil {
			ops = assignOps(ops, a, "", p)
		}
	}
	for _, name := range s.expand.prefixed {
		a := vars[name]
		if a == nil || slices.Contains(s.expand.unprefixed, name) {
			continue
		}
		prefix := strings.ToLower(name) + "_"
		if replace {
			ops = append(ops, op{flag: prefix, do: clearPrefix, place: p, where: where{assign: a}})
		}
		ops = assignOps(ops, a, prefix, p)
	}
	return ops
}

func assignOps(ops []op, a *profile.Assign, prefix string, p place) []op {
	for i, w := range words(a.Value) {
		if o, ok := wordOp(w, prefix, p, where{assign: a, offset: i}); ok {
			ops = append(ops, o)
		}
	}
	return ops
}

// flagOps appends the words of a file such as use.mask.
func flagOps(ops []op, lines []profile.Line, p place) []op {
	for i := range lines {
		for _, w := range lines[i].Fields {
			if o, ok := wordOp(w, "", p, where{line: &lines[i].Source}); ok {
				ops = append(ops, o)
			}
		}
	}
	return ops
}

// baseFlags are the ops of use.force or use.mask: the repository's own and its
// masters', then the profile's. They know one layer per kind of place.
func (s *Settings) baseFlags(repo string, stable bool, file, stableFile profile.FlagFile) []op {
	var ops []op
	add := func(n *profile.Node, layer, node int) {
		ops = flagOps(ops, n.Flags[file], at(layer, node, phaseUse))
		if stable {
			ops = flagOps(ops, n.Flags[stableFile], at(layer, node, phaseStable))
		}
	}
	for i := range s.levels {
		if l := &s.levels[i]; slices.Contains(l.scope, repo) {
			add(l.node, flagLayerRepo, i)
		}
	}
	for i, n := range s.stack.Nodes {
		add(n, flagLayerProfile, i)
	}
	return ops
}

// Layers of use.force and use.mask.
const (
	flagLayerRepo = iota
	flagLayerProfile
)

// confAssigns and envAssigns are the variables of make.conf and the environment that may set USE flags.
func (v *variables) confAssigns() assigns {
	out := make(assigns, len(v.conf))
	for name, a := range v.conf {
		if !v.profileOnly[name] {
			out[name] = a
		}
	}
	return out
}

func (s *Settings) envAssigns() assigns {
	out := assigns{}
	for _, names := range [][]string{{"USE"}, s.expand.prefixed, s.expand.unprefixed} {
		for _, name := range names {
			if a := s.vars.envValue(name); a != nil {
				out[name] = a
			}
		}
	}
	return out
}

// feature reports whether FEATURES has the word.
func (s *Settings) feature(name string) (token, bool) {
	for _, t := range s.vars.fold("FEATURES") {
		if t.text == name {
			return t, true
		}
	}
	return token{}, false
}

// globalUse is USE as Portage shows it: what is on for a package without
// settings of its own, forced flags in, masked ones out.
func (s *Settings) globalUse() (string, Source) {
	name := ""
	if s.opt.Repos != nil && s.opt.Repos.Main != nil {
		name = s.opt.Repos.Main.Name
	}
	c := s.contextFor(name, false)
	on := slices.DeleteFunc(c.turnedOn(), func(flag string) bool {
		o, ok := c.mask.flags[flag]
		return ok && o.do == turnOn
	})
	all := s.vars.sources("USE")
	if len(all) == 0 {
		return strings.Join(on, " "), Source{}
	}
	return strings.Join(on, " "), all[len(all)-1].Source
}
