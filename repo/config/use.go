package config

import (
	"cmp"
	"slices"

	"github.com/portsolve/portsolve/atom/metadata"
)

// Use computes the enabled flags (within the effective IUSE) of an ebuild under
// this configuration; for built packages it returns the recorded USE, without
// flags that the package turns out not to have.
func (s *Settings) Use(p *metadata.Package) metadata.UseSet {
	if p.Origin == metadata.Ebuild {
		return s.UseFromConfig(p)
	}
	for i, flag := range p.Use {
		if s.HasFlag(p, flag) {
			continue
		}
		out := slices.Clone(p.Use[:i])
		for _, flag := range p.Use[i+1:] {
			if s.HasFlag(p, flag) {
				out = append(out, flag)
			}
		}
		return out
	}
	return p.Use
}

// UseFromConfig computes the flags p would have if built now, whatever its origin.
func (s *Settings) UseFromConfig(p *metadata.Package) metadata.UseSet {
	q := s.query(p)
	out := make([]string, 0, len(p.IUSE)+4)
	for i := range p.IUSE {
		if q.on(p.IUSE[i].Name, p.IUSE[i].Default) {
			out = append(out, p.IUSE[i].Name)
		}
	}
	extra := q.base.implicitOn
	has := func(flag string) bool { return s.iuse.effective[flag] }
	if p.EAPI != nil && !p.EAPI.IUSEEffective {
		extra, has = q.base.implicitOnOld, s.iuse.old
	}
	for _, flag := range extra {
		if !p.HasIUSE(flag) && q.on(flag, 0) {
			out = append(out, flag)
		}
	}
	// Settings for this package may turn on further implicit flags.
	for _, ops := range [][]op{q.use, q.force} {
		for i := range ops {
			if o := &ops[i]; o.do == turnOn && has(o.flag) && !p.HasIUSE(o.flag) && q.on(o.flag, 0) {
				out = append(out, o.flag)
			}
		}
	}
	return metadata.NewUseSet(out)
}

// useQuery is the settings that concern one package.
type useQuery struct {
	s                *Settings
	p                *metadata.Package
	base             *context
	use, force, mask []op // from rules, in order
}

// query finds the settings for p.
func (s *Settings) query(p *metadata.Package) useQuery {
	set := s.index.of(p.CPV.CP)
	stable := s.Stable(p)
	q := useQuery{s: s, p: p, base: s.contextFor(p.Repo, stable)}
	q.use = ruleOps(set[kindUse], p, stable)
	q.force = ruleOps(set[kindForce], p, stable)
	q.mask = ruleOps(set[kindMask], p, stable)
	if o, ok := s.testFeature(p, set); ok {
		q.use = append(q.use, o)
		slices.SortStableFunc(q.use, func(a, b op) int { return cmp.Compare(a.place, b.place) })
	}
	return q
}

func ruleOps(rules []rule, p *metadata.Package, stable bool) []op {
	if len(rules) == 0 {
		return nil
	}
	match := matching(rules, p, stable)
	if len(match) == 1 {
		return match[0].ops
	}
	var ops []op
	for _, r := range match {
		ops = append(ops, r.ops...)
	}
	return ops
}

// testFeature is FEATURES=test of one package: package.env may set or unset it,
// and RESTRICT=test cancels what make.conf says (the tests would not run).
func (s *Settings) testFeature(p *metadata.Package, set *ruleSet) (op, bool) {
	if s.stages.features == 0 {
		return op{}, false
	}
	place := at(s.stages.features, 0, phasePackage)
	var last op
	found := false
	for _, r := range matching(set[kindFeatures], p, false) {
		for _, o := range r.ops {
			if o.covers("test") {
				last, found = o, true
			}
		}
	}
	if found {
		if last.do != turnOn {
			last.do, last.flag = turnOff, "test"
		}
		last.place = place
	}
	on := found && last.do == turnOn
	if !found && s.accept.testFeature {
		on = true
	}
	if on && !s.accept.allowTest && p.EAPI != nil && s.restrictsTest(p) {
		return op{flag: "test", do: turnOff, place: place, where: where{line: &Source{File: p.File, Text: "RESTRICT=test"}}}, true
	}
	return last, found
}

// restrictsTest reports an unconditional RESTRICT=test. Under a condition, as in
// RESTRICT="!test? ( test )", it says something about builds without tests.
func (s *Settings) restrictsTest(p *metadata.Package) bool {
	n, err := p.Restrict()
	if err != nil {
		return false
	}
	for _, c := range n.Children {
		if c.Text == "test" && len(c.Children) == 0 {
			return true
		}
	}
	return false
}

// on is the state of a flag; iuseDefault is '+', '-' or 0.
func (q *useQuery) on(flag string, iuseDefault byte) bool {
	if o, ok := decide(&q.base.mask, q.mask, flag); ok && o.do == turnOn {
		return false
	}
	if o, ok := decide(&q.base.force, q.force, flag); ok && o.do == turnOn {
		return true
	}
	o, ok := q.setting(flag, iuseDefault)
	return ok && o.do == turnOn
}

// setting is the op that decides a flag that is neither forced nor masked.
func (q *useQuery) setting(flag string, iuseDefault byte) (op, bool) {
	o, ok := decide(&q.base.use, q.use, flag)
	if iuseDefault == 0 || q.s.stages.internal == 0 {
		return o, ok
	}
	p := at(q.s.stages.internal, 0, 0)
	if ok && o.place > p {
		return o, true
	}
	o = op{flag: flag, place: p, do: turnOff}
	if iuseDefault == '+' {
		o.do = turnOn
	}
	return o, true
}

// decide returns the last op that covers flag, of the base and of the package's own.
func decide(base *fold, own []op, flag string) (op, bool) {
	best, ok := base.find(flag)
	for i := range own {
		if o := &own[i]; o.covers(flag) && (!ok || o.place >= best.place) {
			best, ok = *o, true
		}
	}
	return best, ok
}

// ExplainUse tells the state of one flag for p and what decided it: the mask or
// force if there is one, else the setting; for an IUSE default the package's own
// file. forced and masked report use.force and use.mask. The zero Source means
// that nothing mentions the flag.
func (s *Settings) ExplainUse(p *metadata.Package, flag string) (on, forced, masked bool, src Source) {
	q := s.query(p)
	m, isMasked := decide(&q.base.mask, q.mask, flag)
	f, isForced := decide(&q.base.force, q.force, flag)
	masked, forced = isMasked && m.do == turnOn, isForced && f.do == turnOn
	switch {
	case masked:
		return false, forced, true, m.where.source()
	case forced:
		return true, true, false, f.where.source()
	}
	def := byte(0)
	for _, i := range p.IUSE {
		if i.Name == flag {
			def = i.Default
		}
	}
	o, ok := q.setting(flag, def)
	if !ok {
		return false, false, false, Source{}
	}
	src = o.where.source()
	if src.IsZero() {
		src = Source{File: p.File, Text: "IUSE=" + string(def) + flag}
	}
	return o.do == turnOn && s.HasFlag(p, flag), false, false, src
}
