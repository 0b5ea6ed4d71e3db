package phase

import (
	"bytes"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// MaxEnvironment is the size in bytes that a saved environment may have after
// decompression. Real ones have some hundred kilobytes.
const MaxEnvironment = 64 << 20

// environmentEnd is the last line of what bash reads: if it was not executed, bash
// gave up before.
const environmentEnd = "\n__portsolve_complete=1\n"

// FilterEnvironment takes from a saved environment (the output of bash's declare,
// PMS 11.2) what a phase must not get: variables of bash, of the package manager,
// of the host and of portsolve. The attribute "readonly" is removed, because
// variables that cannot be set again would stop later phases. Numbers of lines do not
// change, so that messages of bash can be looked up in the original.
//
// From a place on that is not understood the text is passed on as it is: whether it
// is shell code is decided by bash.
func FilterEnvironment(saved []byte) []byte {
	f := filter{src: saved}
	statements(saved, f.statement)
	return f.result()
}

// statements calls f for each statement of a shell text, up to the first place that
// is not understood.
func statements(text []byte, f func(*syntax.Stmt)) {
	// The text comes from a package: a fault of the parser must not end the program.
	defer func() { _ = recover() }()
	p := syntax.NewParser(syntax.Variant(syntax.LangBash))
	for s, err := range p.StmtsSeq(bytes.NewReader(text)) {
		// The sequence ends by itself after an error; it must not be left before.
		if err == nil && s != nil {
			f(s)
		}
	}
}

// filter collects what is to be cut out of src, in ascending order.
type filter struct {
	src   []byte
	edits []edit
}

type edit struct {
	from, to int
	text     string
}

func (f *filter) cut(from, to int, text string) {
	if 0 <= from && from <= to && to <= len(f.src) {
		f.edits = append(f.edits, edit{from, to, text})
	}
}

func (f *filter) statement(s *syntax.Stmt) {
	switch c := s.Cmd.(type) {
	case *syntax.DeclClause:
		f.declaration(c)
	case *syntax.FuncDecl:
		if c.Name != nil && reserved(c.Name.Value) {
			f.cut(int(s.Pos().Offset()), int(s.End().Offset()), "")
		}
	case *syntax.CallExpr:
		if len(c.Args) == 0 {
			f.assignments(c)
		}
	}
}

// declaration handles "declare -x NAME=value" and its relatives.
func (f *filter) declaration(c *syntax.DeclClause) {
	drops, keeps := 0, 0
	for _, a := range c.Args {
		if a.Name == nil {
			continue
		}
		if DropsVariable(a.Name.Value) {
			drops++
		} else {
			keeps++
		}
	}
	if drops > 0 && keeps == 0 {
		f.cut(int(c.Pos().Offset()), int(c.End().Offset()), "")
		return
	}
	if c.Variant.Value == "readonly" {
		f.cut(int(c.Variant.Pos().Offset()), int(c.Variant.End().Offset()), "declare")
	}
	for _, a := range c.Args {
		from, to := int(a.Pos().Offset()), int(a.End().Offset())
		switch {
		case a.Name != nil && DropsVariable(a.Name.Value):
			f.cut(from, to, "")
		case a.Name == nil && a.Value != nil:
			if flags := a.Value.Lit(); strings.HasPrefix(flags, "-") && strings.Contains(flags, "r") {
				flags = strings.ReplaceAll(flags, "r", "")
				if flags == "-" {
					flags = "--"
				}
				f.cut(from, to, flags)
			}
		}
	}
}

// assignments handles "NAME=value NAME=value".
func (f *filter) assignments(c *syntax.CallExpr) {
	for _, a := range c.Assigns {
		if a.Name != nil && DropsVariable(a.Name.Value) {
			f.cut(int(a.Pos().Offset()), int(a.End().Offset()), "")
		}
	}
}

// result applies the edits; line ends in what is cut stay.
func (f *filter) result() []byte {
	out := make([]byte, 0, len(f.src)+len(environmentEnd))
	at := 0
	for _, e := range f.edits {
		if e.from < at {
			continue
		}
		out = append(out, f.src[at:e.from]...)
		out = append(out, e.text...)
		for range bytes.Count(f.src[e.from:e.to], []byte("\n")) {
			out = append(out, '\n')
		}
		at = e.to
	}
	return append(out, f.src[at:]...)
}

// hasFunction reports whether the environment defines the function, as bash
// prints functions.
func hasFunction(environment []byte, name string) bool {
	want := []byte(name + " ()")
	return bytes.HasPrefix(environment, want) || bytes.Contains(environment, append([]byte("\n"), want...))
}

// reserved reports names of ours.
func reserved(name string) bool {
	return strings.HasPrefix(name, "__portsolve_") || strings.HasPrefix(name, "PORTSOLVE_")
}

// DropsVariable reports whether a variable of this name is never taken from a saved
// environment.
func DropsVariable(name string) bool {
	if reserved(name) {
		return true
	}
	for _, prefix := range []string{"BASH", "COMP_", "SANDBOX_", "LC_", "LD_", "EPOCH", "HIST", "READLINE_", "BASH_FUNC_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.Contains(droppedNames, " "+name+" ")
}

// droppedNames are, in this order: variables of bash; of the host and the shell's
// surroundings; what PMS 11.1 wants unset; what portsolve sets (variables.go).
const droppedNames = " _ CHILD_MAX COLUMNS COMPREPLY COPROC DIRSTACK EUID FUNCNAME FUNCNEST GROUPS HOSTNAME HOSTTYPE IFS LINENO LINES " +
	"MACHTYPE MAPFILE OLDPWD OPTARG OPTERR OPTIND OSTYPE PIPESTATUS POSIXLY_CORRECT PPID PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 PWD " +
	"RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TIMEFORMAT TMOUT UID auto_resume histchars " +
	"ENV LANG LANGUAGE TERM DISPLAY USER LOGNAME MAIL PATH ROOTPATH HOME TMPDIR TEMP TMP NOCOLOR NO_COLOR DBUS_SESSION_BUS_ADDRESS " +
	"XAUTHORITY SUDO_COMMAND SUDO_GID SUDO_UID SUDO_USER EMERGE_FROM MAKEFLAGS " +
	"GZIP BZIP BZIP2 CDPATH GREP_OPTIONS GREP_COLOR GREP_COLORS GLOBIGNORE " +
	"P PN PV PR PVR PF CATEGORY EAPI SLOT USE ROOT EROOT EPREFIX SYSROOT ESYSROOT BROOT D ED IMAGE T WORKDIR S FILESDIR DISTDIR " +
	"EBUILD EBUILD_PHASE EBUILD_PHASE_FUNC MERGE_TYPE REPLACING_VERSIONS REPLACED_BY_VERSION A AA KV PORTDIR ECLASSDIR " +
	"DESTTREE INSDESTTREE FEATURES GOOD WARN BAD NORMAL HILITE BRACKET " +
	"PORTAGE_BIN_PATH PORTAGE_BUILDDIR PORTAGE_CONFIGROOT PORTAGE_FEATURES PORTAGE_LOG_FILE PORTAGE_PYM_PATH PORTAGE_PYTHONPATH " +
	"PORTAGE_QUIET PORTAGE_REPO_NAME PORTAGE_TMPDIR PORTAGE_BUILD_USER PORTAGE_BUILD_GROUP PORTAGE_UPDATE_ENV PORTAGE_EBUILD_EXIT_FILE " +
	"PORTAGE_IPC_DAEMON PORTAGE_SIGPIPE_STATUS PORTAGE_VERBOSE PORTAGE_DEBUG "
