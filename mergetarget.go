package portsolve

import (
	"strings"

	"github.com/portsolve/portsolve/merge"
)

// MergeTarget is the root that requests are for, with the settings that rule a
// merge into it.
func (s *System) MergeTarget() merge.Target { return s.mergeTarget(s.target()) }

func (s *System) mergeTarget(r *root) merge.Target {
	words := func(name string) []string {
		value, _ := r.settings.Var(name)
		return strings.Fields(value)
	}
	t := merge.Target{
		Root: r.dir, PkgDir: s.pkgDir(r.settings),
		Settings: merge.Settings{
			ConfigProtect: words("CONFIG_PROTECT"), ConfigProtectMask: words("CONFIG_PROTECT_MASK"),
			CollisionIgnore: words("COLLISION_IGNORE"), UninstallIgnore: words("UNINSTALL_IGNORE"),
			InstallMask: words("INSTALL_MASK"), Features: map[string]bool{},
		},
		Config: map[string]string{},
	}
	for _, f := range words("FEATURES") {
		t.Settings.Features[f] = true
	}
	empty, _ := r.settings.Var("PORTAGE_PACKAGE_EMPTY_ABORT")
	t.Settings.EmptyAbort = empty == "1"
	for _, name := range [...]string{"INFODIR", "INFOPATH"} {
		value, _ := r.settings.Var(name)
		for dir := range strings.SplitSeq(value, ":") {
			if dir != "" {
				t.Settings.InfoDirs = append(t.Settings.InfoDirs, dir)
			}
		}
	}
	for _, name := range phaseVariables() {
		if value, _ := r.settings.Var(name); value != "" {
			t.Config[name] = value
		}
	}
	return t
}

// phaseVariables are settings that phases may look at (PMS 11.1, make.conf(5)).
func phaseVariables() []string {
	return []string{
		"ACCEPT_LICENSE", "ARCH", "CBUILD", "CHOST", "CONFIG_PROTECT", "CONFIG_PROTECT_MASK", "DISTDIR", "ELIBC", "FEATURES",
		"KERNEL", "NOCOLOR", "NO_COLOR", "PKGDIR", "PORTAGE_ELOG_CLASSES", "PORTAGE_ELOG_COMMAND", "PORTAGE_ELOG_MAILFROM",
		"PORTAGE_ELOG_MAILSUBJECT", "PORTAGE_ELOG_MAILURI", "PORTAGE_ELOG_SYSTEM", "PORTAGE_GRPNAME", "PORTAGE_LOGDIR",
		"PORTAGE_USERNAME", "PORT_LOGDIR", "USERLAND",
	}
}
