package eapi

// Shell is what an EAPI says of the environment that phase functions run in and
// of the commands they find there (PMS chapters 11 and 12). Values are shared
// and immutable.
type Shell struct {
	// Bash is the version that ebuilds of the EAPI are written for (PMS 6).
	Bash string

	VarsExported   bool // the variables of PMS 11.1 are exported (EAPI <= 8)
	TrailingSlash  bool // ROOT, EROOT, D and ED end with a slash (EAPI <= 6)
	EmptyDirectory bool // pkg_* functions start in an empty directory (EAPI 8)
	SaneLocale     bool // LC_CTYPE and LC_COLLATE are as in POSIX (EAPI 6)
	Prefix         bool // EPREFIX, EROOT, ED (EAPI 3)
	Sysroot        bool // SYSROOT, ESYSROOT, BROOT (EAPI 7)
	BrootInPkg     bool // BROOT in pkg_preinst … pkg_postrm (EAPI 8)
	MergeType      bool // MERGE_TYPE (EAPI 4)
	Replacing      bool // REPLACING_VERSIONS, REPLACED_BY_VERSION (EAPI 4)
	PhaseFunc      bool // EBUILD_PHASE_FUNC (EAPI 5)
	AAKV           bool // AA and KV (EAPI <= 3)
	PortDir        bool // PORTDIR, ECLASSDIR (EAPI <= 6)
	EnvUnset       bool // what ENV_UNSET names is unset (EAPI 7)

	Pretend          bool // pkg_pretend (EAPI 4)
	FailureDies      bool // helpers that fail abort (EAPI 4)
	Nonfatal         bool // nonfatal (EAPI 4)
	NonfatalExternal bool // nonfatal is a command in PATH, too (EAPI 7)
	DieN             bool // die -n (EAPI 6)
	SubshellDie      bool // die works in a subshell (EAPI 7)
	StrictUse        bool // use of a flag outside of IUSE_EFFECTIVE is an error (EAPI 4)

	QueryHostRoot bool // has_version --host-root (EAPI 5 and 6)
	QueryByDep    bool // has_version -b, -d, -r (EAPI 7)
	StdoutOutput  bool // einfo and its like may write to stdout (EAPI <= 6)
	UsevArgument  bool // usev has a second argument (EAPI 8)
	UseWithEmpty  bool // an empty third argument of use_with counts (EAPI 4)
	DosymRelative bool // dosym -r (EAPI 8)

	commands map[string]bool
	banned   map[string]bool
}

// Has reports whether the EAPI has the named command. It is true for commands
// that every EAPI has, and false for those it bans.
func (s *Shell) Has(command string) bool {
	has, limited := s.commands[command]
	return (has || !limited) && !s.banned[command]
}

// Bans reports whether the EAPI bans the named command: a call aborts (PMS 12.3.2).
func (s *Shell) Bans(command string) bool { return s.banned[command] }

// Shell returns the environment of phase functions of this EAPI.
func (e *EAPI) Shell() *Shell { return &shells[e.Name[0]-'0'] }

// shells is indexed as table is, and written once as well.
var shells = buildShells()

func buildShells() [10]Shell {
	var t [10]Shell
	for i := range t {
		t[i] = Shell{
			Bash:           bashOf(i),
			VarsExported:   i <= 8,
			TrailingSlash:  i <= 6,
			EmptyDirectory: i >= 8,
			SaneLocale:     i >= 6,
			Prefix:         i >= 3,
			Sysroot:        i >= 7,
			BrootInPkg:     i >= 8,
			MergeType:      i >= 4,
			Replacing:      i >= 4,
			PhaseFunc:      i >= 5,
			AAKV:           i <= 3,
			PortDir:        i <= 6,
			EnvUnset:       i >= 7,

			Pretend:          i >= 4,
			FailureDies:      i >= 4,
			Nonfatal:         i >= 4,
			NonfatalExternal: i >= 7,
			DieN:             i >= 6,
			SubshellDie:      i >= 7,
			StrictUse:        i >= 4,

			QueryHostRoot: i == 5 || i == 6,
			QueryByDep:    i >= 7,
			StdoutOutput:  i <= 6,
			UsevArgument:  i >= 8,
			UseWithEmpty:  i >= 4,
			DosymRelative: i >= 8,

			commands: commandsOf(i),
			banned:   bannedIn(i),
		}
	}
	return t
}

func bashOf(i int) string {
	switch {
	case i >= 9:
		return "5.3"
	case i == 8:
		return "5.0"
	case i >= 6:
		return "4.2"
	}
	return "3.2"
}

// commandsOf lists the commands that only some EAPIs have.
func commandsOf(i int) map[string]bool {
	return map[string]bool{
		"default":       i >= 2,
		"nonfatal":      i >= 4,
		"docompress":    i >= 4,
		"usex":          i >= 5,
		"doheader":      i >= 5,
		"newheader":     i >= 5,
		"in_iuse":       i >= 6,
		"get_libdir":    i >= 6,
		"einstalldocs":  i >= 6,
		"eapply":        i >= 6,
		"eapply_user":   i >= 6,
		"eqawarn":       i >= 7,
		"ver_cut":       i >= 7,
		"ver_rs":        i >= 7,
		"ver_test":      i >= 7,
		"dostrip":       i >= 7,
		"ver_replacing": i >= 9,
		"pipestatus":    i >= 9,
		"edo":           i >= 9,
	}
}

// bannedIn lists the commands that abort when they are called.
func bannedIn(i int) map[string]bool {
	return map[string]bool{
		"dohard":   i >= 4,
		"dosed":    i >= 4,
		"einstall": i >= 6,
		"dohtml":   i >= 7,
		"dolib":    i >= 7,
		"libopts":  i >= 7,
		"useq":     i >= 8,
		"hasv":     i >= 8,
		"hasq":     i >= 8,
		"assert":   i >= 9,
		"domo":     i >= 9,
	}
}
