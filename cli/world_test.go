package cli

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tinyWorld writes a system that a few lines describe and returns its directory:
//
//	repo cat/pkg-1 KEY=value …     an ebuild (its cache entry); over NAME: of another repository
//	inst cat/pkg-1 KEY=value …     an installed package
//	bin cat/pkg-1 KEY=value …      a binary package, as the index of PKGDIR has it
//	host NAME cat/pkg-1 KEY=value … one of a binhost
//	file PATH LINE…                a file
//
// Defaults are EAPI=8 SLOT=0 KEYWORDS=amd64. World and configuration are files:
// "file var/lib/portage/world cat/pkg".
func tinyWorld(t *testing.T, lines string) string {
	t.Helper()
	w := tiny{dir: t.TempDir(), repos: map[string]bool{}, indexes: map[string]string{}}
	w.file(t, "etc/portage/make.profile/parent", "gentoo:base\n")
	w.repo(t, "gentoo")
	w.file(t, "repos/gentoo/profiles/base/make.defaults", "ARCH=\"amd64\"\nACCEPT_KEYWORDS=\"amd64\"\nACCEPT_LICENSE=\"* -EULA\"\nUSE_EXPAND_VALUES_ARCH=\"amd64\"\n")
	for line := range strings.Lines(lines) {
		words, err := splitWords(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if len(words) > 0 {
			w.line(t, words)
		}
	}
	reposConf := "[DEFAULT]\nmain-repo = gentoo\n"
	for name := range w.repos {
		reposConf += fmt.Sprintf("[%s]\nlocation = /repos/%s\n", name, name)
	}
	w.file(t, "etc/portage/repos.conf", reposConf)
	for path, records := range w.indexes {
		w.file(t, path, fmt.Sprintf("PACKAGES: %d\nVERSION: 0\n\n", strings.Count(records, "CPV: "))+records)
	}
	return w.dir
}

type tiny struct {
	dir     string
	repos   map[string]bool
	indexes map[string]string // path -> records
	counter int
}

func (w *tiny) line(t *testing.T, words []string) {
	switch {
	case words[0] == "repo" && len(words) > 1:
		w.ebuild(t, "gentoo", words[1], words[2:])
	case words[0] == "over" && len(words) > 2:
		w.repo(t, words[1])
		w.ebuild(t, words[1], words[2], words[3:])
	case words[0] == "inst" && len(words) > 1:
		w.installed(t, words[1], words[2:])
	case words[0] == "bin" && len(words) > 1:
		w.binary("var/cache/binpkgs/Packages", words[1], words[2:])
	case words[0] == "host" && len(words) > 2:
		w.file(t, "etc/portage/binrepos.conf/"+words[1]+".conf", "["+words[1]+"]\nsync-uri = file:///srv/"+words[1]+"\n")
		w.binary("srv/"+words[1]+"/Packages", words[2], words[3:])
	case words[0] == "file" && len(words) > 1:
		w.file(t, words[1], strings.Join(words[2:], "\n")+"\n")
	default:
		t.Fatalf("not understood: %q", words)
	}
}

func (w *tiny) repo(t *testing.T, name string) {
	if w.repos[name] {
		return
	}
	w.repos[name] = true
	dir := "repos/" + name + "/"
	masters := "gentoo"
	if name == "gentoo" {
		masters = ""
	}
	w.file(t, dir+"profiles/repo_name", name+"\n")
	w.file(t, dir+"profiles/categories", "a\napp-misc\ndev-lang\ndev-libs\ndev-python\ndev-qt\nmedia-gfx\nmedia-libs\nsys-apps\nsys-libs\nvirtual\nwww-apps\nwww-servers\n")
	w.file(t, dir+"profiles/arch.list", "amd64\n")
	w.file(t, dir+"metadata/layout.conf", "masters = "+masters+"\nprofile-formats = portage-2\ncache-formats = md5-dict\n")
}

func (w *tiny) ebuild(t *testing.T, repo, cpv string, pairs []string) {
	text := "_md5_=d41d8cd98f00b204e9800998ecf8427e\n"
	for key, value := range withDefaults(pairs, "DESCRIPTION", "test", "DEFINED_PHASES", "-") {
		text += key + "=" + value + "\n"
	}
	w.file(t, "repos/"+repo+"/metadata/md5-cache/"+cpv, text)
}

func (w *tiny) installed(t *testing.T, cpv string, pairs []string) {
	w.counter++
	_, pf, _ := strings.Cut(cpv, "/")
	for key, value := range withDefaults(pairs, "repository", "gentoo", "PF", pf, "COUNTER", fmt.Sprint(w.counter), "DEFINED_PHASES", "-") {
		w.file(t, "var/db/pkg/"+cpv+"/"+key, value+"\n")
	}
}

// binary adds a record to an index. Packages are made to fit their ebuilds: with the USE that the profile forces.
func (w *tiny) binary(index, cpv string, pairs []string) {
	record := "CPV: " + cpv + "\n"
	vars := withDefaults(pairs, "REPO", "gentoo", "BUILD_TIME", "1000", "SIZE", "2048", "DEFINED_PHASES", "-")
	for _, key := range slices.Sorted(maps.Keys(vars)) {
		record += key + ": " + vars[key] + "\n"
	}
	w.indexes[index] += record + "\n"
}

func withDefaults(pairs []string, defaults ...string) map[string]string {
	vars := map[string]string{"EAPI": "8", "SLOT": "0", "KEYWORDS": "amd64"}
	for i := 0; i < len(defaults); i += 2 {
		vars[defaults[i]] = defaults[i+1]
	}
	for _, p := range pairs {
		key, value, _ := strings.Cut(p, "=")
		vars[key] = value
	}
	return vars
}

func (w *tiny) file(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// say runs a command line in a world and returns what it prints.
func say(t *testing.T, dir string, env []string, words ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), append([]string{"portsolve"}, words...), env, nil, &out, &errs)
	return strings.ReplaceAll(out.String(), dir, "DIR"), strings.ReplaceAll(errs.String(), dir, "DIR"), code
}
