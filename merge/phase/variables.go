package phase

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/merge"
)

// variable is one that bash gets before the function runs.
type variable struct {
	name, value string
	export      bool
}

// places are directories of a call, as absolute paths of the host.
type places struct {
	dir string // everything below is ours
}

func (p places) join(name string) string { return p.dir + "/" + name }

// table collects variables; later ones of a name win.
type table struct {
	shell *eapi.Shell
	list  []variable
}

// set adds a variable of PMS 11.1, exported as the EAPI says.
func (t *table) set(name, value string) {
	t.list = append(t.list, variable{name, value, t.shell.VarsExported})
}

// setIf adds it in EAPIs that have it. Others find it unset.
func (t *table) setIf(has bool, name, value string) {
	if has {
		t.set(name, value)
	}
}

// private adds a variable of the shell side, always adds one that is exported.
func (t *table) private(name, value string) {
	t.list = append(t.list, variable{name, value, false})
}
func (t *table) always(name, value string) {
	t.list = append(t.list, variable{name, value, true})
}

// variables of a call, PMS 11.1.
func (r *Runner) variables(c *merge.PhaseCall, p places) []variable {
	t := &table{shell: c.Package.EAPI.Shell()}
	names(t, c)
	roots(t, c)
	directories(t, c, p)
	installing := installs(c.Phase)
	t.set("EBUILD_PHASE", c.Phase)
	t.setIf(t.shell.PhaseFunc, "EBUILD_PHASE_FUNC", "pkg_"+c.Phase)
	mergeType := ""
	if installing {
		mergeType = c.MergeType
	}
	t.setIf(t.shell.MergeType, "MERGE_TYPE", mergeType)
	t.setIf(t.shell.Replacing && installing, "REPLACING_VERSIONS", strings.Join(c.ReplacingVersions, " "))
	t.setIf(t.shell.Replacing && removes(c.Phase), "REPLACED_BY_VERSION", c.ReplacedByVersion)
	t.setIf(t.shell.AAKV, "AA", "")
	t.setIf(t.shell.AAKV, "KV", r.kernel)
	t.setIf(t.shell.PortDir, "PORTDIR", "")
	t.setIf(t.shell.PortDir, "ECLASSDIR", "")
	t.set("A", "")
	t.always("FEATURES", c.Config["FEATURES"])
	t.always("PORTAGE_FEATURES", c.Config["FEATURES"])
	t.always("PORTAGE_CONFIGROOT", c.Config["PORTAGE_CONFIGROOT"])
	// They are in the environment that bash is started with, too; a saved environment
	// that could not be filtered to its end must not change them.
	t.always("PATH", p.join("bin")+":"+r.o.Path)
	t.always("LC_CTYPE", "C.UTF-8")
	t.always("LC_COLLATE", "C")
	r.display(t)
	shellSide(t)
	return t.list
}

// installs and removes tell the sequences of PMS 9.2 apart.
func installs(phase string) bool {
	return phase == "pretend" || phase == "setup" || phase == "preinst" || phase == "postinst"
}
func removes(phase string) bool { return phase == "prerm" || phase == "postrm" }

// settings are the caller's variables, as NAME=value. They are there before the saved
// environment is read: what the build had wins over today's configuration (PMS 9.1).
func settings(c *merge.PhaseCall) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(c.Config)) {
		if validName(name) && !DropsVariable(name) && !strings.ContainsRune(c.Config[name], 0) {
			list = append(list, name+"="+c.Config[name])
		}
	}
	return list
}

// validName reports whether bash can have a variable of this name.
func validName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func names(t *table, c *merge.PhaseCall) {
	cpv := c.Package.CPV
	pvr := cpv.Version.String()
	pv, revision, found := strings.Cut(pvr, "-r")
	pr := "r0"
	if found {
		pr = "r" + revision
	}
	t.set("CATEGORY", cpv.Category)
	t.set("PN", cpv.Package)
	t.set("PV", pv)
	t.set("PR", pr)
	t.set("PVR", pvr)
	t.set("P", cpv.Package+"-"+pv)
	t.set("PF", cpv.Package+"-"+pvr)
	t.set("EAPI", c.Package.EAPI.Name)
	t.set("SLOT", slot(c))
	t.set("USE", strings.Join(c.Package.Use, " "))
	t.set("PORTAGE_REPO_NAME", c.Package.Repo)
	flags := make([]string, 0, len(c.Package.IUSE))
	for _, f := range c.Package.IUSE {
		flags = append(flags, f.Name)
	}
	t.private("__portsolve_iuse", strings.Join(flags, " "))
	if list := c.Package.IUSEEffective; len(list) > 0 {
		t.set("IUSE_EFFECTIVE", strings.Join(list, " "))
	}
}

func slot(c *merge.PhaseCall) string {
	if c.Package.SubSlot != c.Package.Slot && c.Package.SubSlot != "" {
		return c.Package.Slot + "/" + c.Package.SubSlot
	}
	return c.Package.Slot
}

// offset splits the root of a call into ROOT and EPREFIX, both without a slash at
// the end.
func offset(c *merge.PhaseCall) (root, prefix string) {
	root = strings.TrimRight(c.Root, "/")
	prefix = strings.TrimRight(c.Config["EPREFIX"], "/")
	if rest, ok := strings.CutSuffix(root, prefix); ok && strings.HasPrefix(prefix, "/") {
		return strings.TrimRight(rest, "/"), prefix
	}
	return root, ""
}

