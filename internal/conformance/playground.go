package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/portsolve/portsolve"
)

const (
	mainRepo   = "test_repo"
	profileDir = "profiles/default/linux/x86/test_profile"
	targetRoot = "/target_root"
)

// playground is a scenario laid out on disk: dir plays "/".
type playground struct {
	dir    string
	target bool
}

// options opens the playground as a system. The caller's environment has no
// influence.
func (p *playground) options() portsolve.Options {
	o := portsolve.Options{System: p.dir, Env: map[string]string{}}
	if p.target {
		o.Root = targetRoot
	}
	return o
}

// layOut writes the fixture below dir, as section 4 of the format describes.
func layOut(dir string, s *scenario) (*playground, error) {
	p := &playground{dir: dir, target: s.Fixture.TargetRoot}
	w := &writer{dir: dir}
	for _, f := range s.Preexisting {
		if err := p.apply([]fileChange{f}); err != nil {
			return nil, err
		}
	}
	repos := p.writeEbuilds(w, &s.Fixture)
	p.writeRepositories(w, &s.Fixture, repos)
	p.writeInstalled(w, &s.Fixture)
	p.writeBinaries(w, s)
	p.writeConfig(w, &s.Fixture, repos)
	if p.target {
		w.mkdir(targetRoot)
	}
	if w.err != nil {
		return nil, w.err
	}
	return p, p.writeCaches()
}

// writeEbuilds writes the ebuild files and returns the repositories in use with
// their categories, both sorted.
func (p *playground) writeEbuilds(w *writer, f *fixture) map[string][]string {
	repos := map[string][]string{mainRepo: nil}
	for _, e := range f.Ebuilds {
		category, pf, repo, err := e.split()
		if err != nil {
			w.fail(err)
			return nil
		}
		repos[repo] = append(repos[repo], category)
		w.write(filepath.Join("var/repositories", repo, category, packageName(pf), pf+".ebuild"), ebuildText(e.Metadata))
	}
	for name := range f.RepoConfigs {
		repos[name] = append(repos[name], "")
	}
	for name, categories := range repos {
		repos[name] = sortedSet(categories)
	}
	return repos
}

// packageName cuts the version off package-version. Fixture names are simple:
// the version starts at the last "-" before a digit that is no revision.
func packageName(pf string) string {
	name := pf
	if i := strings.LastIndex(name, "-r"); i > 0 && isDigits(name[i+2:]) {
		name = name[:i]
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i]
	}
	return name
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func (p *playground) writeRepositories(w *writer, f *fixture, repos map[string][]string) {
	for name, categories := range repos {
		dir := filepath.Join("var/repositories", name)
		w.write(filepath.Join(dir, "profiles/repo_name"), name+"\n")
		w.write(filepath.Join(dir, "profiles/categories"), strings.TrimPrefix(lines(categories), "\n"))
		w.write(filepath.Join(dir, "profiles/license_groups"), "EULA TEST\n")
		w.write(filepath.Join(dir, "metadata/layout.conf"), layoutConf(f.RepoConfigs[name]))
		for file, content := range f.RepoConfigs[name] {
			if file != "layout.conf" {
				w.write(filepath.Join(dir, "profiles", file), lines(content))
			}
		}
		for eclass, content := range f.Eclasses {
			w.write(filepath.Join(dir, "eclass", eclass+".eclass"), lines(content))
		}
	}
	profile := filepath.Join("var/repositories", mainRepo, profileDir)
	files := map[string]string{
		"parent":        "..\n",
		"use.force":     "x86\n",
		"make.defaults": "ARCH=\"x86\"\nACCEPT_KEYWORDS=\"x86\"\n",
	}
	if _, given := f.Profile["eapi"]; !given {
		files["eapi"] = "0\n"
	}
	for file, content := range f.Profile {
		files[file] = lines(content)
	}
	for file, content := range files {
		w.write(filepath.Join(profile, file), content)
	}
}

// layoutConf completes a test's layout.conf: no masters, unless it asks for the
// implicit ones.
func layoutConf(files map[string][]string) string {
	given, ok := files["layout.conf"]
	if !ok {
		return "masters =\n"
	}
	for _, line := range given {
		key, _, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) == "masters" || strings.HasPrefix(line, "# use implicit masters") {
			return lines(given)
		}
	}
	return lines(given) + "masters =\n"
}

