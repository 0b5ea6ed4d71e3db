package scenario

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// A package line is "cat/pkg-1 KEY=value KEY="a b"". The keys are those of an
// ebuild, and some that state the outcome of the configuration:
//
//	USE          enabled flags: of an installed package those it was built with,
//	             of an ebuild those it would be built with
//	USE_NOW      of an installed package: the flags if it were built now
//	IMPLICIT     flags it has without naming them in IUSE
//	USE_FORCE, USE_MASK   flags that cannot be changed
//	MASKED       why it may not be merged, "package.mask; KEYWORDS: ~amd64"; "" for not at all
//	INVALID      a message: the metadata is unusable

// defaultEAPI of a package line.
const defaultEAPI = "8"

func packageLine(l string, origin metadata.Origin, repo string) (*metadata.Package, *statement, error) {
	words, err := splitWords(l)
	if err != nil {
		return nil, nil, err
	}
	name, ownRepo, given := strings.Cut(words[0], "::")
	if given {
		if origin == metadata.Ebuild {
			return nil, nil, errors.New("the repository of an ebuild is that of its section")
		}
		repo = ownRepo
	}
	cpv, err := atom.ParseCPV(name)
	if err != nil {
		return nil, nil, err
	}
	vars, err := attributes(words[1:])
	if err != nil {
		return nil, nil, err
	}
	p := &metadata.Package{CPV: cpv, Origin: origin, Repo: repo, EAPIName: defaultEAPI, Raw: map[string]string{}}
	st := &statement{}
	keys := make([]string, 0, len(vars))
	for k := range vars {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	p.Slot, p.SubSlot, p.Keywords = "0", "0", []string{"amd64"}
	for _, k := range keys {
		if err := setVariable(p, st, k, vars[k]); err != nil {
			return nil, nil, err
		}
	}
	return p, st, complete(p, vars)
}

// complete fills in what depends on several variables and rejects lines whose
// expressions do not parse: a scenario says INVALID if it means that.
func complete(p *metadata.Package, vars map[string]string) error {
	p.EAPI, _ = eapi.Lookup(p.EAPIName)
	if p.EAPI == nil {
		return nil
	}
	if _, given := vars["RDEPEND"]; !given && p.EAPI.RDependFromDepend && p.Origin == metadata.Ebuild {
		p.Raw["RDEPEND"] = vars["DEPEND"]
	}
	if p.Invalid != nil {
		return nil
	}
	if err := p.Validate(); err != nil {
		return fmt.Errorf("%s: %w", p.CPV, err)
	}
	return nil
}

func setVariable(p *metadata.Package, st *statement, key, value string) (err error) {
	flags := func() metadata.UseSet { return metadata.NewUseSet(strings.Fields(value)) }
	switch key {
	case "EAPI":
		p.EAPIName = value
	case "SLOT":
		slot, sub, given := strings.Cut(value, "/")
		if !given {
			sub = slot
		}
		p.Slot, p.SubSlot = slot, sub
	case "KEYWORDS":
		p.Keywords = strings.Fields(value)
	case "IUSE":
		for _, f := range strings.Fields(value) {
			p.IUSE = append(p.IUSE, iuseFlag(f))
		}
	case "USE":
		st.use, st.hasUse = flags(), true
		if p.Built() {
			p.Use = st.use
		}
	case "USE_NOW":
		st.useNow, st.hasUseNow = flags(), true
	case "IMPLICIT":
		st.implicit = flags()
	case "USE_FORCE":
		st.force = flags()
	case "USE_MASK":
		st.mask = flags()
	case "MASKED":
		st.masked, st.isMasked = parseMasked(value), true
	case "INVALID":
		p.Invalid = errors.New(value)
	case "BUILD_TIME":
		p.BuildTime, err = strconv.ParseInt(value, 10, 64)
	case "COUNTER":
		p.Counter, err = strconv.ParseInt(value, 10, 64)
	case "BUILD_ID":
		p.BuildID, err = strconv.Atoi(value)
	default:
		if !rawVariable(key) {
			return fmt.Errorf("%s: unknown variable %s", p.CPV, key)
		}
		p.Raw[key] = value
	}
	return err
}

func iuseFlag(s string) metadata.IUSEFlag {
	if s[0] == '+' || s[0] == '-' {
		return metadata.IUSEFlag{Name: s[1:], Default: s[0]}
	}
	return metadata.IUSEFlag{Name: s}
}

// rawVariables are kept as text. The order is that in which Write prints them.
var rawVariables = [...]string{"DEPEND", "BDEPEND", "IDEPEND", "RDEPEND", "PDEPEND", "REQUIRED_USE",
	"LICENSE", "RESTRICT", "PROPERTIES", "PROVIDES", "REQUIRES", "CHOST", "DEFINED_PHASES", "INHERITED"}

func rawVariable(key string) bool {
	for _, k := range rawVariables {
		if k == key {
			return true
		}
	}
	return false
}

// parseMasked reads "kind; kind: token token".
func parseMasked(s string) []metadata.Exclusion {
	var out []metadata.Exclusion
	for _, part := range strings.Split(s, ";") {
		kind, tokens, _ := strings.Cut(strings.TrimSpace(part), ":")
		if kind == "" {
			continue
		}
		out = append(out, metadata.Exclusion{Kind: metadata.ExclusionKind(kind), Tokens: strings.Fields(tokens), Detail: "masked by " + kind})
	}
	return out
}
