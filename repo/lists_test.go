package repo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/repo"
)

func TestLicenseGroups(t *testing.T) {
	d := newTree(t)
	d.repository("m", "m", "masters =\n")
	d.write("m/profiles/license_groups", "# comment\nFREE @GPL MIT # more\nGPL GPL-2 GPL-3 GPL-2\n\nLOOP @FREE @LOOP2 X\nLOOP2 @LOOP Y\nNONE @UNKNOWN\n")
	d.repository("r", "r", "masters =\n")
	d.write("r/profiles/license_groups", "GPL GPL-1\nEMPTY\n")
	got, err := d.open(repo.Options{Override: map[string]string{"m": d.path("m"), "r": d.path("r")}}).LicenseGroups()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"GPL":   {"GPL-1", "GPL-2", "GPL-3"},
		"FREE":  {"GPL-1", "GPL-2", "GPL-3", "MIT"},
		"LOOP":  {"GPL-1", "GPL-2", "GPL-3", "MIT", "X", "Y"},
		"LOOP2": {"GPL-1", "GPL-2", "GPL-3", "MIT", "X", "Y"},
		"NONE":  nil,
		"EMPTY": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestArches(t *testing.T) {
	d := newTree(t)
	d.repository("m", "m", "masters =\n")
	d.write("m/profiles/arch.list", "amd64\nx86\n\n# prefix\nx64-macos\n")
	d.repository("r", "r", "masters =\n")
	d.write("r/profiles/arch.list", "x86\nriscv\n")
	s := d.open(repo.Options{Override: map[string]string{"m": d.path("m"), "r": d.path("r")}})
	if got := strings.Join(s.Arches(), " "); got != "amd64 x86 x64-macos riscv" {
		t.Errorf("Arches = %q", got)
	}
}

func TestProfilesDesc(t *testing.T) {
	d := newTree(t)
	d.repository("r", "r", "masters =\n")
	d.write("r/profiles/profiles.desc", "# c\namd64\tdefault/linux/amd64  stable\n")
	got, err := d.one("r").Profiles()
	if diff := cmp.Diff([]repo.ProfileDesc{{Arch: "amd64", Path: "default/linux/amd64", Stability: "stable"}}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	d.write("r/profiles/profiles.desc", "\namd64 default/linux/amd64\n")
	var fe *repo.FileError
	if _, err := d.one("r").Profiles(); !errors.As(err, &fe) || fe.Line != 2 {
		t.Errorf("error = %v", err)
	}
}

func TestUseDescription(t *testing.T) {
	d := newTree(t)
	d.repository("m", "m", "masters =\n")
	d.write("m/profiles/use.desc", "# c\n\nX - Add support for X11\nssl - Secure - mostly\n")
	d.write("m/profiles/use.local.desc", "app-misc/foo:X - of the master\n")
	d.write("m/profiles/desc/video_cards.desc", "intel - Intel cards\n")
	d.repository("r", "r", "masters = m\n")
	d.write("r/profiles/use.local.desc", "app-misc/foo:ssl - Local meaning\n")
	r := d.open(repo.Options{Override: map[string]string{"m": d.path("m"), "r": d.path("r")}}).ByName("r")
	for key, want := range map[string]string{
		"app-misc/foo ssl":               "Local meaning",
		"app-misc/foo X":                 "of the master",
		"app-misc/bar X":                 "Add support for X11",
		"app-misc/bar ssl":               "Secure - mostly",
		"app-misc/bar video_cards_intel": "Intel cards",
		"app-misc/bar video_cards_nope":  "",
		"app-misc/bar ../../x_y":         "",
	} {
		cp, flag, _ := strings.Cut(key, " ")
		name, err := atom.ParseCP(cp)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.UseDescription(name, flag); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", key, got, err, want)
		}
	}
}
