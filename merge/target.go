package merge

// Target is the system that is changed, with the settings that count for it.
type Target struct {
	// Root is ROOT joined with EPREFIX; "" is "/". It must exist.
	Root string
	// PkgDir is where relative package files of a plan are; "" the working directory.
	PkgDir string
	// Settings of the user's configuration.
	Settings Settings
	// Config is the configuration as PMS phases see it: variables for phase functions
	// (ROOT, SYSROOT, CHOST, PORTAGE_*, …). The engine itself does not look at it.
	Config map[string]string
}

// Settings are the variables of make.conf(5) that rule a merge, already folded
// (make.globals, profile, make.conf, env.d, environment). Paths are absolute within
// ROOT.
type Settings struct {
	// ConfigProtect and ConfigProtectMask are files and directories (CONFIG_PROTECT,
	// CONFIG_PROTECT_MASK).
	ConfigProtect, ConfigProtectMask []string
	// CollisionIgnore are patterns (fnmatch(3); a directory means everything below)
	// whose files may be overwritten whoever owns them (COLLISION_IGNORE).
	CollisionIgnore []string
	// UninstallIgnore are patterns of files that no uninstall removes (UNINSTALL_IGNORE).
	UninstallIgnore []string
	// InstallMask is INSTALL_MASK in order; "-PATTERN" takes back. FEATURES nodoc, noinfo
	// and noman are added by the engine.
	InstallMask []string
	// Features is FEATURES. The engine knows: collision-protect, protect-owned,
	// config-protect-if-modified, unmerge-orphans, preserve-libs, xattr, suidctl, sfperms,
	// nodoc, noman, noinfo, parallel-install, and portage-exact of our own
	// (docs/merge-safety.md). Absent is off: DefaultFeatures has Portage's defaults.
	Features map[string]bool
	// EmptyAbort refuses to replace a package that has files by one without any
	// (PORTAGE_PACKAGE_EMPTY_ABORT).
	EmptyAbort bool
	// InfoDirs are INFODIR and INFOPATH, the directories with an info index.
	InfoDirs []string
}

// DefaultFeatures are those of make.globals that rule a merge.
func DefaultFeatures() map[string]bool {
	return map[string]bool{
		"config-protect-if-modified": true, "preserve-libs": true, "protect-owned": true,
		"sfperms": true, "unmerge-orphans": true, "xattr": true,
	}
}

// Feature reports whether a feature is on.
func (s *Settings) Feature(name string) bool { return s.Features[name] }
