package atom

import (
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
)

// dialect says which extensions of the specification's syntax an atom may use.
type dialect struct {
	eapi     *eapi.EAPI
	repo     bool // ::repo
	built    bool // :slot/sub=
	wild     bool // patterns, build-id
	nameless bool // the category must be absent
}

// Parse parses an atom as a *DEPEND of EAPI e may contain it (PMS 8.3); nil
// means the latest EAPI. The error is a *SyntaxError naming token, offset, EAPI and rule.
func Parse(s string, e *eapi.EAPI) (*Atom, error) {
	return parse(s, &dialect{eapi: orLatest(e)})
}

// ParseBuilt parses an atom recorded in a built package (/var/db/pkg, binary
// package): besides what Parse accepts, features of later EAPIs, the bound form
// :slot/sub= (PMS 8.3.3) and ::repo. e only names the EAPI in errors.
func ParseBuilt(s string, e *eapi.EAPI) (*Atom, error) {
	a, err := parse(s, &dialect{eapi: eapi.Latest(), repo: true, built: true})
	if se, ok := err.(*SyntaxError); ok && e != nil {
		se.EAPI = e.Name
	}
	return a, err
}

// ParseWildcard parses an atom of a configuration file or command line: all
// EAPI features, ::repo, and portage(5)'s extended syntax: '*' in category and
// package, =*/*-*9999* for versions that contain 9999, slot operators, and the
// build-id form =cat/pkg-1.2-3.
func ParseWildcard(s string) (*Atom, error) {
	return parse(s, &dialect{eapi: eapi.Latest(), repo: true, built: true, wild: true})
}

// ParseNameless parses an atom whose category the user left out: pkg,
// >=pkg-1.2, pkg:2, pkg[flag]. Its Category is ""; fill it in with WithCP.
func ParseNameless(s string) (*Atom, error) {
	return parse(s, &dialect{eapi: eapi.Latest(), repo: true, nameless: true})
}

func orLatest(e *eapi.EAPI) *eapi.EAPI {
	if e == nil {
		return eapi.Latest()
	}
	return e
}

func parse(s string, d *dialect) (*Atom, error) {
	a := new(Atom)
	if f := d.parse(a, s); f.bad() {
		var e *eapi.EAPI
		if !d.wild && !d.nameless {
			e = d.eapi
		}
		return nil, f.err("atom", s, e)
	}
	return a, nil
}

// parse fills a. The parts are taken off from both ends: blocker and operator
// in front; USE, repository and slot behind; name and version remain.
func (d *dialect) parse(a *Atom, s string) fault {
	rest, f := d.cutBlocker(a, s)
	if f.bad() {
		return f
	}
	rest = cutOp(a, rest)
	base := len(s) - len(rest)
	if i := strings.IndexByte(rest, '['); i >= 0 {
		if f := d.use(a, rest[i:]); f.bad() {
			return f.at(base + i)
		}
		rest = rest[:i]
	}
	if i := strings.Index(rest, "::"); i >= 0 {
		if f := d.repository(a, rest[i:]); f.bad() {
			return f.at(base + i)
		}
		rest = rest[:i]
	}
	if i := strings.IndexByte(rest, ':'); i >= 0 {
		if f := d.slot(a, rest[i+1:]); f.bad() {
			return f.at(base + i + 1)
		}
		rest = rest[:i]
	}
	return d.name(a, rest).at(base)
}

func (d *dialect) cutBlocker(a *Atom, s string) (string, fault) {
	switch {
	case strings.HasPrefix(s, "!!"):
		if !d.eapi.StrongBlockers {
			return s, fault{token: "!!", rule: "strong blockers need EAPI 2", section: "PMS 8.3.2"}
		}
		a.Blocker = Strong
		return s[2:], fault{}
	case strings.HasPrefix(s, "!"):
		a.Blocker = Weak
		return s[1:], fault{}
	}
	return s, fault{}
}

