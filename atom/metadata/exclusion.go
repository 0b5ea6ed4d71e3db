package metadata

import "strconv"

// Source (file and line) of a setting or mask.
type Source struct {
	File    string
	Line    int
	Text    string // the line itself, trimmed
	Comment string // the comment block directly above a mask, without '#'
}

// String is "path:line", without the line when it is 0, "" for the zero value.
func (s Source) String() string {
	if s.Line == 0 {
		return s.File
	}
	return s.File + ":" + strconv.Itoa(s.Line)
}

// IsZero reports that nothing is known about the place.
func (s Source) IsZero() bool { return s == Source{} }

// ExclusionKind tells why a candidate may not be chosen. The spelling is
// Portage's where it has one.
type ExclusionKind string

// Kinds of exclusion.
const (
	ExclKeyword     ExclusionKind = "KEYWORDS"
	ExclMask        ExclusionKind = "package.mask"
	ExclLicense     ExclusionKind = "LICENSE"
	ExclProperties  ExclusionKind = "PROPERTIES"
	ExclRestrict    ExclusionKind = "RESTRICT"
	ExclEAPI        ExclusionKind = "EAPI.unsupported"
	ExclInvalid     ExclusionKind = "invalid"
	ExclNoMetadata  ExclusionKind = "no metadata"
	ExclCHOST       ExclusionKind = "CHOST"
	ExclRequiredUse ExclusionKind = "REQUIRED_USE"
	ExclOption      ExclusionKind = "option"       // --exclude and the like
	ExclUse         ExclusionKind = "USE"          // a binary package with other flags than configured
	ExclChangedDeps ExclusionKind = "changed-deps" // a binary package whose ebuild has other dependencies now
	ExclSignature   ExclusionKind = "signature"    // a binary package without the signature that is asked for
)

// Exclusion is one reason why a candidate is not visible.
type Exclusion struct {
	Kind   ExclusionKind
	Tokens []string         // the keywords, licenses … that would have to be accepted
	Detail string           // one sentence
	Source Source           // file and line, zero when none
	Flags  []FlagDifference // of ExclUse
}

// FlagDifference is one USE flag in which a binary package is not what would be built now.
type FlagDifference struct {
	Flag   string
	Wanted bool   // how it would be built
	Built  string // how it was: "on", "off", or "missing", without the flag
	Gone   bool   // its ebuild has no such flag any more
	Source Source // what decides how it would be built, zero for a default
}

// String is for people: "ssl off instead of on (/etc/portage/make.conf:3)".
func (d FlagDifference) String() string {
	if d.Gone {
		return d.Flag + " " + d.Built + ", which its ebuild does not have any more"
	}
	s := d.Flag + " " + d.Built + " instead of off"
	if d.Wanted {
		s = d.Flag + " " + d.Built + " instead of on"
	}
	if d.Source.IsZero() {
		return s
	}
	return s + " (" + d.Source.String() + ")"
}
