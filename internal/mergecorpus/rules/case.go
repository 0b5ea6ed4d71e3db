package rules

import (
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/mergecorpus"
)

// Step is one step of a scenario: what was recorded, and what we made.
type Step struct {
	K           int
	Op          *mergecorpus.Op
	Features    string // FEATURES as the step has it
	Differences []mergecorpus.Difference
	// What was recorded after the step and before it, and what we made.
	Want, WantBefore, Got, GotBefore *mergecorpus.State
	// WantLast is what was recorded when GotBefore was made: WantBefore, unless Portage was killed in between.
	WantLast *mergecorpus.State
	// BeforeKill is what was recorded before the first step that was killed; nil if none was.
	BeforeKill *mergecorpus.State
	// Image is what a package file has; nil if it is not known.
	Image func(cpv string) []ImageFile
}

// ImageFile is one file of a package's image, in CONTENTS' words and without time.
type ImageFile struct {
	mergecorpus.ContentsLine
	Mode string // "0644"
}

// Verdict is a difference and the rule that excuses it, 0 if none does.
type Verdict struct {
	mergecorpus.Difference
	Rule int
}

// view is a Step, looked at from all sides.
type view struct {
	*Step
	want, wantBefore, wantLast, got, gotBefore *side
	beforeKill                                 *side // nil if nothing was killed
	earlier                                    map[place]Verdict
	verdicts                                   []Verdict
	refusal                                    *bool
}

// place names a difference within a step.
type place struct {
	area        mergecorpus.Area
	path, field string
}

func placeOf(d *mergecorpus.Difference) place { return place{d.Area, d.Path, d.Field} }

// judge finds the rule for every difference of the step. earlier is the result of the
// step before.
func judge(s *Step, earlier []Verdict) []Verdict {
	v := &view{Step: s, want: newSide(s.Want), wantBefore: newSide(s.WantBefore), wantLast: newSide(s.WantLast),
		got: newSide(s.Got), gotBefore: newSide(s.GotBefore), earlier: map[place]Verdict{}}
	if s.BeforeKill != nil {
		v.beforeKill = newSide(s.BeforeKill)
	}
	for _, e := range earlier {
		v.earlier[placeOf(&e.Difference)] = e
	}
	for _, d := range s.Differences {
		v.verdicts = append(v.verdicts, Verdict{d, v.first(&d)})
	}
	for v.parents() {
	}
	return v.verdicts
}

// first is the first rule that excuses a difference.
func (v *view) first(d *mergecorpus.Difference) int {
	if e, ok := v.earlier[placeOf(d)]; ok && e.Rule > 0 && e.Text == d.Text && v.untouched(d) {
		return e.Rule
	}
	for _, r := range all() {
		if r.excuses(v, d) {
			return r.Number
		}
	}
	return 0
}

// untouched reports that a difference is an old one: neither side was changed there by the step.
func (v *view) untouched(d *mergecorpus.Difference) bool {
	switch d.Area {
	case mergecorpus.InRoot:
		return same(v.want.files[d.Path], v.wantLast.files[d.Path]) && same(v.got.files[d.Path], v.gotBefore.files[d.Path])
	case mergecorpus.InVDB:
		return sameVDB(v.want.vdb[d.Path], v.wantLast.vdb[d.Path]) && sameVDB(v.got.vdb[d.Path], v.gotBefore.vdb[d.Path])
	case mergecorpus.InOutside:
		return v.outsideSame()
	}
	return false
}

// parents excuses directories that differ only because of what is in them, and reports
// whether it found one.
func (v *view) parents() (found bool) {
	for i := range v.verdicts {
		d := &v.verdicts[i]
		if d.Rule > 0 || d.Area != mergecorpus.InRoot || d.Field != "" {
			continue
		}
		a, b := v.want.files[d.Path], v.got.files[d.Path]
		switch {
		case a == nil && b.Type == "dir" && (same(b, v.gotBefore.files[d.Path]) || isSavedDir(b)):
			d.Rule = v.child(v.got, d.Path, false)
		case b == nil && a.Type == "dir" && same(a, v.wantBefore.files[d.Path]):
			d.Rule = v.child(v.want, d.Path, true)
		}
		found = found || d.Rule > 0
	}
	return found
}

