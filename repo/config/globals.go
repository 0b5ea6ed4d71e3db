package config

import (
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo/profile"
)

// builtin are the defaults that Portage installs as make.globals (make.conf(5));
// what only concerns building is left out. It is a function because packages
// hold no state.
func builtin() []profile.Assign {
	src := metadata.Source{File: "built-in make.globals"}
	values := [][2]string{
		{"ACCEPT_PROPERTIES", "*"},
		{"ACCEPT_RESTRICT", "*"},
		{"BINPKG_FORMAT", "gpkg"},
		{"CLEAN_DELAY", "5"},
		{"COLLISION_IGNORE", "/lib/modules/* *.py[co] *$py.class"},
		{"CONFIG_PROTECT", "/etc"},
		{"CONFIG_PROTECT_MASK", "/etc/env.d"},
		{"DISTDIR", "/var/cache/distfiles"},
		{"EMERGE_WARNING_DELAY", "10"},
		{"FEATURES", builtinFeatures},
		{"PKGDIR", "/var/cache/binpkgs"},
		{"PORTAGE_TMPDIR", "/var/tmp"},
		{"PROFILE_ONLY_VARIABLES", "ARCH ELIBC IUSE_IMPLICIT KERNEL USERLAND USE_EXPAND_IMPLICIT USE_EXPAND_UNPREFIXED USE_EXPAND_VALUES_ARCH USE_EXPAND_VALUES_ELIBC USE_EXPAND_VALUES_KERNEL USE_EXPAND_VALUES_USERLAND"},
		{"UNINSTALL_IGNORE", "/lib/modules/*"},
		{"USE_ORDER", "env:pkg:conf:defaults:pkginternal:features:repo:env.d"},
	}
	out := make([]profile.Assign, len(values))
	for i, v := range values {
		out[i] = profile.Assign{Name: v[0], Value: v[1], Source: src}
	}
	return out
}

// builtinFeatures of Portage 3.0.82.
const builtinFeatures = "assume-digests binpkg-docompress binpkg-dostrip binpkg-logs " +
	"binpkg-multi-instance buildpkg-live compress-index config-protect-if-modified " +
	"distlocks ebuild-locks fixlafiles ipc-sandbox merge-sync merge-wait multilib-strict " +
	"network-sandbox news parallel-fetch pkgdir-index-trusted pid-sandbox preserve-libs " +
	"protect-owned qa-unresolved-soname-deps sandbox strict unknown-features-warn " +
	"unmerge-logs unmerge-orphans userfetch userpriv usersandbox usersync"

// defaultLicense is what an ACCEPT_LICENSE that is set nowhere means.
const defaultLicense = "* -@EULA"

// isIncremental tells the variables that are folded over all sources, each with
// "-x" and "-*" (PMS 5.3.1, make.conf(5)). ACCEPT_LICENSE, ACCEPT_PROPERTIES and
// ACCEPT_RESTRICT are folded too, but the profile as a whole counts as one source.
func isIncremental(name string) bool {
	switch name {
	case "USE", "ACCEPT_KEYWORDS", "CONFIG_PROTECT", "CONFIG_PROTECT_MASK", "ENV_UNSET",
		"FEATURES", "IUSE_IMPLICIT", "PRELINK_PATH", "PRELINK_PATH_MASK", "PROFILE_ONLY_VARIABLES",
		"USE_EXPAND", "USE_EXPAND_HIDDEN", "USE_EXPAND_IMPLICIT", "USE_EXPAND_UNPREFIXED":
		return true
	}
	return false
}

func isAcceptList(name string) bool {
	return name == "ACCEPT_LICENSE" || name == "ACCEPT_PROPERTIES" || name == "ACCEPT_RESTRICT"
}
