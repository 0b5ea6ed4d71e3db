package portsolve_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// binaryIndex is a Packages file; each record is lines "KEY: value", the CPV first.
func binaryIndex(records ...string) string {
	text := fmt.Sprintf("PACKAGES: %d\nVERSION: 0\n\n", len(records))
	for _, r := range records {
		text += "CPV: " + r + "\nEAPI: 8\nREPO: test\n\n"
	}
	return text
}

// withBinaries is the base system with packages in PKGDIR and on two binhosts.
func withBinaries() files {
	f := base()
	f["etc/portage/make.conf"] = "PKGDIR=\"/packages\"\nCHOST=\"x86_64-pc-linux-gnu\"\nPORTAGE_BINHOST=\"/low ftp://example.invalid/x\"\n"
	f["etc/portage/binrepos.conf"] = "[DEFAULT]\npriority = 5\n[second]\nsync-uri = file:///second\n" +
		"[first]\npriority = 10\nsync-uri = /first/\ngetbinpkg-exclude = lib\n[broken]\npriority = x\nsync-uri = /nothing\n[empty]\n"
	f["packages/Packages"] = binaryIndex("cat/app-1\nKEYWORDS: amd64", "cat/app-2\nKEYWORDS: ~amd64",
		"cat/lib-1\nKEYWORDS: amd64\nCHOST: i686-pc-linux-gnu")
	f["first/Packages"] = binaryIndex("cat/app-1\nKEYWORDS: amd64\nBUILD_ID: 4\nBUILD_TIME: 9", "cat/lib-2\nKEYWORDS: amd64")
	f["second/Packages"] = binaryIndex("cat/app-1\nKEYWORDS: amd64\nBUILD_ID: 5\nBUILD_TIME: 9")
	f["low/Packages"] = binaryIndex("cat/low-1\nKEYWORDS: amd64")
	return f
}

func describe(candidates []portsolve.Candidate) string {
	var out []string
	for _, c := range candidates {
		s := c.Pkg.CPV.String()
		if c.Pkg.Remote {
			s += "@" + c.Pkg.Binhost
		}
		for _, e := range c.Excluded {
			s += " " + string(e.Kind)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestBinaryCandidates(t *testing.T) {
	sys := withBinaries().open(t)
	for _, tt := range []struct {
		atom   string
		remote bool
		want   string
	}{
		{"cat/app", false, "cat/app-1, cat/app-2 KEYWORDS"},
		{"cat/app", true, "cat/app-1, cat/app-1@second, cat/app-1@first, cat/app-2 KEYWORDS"},
		{"=cat/app-1-5", true, "cat/app-1@second"},
		{"cat/lib", true, "cat/lib-1 CHOST, cat/lib-2@first"},
		{"cat/low", true, "cat/low-1@/low"},
		{"cat/low", false, ""},
	} {
		got, err := sys.BinaryCandidates(context.Background(), tt.atom, tt.remote)
		if err != nil {
			t.Fatal(err)
		}
		if s := describe(got); s != tt.want {
			t.Errorf("%s, remote %v: %s; want %s", tt.atom, tt.remote, s, tt.want)
		}
		for _, c := range got {
			if c.Pkg.Origin != metadata.Binary {
				t.Errorf("%s is %v", c.Pkg.CPV, c.Pkg.Origin)
			}
		}
	}
	var usage *portsolve.UsageError
	if _, err := sys.BinaryCandidates(context.Background(), "cat/*", false); !errors.As(err, &usage) {
		t.Errorf("a wildcard: %v", err)
	}
}

// Broken binhosts do not stop a request; its answer names them. A request that
// does not ask for them does not.
func TestBinhostWarnings(t *testing.T) {
	sys := withBinaries().open(t)
	named := func(o universe.Options) []string {
		res, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{"cat/twice"}, Options: o})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, name := range []string{"ftp is not supported", "binhost broken", "priority = \"x\"", "has no sync-uri"} {
			if slices.ContainsFunc(res.Warnings, func(w string) bool { return strings.Contains(w, name) }) {
				out = append(out, name)
			}
		}
		return out
	}
	if got := named(universe.Options{GetBinPkg: true}); len(got) != 4 {
		t.Errorf("with binhosts only %q are named", got)
	}
	for _, o := range []universe.Options{{}, {UsePkg: true}} {
		if got := named(o); len(got) > 0 {
			t.Errorf("without binhosts %q are named", got)
		}
	}
}

func TestBinaryOptionErrors(t *testing.T) {
	sys := withBinaries().open(t)
	for _, o := range []universe.Options{
		{UsePkg: true, UsePkgExclude: []string{"a/b/c"}}, {UsePkg: true, UsePkgInclude: []string{"["}},
		{GetBinPkg: true, GetBinPkgExclude: []string{"a/b/c"}}, {GetBinPkg: true, GetBinPkgInclude: []string{"a/b/c"}},
	} {
		_, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{"cat/lib"}, Options: o})
		var usage *portsolve.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), "pkg-") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Where PKGDIR is: the default below the prefix, a set one as it is.