func cutOp(a *Atom, s string) string {
	if s == "" {
		return s
	}
	orEqual := len(s) > 1 && s[1] == '='
	switch s[0] {
	case '<':
		a.Op = OpLess
		if orEqual {
			a.Op = OpLessEq
		}
	case '>':
		a.Op = OpGreater
		if orEqual {
			a.Op = OpGreaterEq
		}
	case '~':
		a.Op = OpRevision
		return s[1:]
	case '=':
		a.Op = OpEqual
		return s[1:]
	default:
		return s
	}
	if orEqual {
		return s[2:]
	}
	return s[1:]
}

// repository parses "::name".
func (d *dialect) repository(a *Atom, s string) fault {
	if !d.repo {
		return fault{token: s, rule: "a dependency must not name a repository", section: "PMS 8.3"}
	}
	if !ValidRepo(s[2:]) {
		return fault{offset: 2, token: s[2:], rule: "a repository name follows ::, of letters, digits, _ and -", section: "PMS 3.1.5"}
	}
	a.Repo = s[2:]
	return fault{}
}

// slot parses what follows the colon.
func (d *dialect) slot(a *Atom, s string) fault {
	if !d.eapi.SlotDeps {
		return fault{token: s, rule: "slot dependencies need EAPI 1", section: "PMS 8.3.3"}
	}
	if s == "" {
		return fault{rule: "a slot or a slot operator must follow the colon", section: "PMS 8.3.3"}
	}
	last := s[len(s)-1]
	if (last == '=' || s == "*") && !d.eapi.SlotOperators {
		return fault{offset: len(s) - 1, token: s[len(s)-1:], rule: "slot operators need EAPI 5", section: "PMS 8.3.3"}
	}
	if s == "*" {
		a.SlotOp = SlotOpAny
		return fault{}
	}
	if last == '=' {
		a.SlotOp = SlotOpEqual
		s = s[:len(s)-1]
		if s == "" {
			return fault{}
		}
	}
	if i := strings.IndexByte(s, '/'); i >= 0 {
		if !d.eapi.SubSlots {
			return fault{offset: i, token: s[i:], rule: "sub-slots need EAPI 5", section: "PMS 8.3.3"}
		}
		if a.SlotOp == SlotOpEqual && !d.built {
			return fault{offset: i, token: s[i:], rule: "a slot with the operator = must not have a sub-slot", section: "PMS 8.3.3"}
		}
		if f := checkSlot(s[i+1:]); f.bad() {
			return f.at(i + 1)
		}
		a.SubSlot = s[i+1:]
		s = s[:i]
	}
	a.Slot = s
	return checkSlot(s)
}

// name parses category, package and version, all that remains of the atom.
func (d *dialect) name(a *Atom, s string) fault {
	if a.Op == OpNone {
		if d.nameless {
			return d.bare(a, s)
		}
		cp, f := parseCP(s, d.wild)
		a.CP = cp
		a.Wild = d.wild && strings.IndexByte(s, '*') >= 0
		return f
	}
	slash := 0
	if !d.nameless {
		slash = strings.IndexByte(s, '/') + 1
		if slash == 0 {
			return fault{token: s, rule: "a category and a slash must come before the package name", section: "PMS 8.3"}
		}
		a.Category = s[:slash-1]
		if f := checkCategory(a.Category, d.wild); f.bad() {
			return f
		}
	}
	if f := d.nameVersion(a, s[slash:]); f.bad() {
		return f.at(slash)
	}
	a.Wild = d.wild && (strings.IndexByte(a.Category, '*') >= 0 || strings.IndexByte(a.Package, '*') >= 0 || a.Version.isPattern())
	return checkPackage(a.Package, d.wild).at(slash)
}

// bare parses a package name without category or version.
func (d *dialect) bare(a *Atom, s string) fault {
	a.Package = s
	return checkPackage(s, false)
}

