package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// changed lists the files below etc/portage that were not there before, or are not what they were.
func changed(t *testing.T, dir string, before map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.Walk(filepath.Join(dir, "etc"), func(path string, st os.FileInfo, err error) error {
		if err != nil || st.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if name, _ := filepath.Rel(dir, path); before[name] != string(text) {
			out[strings.TrimPrefix(name, "etc/portage/")] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const unprotected = `;file etc/portage/make.conf CONFIG_PROTECT="-*"`

// What emerge's options write, and what the next run makes of it.
func TestAutounmaskWrites(t *testing.T) {
	const flag = "repo a/app-1 RDEPEND=a/b[x];repo a/b-1 IUSE=x"
	const keyword = "repo a/b-1 KEYWORDS=~amd64;repo a/b-2 KEYWORDS=arm64;repo a/b-9999 KEYWORDS="
	tests := []struct {
		name, world, args, input string
		want                     map[string]string
		exit                     int
		next                     string // the plan of the same request afterwards
	}{
		{"nothing unless told", flag + unprotected, "a/app", "", nil, 1, "use a/b-1 x"},
		{"a flag", flag + unprotected, "a/app --autounmask-write", "",
			map[string]string{"package.use": "# required by a/app-1::gentoo\n# required by a/app (argument)\n>=a/b-1 x\n"}, 1, "a/b-1 a/app-1"},
		{"not with --pretend", flag + unprotected, "-p a/app --autounmask-write", "", nil, 1, "use a/b-1 x"},
		{"CONFIG_PROTECT", flag, "a/app --autounmask-write", "",
			map[string]string{"._cfg0000_package.use": "# required by a/app-1::gentoo\n# required by a/app (argument)\n>=a/b-1 x\n"}, 1, "use a/b-1 x"},
		{"continue", flag, "a/app --autounmask-continue", "",
			map[string]string{"package.use": "# required by a/app-1::gentoo\n# required by a/app (argument)\n>=a/b-1 x\n"}, 0, "a/b-1 a/app-1"},
		{"ask and yes", flag + unprotected, "--ask a/app", "what\ny\n",
			map[string]string{"package.use": "# required by a/app-1::gentoo\n# required by a/app (argument)\n>=a/b-1 x\n"}, 1, "a/b-1 a/app-1"},
		{"ask and no", flag + unprotected, "--ask --autounmask-write a/app", "n\n", nil, 1, "use a/b-1 x"},
		{"ask nobody", flag + unprotected, "--ask a/app", "", nil, 2, "use a/b-1 x"},
		{"only", flag + unprotected, "--autounmask-only --autounmask-write a/app", "",
			map[string]string{"package.use": "# required by a/app-1::gentoo\n# required by a/app (argument)\n>=a/b-1 x\n"}, 0, "a/b-1 a/app-1"},
		{"a keyword", keyword + unprotected, "--autounmask --autounmask-write a/b", "",
			map[string]string{"package.accept_keywords": "# required by a/b (argument)\n=a/b-1 ~amd64\n"}, 1, "a/b-1"},
		{"and later ones", keyword + unprotected, "--autounmask --autounmask-unrestricted-atoms --autounmask-write a/b", "",
			map[string]string{"package.accept_keywords": "# required by a/b (argument)\n>=a/b-1 ~amd64\n"}, 1, "a/b-1"},
		{"another architecture's", keyword + unprotected, "--autounmask-pick 2 --autounmask-write a/b", "",
			map[string]string{"package.accept_keywords": "# required by a/b (argument)\n=a/b-2 arm64\n"}, 1, "a/b-2"},
		{"no keyword", keyword + unprotected, "--autounmask-pick 3 --autounmask-write a/b", "",
			map[string]string{"package.accept_keywords": "# required by a/b (argument)\n=a/b-9999 **\n"}, 1, "a/b-9999"},
		{"a license", "repo a/b-1 LICENSE=EULA" + unprotected, "--autounmask-license=y --autounmask-write a/b", "",
			map[string]string{"package.license": "# required by a/b (argument)\n>=a/b-1 EULA\n"}, 1, "a/b-1"},
		{"a mask with its reason", "repo a/b-1;file etc/portage/package.mask '# Broken.' a/b" + unprotected, "--autounmask --autounmask-write a/b", "",
			map[string]string{"package.unmask": "# required by a/b (argument)\n# ETC/package.mask:\n# Broken.\n=a/b-1\n"}, 1, "a/b-1"},
		{"properties", `repo a/b-1 PROPERTIES=interactive;file etc/portage/make.conf ACCEPT_PROPERTIES=-interactive CONFIG_PROTECT="-*"`,
			"--autounmask-pick 1 --autounmask-write a/b", "",
			map[string]string{"package.properties": "# required by a/b (argument)\n>=a/b-1 interactive\n"}, 1, "a/b-1"},
		{"restrict", `repo a/b-1 RESTRICT=fetch;file etc/portage/make.conf ACCEPT_RESTRICT=-fetch CONFIG_PROTECT="-*"`,
			"--autounmask-pick 1 --autounmask-write a/b", "",
			map[string]string{"package.accept_restrict": "# required by a/b (argument)\n>=a/b-1 fetch\n"}, 1, "a/b-1"},
		{"against an exact setting", flag + ";repo a/b-0;file etc/portage/package.use '=a/b-1 -x'" + unprotected, "a/app --autounmask-write", "",
			map[string]string{"package.use": "=a/b-1 -x\n# required by a/app-1::gentoo\n# required by a/app (argument)\n=a/b-1 x\n"}, 1, "a/b-1 a/app-1"},
		{"not the highest", "repo a/app-1 RDEPEND=<a/b-2[x];repo a/b-1 IUSE=x;repo a/b-2 IUSE=x" + unprotected, "a/app --autounmask-write", "",
			map[string]string{"package.use": "# required by a/app-1::gentoo\n# required by a/app (argument)\n=a/b-1 x\n"}, 1, "a/b-1 a/app-1"},
		{"the highest of its slot", "repo a/app-1 RDEPEND=a/b:1[x];repo a/b-1 IUSE=x SLOT=1;repo a/b-2 IUSE=x SLOT=2" + unprotected, "a/app --autounmask-write", "",
			map[string]string{"package.use": "# required by a/app-1::gentoo\n# required by a/app (argument)\n>=a/b-1:1 x\n"}, 1, "a/b-1 a/app-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tinyWorld(t, strings.ReplaceAll(tt.world, ";", "\n"))
			before := changed(t, dir, nil)
			for name, text := range before {
				delete(before, name)
				before["etc/portage/"+name] = text
			}
			var out, errs bytes.Buffer
			args := append([]string{"portsolve", "resolve", "--system", dir}, strings.Fields(tt.args)...)
			if code := Main(context.Background(), args, nil, strings.NewReader(tt.input), &out, &errs); code != tt.exit {
				t.Errorf("exit %d, want %d", code, tt.exit)
			}
			got := changed(t, dir, before)
			for name, text := range got {
				got[name] = strings.ReplaceAll(text, filepath.Join(dir, "etc/portage"), "ETC")
			}
			if len(got) == 0 {
				got = nil
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			request := strings.Fields(tt.args)
			request = request[len(request)-1:]
			if strings.HasPrefix(request[0], "-") {
				request = []string{"a/app"}
			}
			if got := planOf(t, dir, request[0]); got != tt.next {
				t.Errorf("the next run: %q, want %q", got, tt.next)
			}
			if t.Failed() {
				t.Logf("%s%s", &out, &errs)
			}
		})
	}
}

// What --allow adds, and groups of choices, on the terminal.
func TestAlternativesAreListed(t *testing.T) {
	tests := []struct {
		name, world, args string
		want              []string
	}{
		{"removal", "repo a/b-2;repo a/b-1;repo a/old-1 RDEPEND=<a/b-2;inst a/b-1;inst a/old-1 RDEPEND=<a/b-2;file var/lib/portage/world a/old", "=a/b-2 --allow remove",
			[]string{" 1. removed first            a/old-1\n    merges 1 package, removes 1\n"}},
		{"given up", "repo a/b-2;repo a/b-1;repo a/old-1 RDEPEND=<a/b-2", "=a/b-2 a/old --allow=drop,remove",
			[]string{" 1. without                  =a/b-2\n", " 2. without                  a/old\n"}},
		{"a group", "repo a/b-1 IUSE='l10n_de l10n_fr x' REQUIRED_USE='|| ( l10n_de l10n_fr x )';file etc/portage/make.conf USE_EXPAND=L10N", "a/b",
			[]string{" 1. package.use              >=a/b-1 l10n_de  (shown above)\n    merges 1 package\n    or instead of l10n_de: l10n_fr (2)\n", " 3. package.use              >=a/b-1 x\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tinyWorld(t, strings.ReplaceAll(tt.world, ";", "\n"))
			var out, errs bytes.Buffer
			args := append([]string{"portsolve", "resolve", "--system", dir}, strings.Fields(tt.args)...)
			if code := Main(context.Background(), args, nil, nil, &out, &errs); code != ExitUnsolved {
				t.Errorf("exit %d: %s", code, &errs)
			}
			for _, w := range tt.want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("%q is not in\n%s", w, &out)
				}
			}
		})
	}
	dir := tinyWorld(t, "repo a/b-1")
	var out, errs bytes.Buffer
	for option, want := range map[string]int{"--allow=everything": ExitUsage, "--alternatives-time=0": ExitUsage, "--alternatives-time=60": ExitOK} {
		if code := Main(context.Background(), []string{"portsolve", "resolve", "--system", dir, "a/b", option}, nil, nil, &out, &errs); code != want {
			t.Errorf("%s: exit %d, %s", option, code, &errs)
		}
	}
}