func (p *playground) writeInstalled(w *writer, f *fixture) {
	w.mkdir("var/db/pkg")
	for _, e := range f.Installed {
		category, pf, repo, err := e.split()
		if err != nil {
			w.fail(err)
			return
		}
		files := map[string]string{"SLOT": "0", "KEYWORDS": "~x86", "BUILD_TIME": "0", "COUNTER": "0", "repository": repo}
		for _, m := range e.Metadata {
			files[m.Key] = m.Value
		}
		for key, value := range files {
			w.write(filepath.Join("var/db/pkg", category, pf, key), value+"\n")
		}
	}
}

func (p *playground) writeConfig(w *writer, f *fixture, repos map[string][]string) {
	files := map[string]string{
		"make.conf": "ACCEPT_KEYWORDS=\"x86\"\nCLEAN_DELAY=\"0\"\nEMERGE_WARNING_DELAY=\"0\"\n" +
			"PKGDIR=\"/" + pkgDir + "\"\n",
		"repos.conf": reposConf(repos),
	}
	if len(f.Binrepos) > 0 {
		files["binrepos.conf"] = binreposConf(f.Binrepos)
	}
	for file, content := range f.UserConfig {
		files[file] += lines(content)
	}
	for file, content := range files {
		w.write(filepath.Join("etc/portage", file), content)
	}
	for name, content := range f.Sets {
		w.write(filepath.Join("etc/portage/sets", name), lines(content))
	}
	w.symlink("../../var/repositories/"+mainRepo+"/"+profileDir, "etc/portage/make.profile")
	w.write("var/lib/portage/world", lines(f.World))
	if len(f.WorldSets) > 0 {
		w.write("var/lib/portage/world_sets", lines(f.WorldSets))
	}
}

func reposConf(repos map[string][]string) string {
	var names []string
	for name := range repos {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	fmt.Fprintf(&b, "[DEFAULT]\nmain-repo = %s\n", mainRepo)
	for _, name := range names {
		fmt.Fprintf(&b, "[%s]\nlocation = /var/repositories/%s\n", name, name)
	}
	return b.String()
}

// apply makes the changes that a test made to its files between two cases.
// "${EPREFIX}" is the directory that plays "/", hence nothing.
func (p *playground) apply(changes []fileChange) error {
	w := &writer{dir: p.dir}
	for _, c := range changes {
		if c.Change == "removed" {
			if err := os.RemoveAll(w.path(c.Path)); err != nil {
				return err
			}
			continue
		}
		var text string
		var object struct {
			Symlink *string `json:"symlink"`
			Bytes   *string `json:"$bytes"`
		}
		if json.Unmarshal(c.Content, &text) != nil {
			if err := json.Unmarshal(c.Content, &object); err != nil {
				return fmt.Errorf("%s: content: %w", c.Path, err)
			}
		}
		switch {
		case object.Symlink != nil:
			w.symlink(strings.ReplaceAll(*object.Symlink, "${EPREFIX}", ""), c.Path)
		case object.Bytes != nil:
			data, err := base64.StdEncoding.DecodeString(*object.Bytes)
			if err != nil {
				return fmt.Errorf("%s: content: %w", c.Path, err)
			}
			w.write(c.Path, string(data))
		default:
			w.write(c.Path, strings.ReplaceAll(text, "${EPREFIX}", ""))
		}
	}
	return w.err
}

// writeCaches writes the md5-cache of every repository from the ebuilds that
// are on disk now, as egencache would.
func (p *playground) writeCaches() error {
	repos, err := filepath.Glob(filepath.Join(p.dir, "var/repositories/*"))
	if err != nil {
		return err
	}
	for _, repo := range repos {
		cache := filepath.Join(repo, "metadata/md5-cache")
		if err := os.RemoveAll(cache); err != nil {
			return err
		}
		eclasses, err := readEclasses(repo)
		if err != nil {
			return err
		}
		ebuilds, err := filepath.Glob(filepath.Join(repo, "*/*/*.ebuild"))
		if err != nil {
			return err
		}
		w := &writer{dir: cache}
		for _, path := range ebuilds {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			pf := strings.TrimSuffix(filepath.Base(path), ".ebuild")
			entry, err := cacheEntry(string(text), pf, eclasses)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			w.write(filepath.Join(filepath.Base(filepath.Dir(filepath.Dir(path))), pf), entry)
		}
		if w.err != nil {
			return w.err
		}
	}
	return nil
}

func readEclasses(repo string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(repo, "eclass/*.eclass"))
	if err != nil {
		return nil, err
	}
	eclasses := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		eclasses[strings.TrimSuffix(filepath.Base(path), ".eclass")] = string(text)
	}
	return eclasses, nil
}