// nameVersion splits "pkg-1.2-r1", with the asterisk of OpGlob and the
// extensions of portage(5).
func (d *dialect) nameVersion(a *Atom, s string) fault {
	pf := s
	if a.Op == OpEqual && strings.HasSuffix(s, "*") {
		pf = s[:len(s)-1]
		a.Op = OpGlob
		if i := strings.LastIndex(pf, "-*"); d.wild && i > 0 && isVersionText(pf[i+2:]) {
			a.Package, a.Version = pf[:i], Version{s[i+1:]}
			return fault{}
		}
	}
	name, ver, ok := SplitPF(pf)
	if !ok {
		return versionFault(s, pf)
	}
	if d.wild && a.Op == OpEqual {
		if n, v, ok := SplitPF(name); ok && digitsEnd(ver) == len(ver) {
			id, err := strconv.Atoi(ver)
			if err == nil && id > 0 {
				a.Package, a.Version, a.BuildID = n, Version{v}, id
				return fault{}
			}
		}
	}
	a.Package, a.Version = name, Version{ver}
	return fault{}
}

// isVersionText reports what may stand between the asterisks of "-*text*".
func isVersionText(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && s[i] != '_' && s[i] != '.' {
			return false
		}
	}
	return s != ""
}

func versionFault(s, pf string) fault {
	if i := strings.IndexByte(pf, '*'); i >= 0 {
		return fault{offset: i, token: "*", rule: "an asterisk may only end the version of an atom with the operator =", section: "PMS 8.3.1"}
	}
	if strings.HasSuffix(s, "*") && s == pf {
		return fault{offset: len(s) - 1, token: "*", rule: "only the operator = may end in an asterisk", section: "PMS 8.3.1"}
	}
	return fault{token: s, rule: "an operator needs a version: after the name a hyphen and, for example, 1.2-r1", section: "PMS 8.3.1"}
}

// use parses "[a,-b,c?]".
func (d *dialect) use(a *Atom, s string) fault {
	if !d.eapi.UseDeps {
		return fault{token: s, rule: "USE dependencies need EAPI 2", section: "PMS 8.3.4"}
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return fault{token: s, rule: "a USE dependency ends with a closing bracket", section: "PMS 8.3.4"}
	}
	if end != len(s)-1 {
		return fault{offset: end + 1, token: s[end+1:], rule: "nothing may follow the closing bracket of a USE dependency", section: "PMS 8.3.4"}
	}
	n := strings.Count(s, ",") + 1
	a.Use = make([]UseDep, 0, n)
	for i := 1; i <= end; {
		j := strings.IndexByte(s[i:end], ',')
		if j < 0 {
			j = end - i
		}
		u, f := d.useDep(s[i : i+j])
		if f.bad() {
			return f.at(i)
		}
		a.Use = append(a.Use, u)
		i += j + 1
	}
	return fault{}
}

// useDep parses one element of the list.
func (d *dialect) useDep(s string) (UseDep, fault) {
	var u UseDep
	flag, sign, tail := s, byte(0), byte(0)
	if flag != "" && (flag[0] == '!' || flag[0] == '-') {
		sign, flag = flag[0], flag[1:]
	}
	if n := len(flag); n > 0 && (flag[n-1] == '?' || flag[n-1] == '=') {
		tail, flag = flag[n-1], flag[:n-1]
	}
	if n := len(flag); n > 3 && flag[n-1] == ')' && flag[n-3] == '(' && (flag[n-2] == '+' || flag[n-2] == '-') {
		if !d.eapi.UseDepDefaults {
			return u, fault{token: s, rule: "defaults of USE dependencies need EAPI 4", section: "PMS 8.3.4"}
		}
		u.Default, flag = flag[n-2], flag[:n-3]
	}
	switch {
	case sign == 0 && tail == 0:
		u.Kind = UseEnabled
	case sign == '-' && tail == 0:
		u.Kind = UseDisabled
	case sign == 0 && tail == '=':
		u.Kind = UseEqual
	case sign == '!' && tail == '=':
		u.Kind = UseNotEqual
	case sign == 0 && tail == '?':
		u.Kind = UseIfEnabled
	case sign == '!' && tail == '?':
		u.Kind = UseIfDisabled
	default:
		return u, fault{token: s, rule: "the forms are [flag] [-flag] [flag=] [!flag=] [flag?] [!flag?]", section: "PMS 8.3.4"}
	}
	if !ValidFlag(flag) {
		return u, fault{token: s, rule: "a USE flag begins with a letter or digit and holds letters, digits and + _ @ -", section: "PMS 3.1.4"}
	}
	u.Flag = flag
	return u, fault{}
}