// roots sets ROOT and its relatives. An EAPI without EPREFIX gets ROOT with the prefix:
// it knows no other place to write to.
func roots(t *table, c *merge.PhaseCall) {
	slash := ""
	if t.shell.TrailingSlash {
		slash = "/"
	}
	root, prefix := offset(c)
	if !t.shell.Prefix {
		root += prefix
	}
	t.set("ROOT", root+slash)
	t.setIf(t.shell.Prefix, "EROOT", root+prefix+slash)
	t.setIf(t.shell.Prefix, "EPREFIX", prefix)
	sysroot := strings.TrimRight(c.Config["SYSROOT"], "/")
	broot := strings.TrimRight(c.Config["BROOT"], "/")
	t.setIf(t.shell.Sysroot, "SYSROOT", sysroot)
	t.setIf(t.shell.Sysroot, "ESYSROOT", esysroot(sysroot, root, prefix, broot))
	inPkg := c.Phase != "setup" && c.Phase != "pretend"
	t.setIf(t.shell.Sysroot && (!inPkg || t.shell.BrootInPkg), "BROOT", broot)
}

// esysroot is SYSROOT with the prefix that belongs to it (PMS 11.1, table of
// DEPEND's prefixes): that of the target if it is ROOT, that of the host otherwise.
func esysroot(sysroot, root, prefix, broot string) string {
	switch sysroot {
	case root:
		return sysroot + prefix
	case "":
		return broot
	}
	return sysroot
}

// directories sets D, T and the like. D is never empty, so that a path below it is
// never one of the system.
func directories(t *table, c *merge.PhaseCall, p places) {
	slash := ""
	if t.shell.TrailingSlash {
		slash = "/"
	}
	image := strings.TrimRight(c.Image, "/")
	if image == "" {
		image = p.join("image")
	}
	_, prefix := offset(c)
	t.set("D", image+slash)
	t.setIf(t.shell.Prefix, "ED", image+prefix+slash)
	t.set("T", p.join("temp"))
	t.always("TMPDIR", p.join("temp"))
	t.always("HOME", p.join("homedir"))
	t.set("WORKDIR", p.join("work"))
	pv, _, _ := strings.Cut(c.Package.CPV.Version.String(), "-r")
	t.set("S", p.join("work/"+c.Package.CPV.Package+"-"+pv))
	t.set("FILESDIR", p.join("files"))
	t.set("DISTDIR", p.join("distdir"))
	t.set("PORTAGE_BUILDDIR", p.dir)
	t.set("PORTAGE_BIN_PATH", p.join("bin"))
	ebuild := ""
	if c.Entry != "" {
		ebuild = path.Join(c.Entry, c.Package.CPV.Package+"-"+c.Package.CPV.Version.String()+".ebuild")
	}
	t.set("EBUILD", ebuild)
}

// display sets what the messages look like; the names of the colours are those that
// ebuilds have from Portage.
func (r *Runner) display(t *table) {
	colours := []string{"GOOD", "\x1b[32;01m", "WARN", "\x1b[33;01m", "BAD", "\x1b[31;01m", "HILITE", "\x1b[36;01m",
		"BRACKET", "\x1b[34;01m", "NORMAL", "\x1b[0m"}
	for i := 0; i < len(colours); i += 2 {
		if r.o.Color {
			t.private(colours[i], colours[i+1])
		} else {
			t.private(colours[i], "")
		}
	}
	if r.o.Quiet {
		t.private("PORTAGE_QUIET", "1")
	}
	if !r.o.Color {
		t.always("NOCOLOR", "true")
	}
}

// shellSide tells lib/ what the EAPI has.
func shellSide(t *table) {
	s := t.shell
	flags := []struct {
		name string
		has  bool
	}{
		{"failure-dies", s.FailureDies}, {"die-n", s.DieN}, {"strict-use", s.StrictUse},
		{"query-host-root", s.QueryHostRoot}, {"query-by-dep", s.QueryByDep},
		{"usev-argument", s.UsevArgument}, {"use-with-empty", s.UseWithEmpty}, {"dosym-r", s.DosymRelative}, {"env-unset", s.EnvUnset}, {"nonfatal-program", s.NonfatalExternal},
	}
	features, banned, limited := []string{""}, []string{""}, []string{""}
	for _, f := range flags {
		if f.has {
			features = append(features, f.name)
		}
	}
	for _, name := range slices.Concat(limitedCommands, srcCommands) {
		switch {
		case s.Bans(name):
			banned = append(banned, name)
		case s.Has(name):
			features = append(features, name)
		default:
			limited = append(limited, name)
		}
	}
	t.private("__portsolve_features", strings.Join(append(features, ""), " "))
	t.private("__portsolve_banned", strings.Join(append(banned, ""), " "))
	t.private("__portsolve_limited", strings.Join(append(limited, ""), " "))
	t.private("__portsolve_src", " "+strings.Join(srcCommands, " ")+" ")
	t.private("__portsolve_bash", s.Bash)
}