func TestPkgDir(t *testing.T) {
	for dir, conf := range map[string]string{
		"prefix/var/cache/binpkgs": "", "elsewhere": "PKGDIR=\"/elsewhere\"\n",
	} {
		f := files{}
		for path, content := range base() {
			path, in := strings.CutPrefix(path, "etc/")
			if in {
				path = "prefix/etc/" + path
			}
			f[path] = content
		}
		f["prefix/etc/portage/make.conf"] = conf
		f[dir+"/Packages"] = binaryIndex("cat/app-1\nKEYWORDS: amd64")
		sys, err := portsolve.Open(context.Background(), portsolve.Options{System: f.write(t), EPrefix: "/prefix", Env: map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := sys.BinaryCandidates(context.Background(), "cat/app", false); err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", dir, got, err)
		}
	}
}

// A package file is requested by its path, whatever masks it, with or without --usepkg.
func TestPackageFileArgument(t *testing.T) {
	f := withBinaries()
	index := "CATEGORY\x00\x00\x00\x00\x00\x00\x00\x03"
	data := "cat"
	index = "\x00\x00\x00\x08" + index
	for _, v := range [][2]string{{"PF", "app-1"}, {"SLOT", "0"}, {"EAPI", "8"}, {"repository", "test"}, {"KEYWORDS", "~arm"}, {"RDEPEND", "cat/twice"}} {
		index += fmt.Sprintf("\x00\x00\x00%c%s\x00\x00\x00%c\x00\x00\x00%c", len(v[0]), v[0], len(data), len(v[1]))
		data += v[1]
	}
	block := fmt.Sprintf("XPAKPACK\x00\x00\x00%c\x00\x00\x00%c%s%sXPAKSTOP", len(index), len(data), index, data)
	if len(index) > 127 || len(block) > 255 {
		t.Fatal("the lengths do not fit one byte")
	}
	f["packages/cat/app-1.tbz2"] = block + "\x00\x00\x00" + string([]byte{byte(len(block))}) + "STOP"
	f["elsewhere/file.xpak"] = f["packages/cat/app-1.tbz2"]
	f["elsewhere/broken.gpkg.tar"] = "text"
	sys := f.open(t)
	for _, path := range []string{"/packages/cat/app-1.tbz2", "/elsewhere/file.xpak"} {
		for _, o := range []universe.Options{{}, {UsePkg: true}} {
			res := resolve(t, sys, o, path)
			var got []string
			for _, e := range res.Plan {
				got = append(got, e.Type+" "+e.CPV)
			}
			if want := "[ebuild cat/twice-1 binary cat/app-1]"; fmt.Sprint(got) != want {
				t.Errorf("%s, --usepkg %v: %v, want %v", path, o.UsePkg, got, want)
			}
		}
	}
	for _, path := range []string{"/elsewhere/broken.gpkg.tar", "/nowhere.tbz2"} {
		if _, err := sys.Resolve(context.Background(), portsolve.Request{Args: []string{path}}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