// child is the rule of an excused difference below a directory; with every, 0 unless all
// that is below is excused.
func (v *view) child(s *side, dir string, every bool) (rule int) {
	for _, name := range s.below(dir) {
		i := slices.IndexFunc(v.verdicts, func(x Verdict) bool { return placeOf(&x.Difference) == place{mergecorpus.InRoot, name, ""} })
		switch {
		case i >= 0 && v.verdicts[i].Rule > 0:
			if rule == 0 {
				rule = v.verdicts[i].Rule
			}
		case every:
			return 0
		}
	}
	return rule
}

// feature reports what FEATURES says; the last word counts.
func (v *view) feature(name string, standard bool) bool {
	for _, word := range strings.Fields(v.Features) {
		switch word {
		case name:
			standard = true
		case "-" + name:
			standard = false
		}
	}
	return standard
}

func (v *view) failed(st *mergecorpus.State) bool {
	return st != nil && st.Exit != nil && *st.Exit != 0
}
func (v *view) worked(st *mergecorpus.State) bool {
	return st != nil && st.Exit != nil && *st.Exit == 0
}

// unchanged reports that the step did nothing to our ROOT and VDB, apart from the COUNTER, an
// empty category, and directories for temporary files, which Portage makes as well.
func (v *view) unchanged() bool {
	for _, name := range names(v.got.files, v.gotBefore.files) {
		switch now, before := v.got.files[name], v.gotBefore.files[name]; {
		case same(now, before), name == counterPath, now != nil && now.Volatile:
		case before == nil && now.Type == "dir" && same(now, v.want.files[name]):
		default:
			return false
		}
	}
	return v.vdbUnchanged() && v.outsideSame()
}

func (v *view) vdbUnchanged() bool {
	for _, name := range names(v.got.vdb, v.gotBefore.vdb) {
		a, b := v.got.vdb[name], v.gotBefore.vdb[name]
		if !(isEmptyCategory(a) && b == nil) && !sameVDB(a, b) {
			return false
		}
	}
	return true
}

func isEmptyCategory(e *mergecorpus.VDBEntry) bool { return e != nil && e.EmptyCategory }

// added are packages that a state has and another has not, or as another instance.
func added(now, before *side) []string {
	var out []string
	for _, cpv := range now.installed() {
		if old := before.vdb[cpv]; old == nil || old.Contents == nil || counter(old) != counter(now.vdb[cpv]) {
			out = append(out, cpv)
		}
	}
	return out
}

func counter(e *mergecorpus.VDBEntry) string {
	if e.Counter == nil {
		return ""
	}
	return *e.Counter
}

// removed reports that an entry was there before our step and is not any more.
func (v *view) removed(cpv string) bool {
	return v.gotBefore.vdb[cpv] != nil && v.got.vdb[cpv] == nil
}

func (v *view) image(cpv string) []ImageFile {
	if v.Image == nil {
		return nil
	}
	return v.Image(cpv)
}

// asPacked is a line of CONTENTS that says what ours is, if the package file says so, too, and gives it the same mode; nil
// if there is none.
func (v *view) asPacked(name string) *line {
	l := v.got.asListed(name)
	if l == nil || !slices.ContainsFunc(v.image(l.cpv), func(f ImageFile) bool {
		return sameLine(&f.ContentsLine, &l.ContentsLine) && f.Mode == v.got.files[name].Mode
	}) {
		return nil
	}
	return l
}

// wentWithItsPackage: the package that lists the path, as it was, is not installed any more.
func (v *view) wentWithItsPackage(name string) bool {
	if v.got.files[name] != nil || len(v.got.lines[name]) > 0 {
		return false
	}
	for _, l := range v.gotBefore.lines[name] {
		if v.removed(l.cpv) && agrees(v.gotBefore.files[name], &l.ContentsLine) {
			return true
		}
	}
	return false
}

// excusedEntry is the rule by which an entry of the VDB differed after the step before.
func (v *view) excusedEntry(cpv string) int {
	return v.earlier[place{mergecorpus.InVDB, cpv, ""}].Rule
}
