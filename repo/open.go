package repo

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Options tells Open where to look.
type Options struct {
	// ReposConf are files or directories in portage(5)'s repos.conf format; what is
	// later overrides what is earlier. Missing ones are skipped.
	ReposConf []string
	// Override maps repository names to locations (--repo), added or overriding.
	Override map[string]string
	// System is the DIR of --system: a location that exists below it wins. "" = none.
	System string
	// Env serves %(NAME)s in repos.conf. Its PORTAGE_REPOSITORIES, if not empty, is
	// read instead of ReposConf, as emerge(1) does.
	Env map[string]string
	// Cache is the root of our own cache (unused in this version).
	Cache string
}

// mainPriority is the main repository's priority where repos.conf gives none
// (portage(5)): everything else overrides it.
const mainPriority = -1000

// opener is the state of one Open.
type opener struct {
	opt      Options
	conf     *reposConf
	set      *Set
	sections map[*Repo]*section
	layouts  map[*Repo]layoutFile
}

// Open reads repos.conf, layout.conf and repo_name of every repository. A
// repository that is not there or not usable is left out with a warning; if it is
// the main repository that is an error. Nothing configured at all gives an empty Set.
// Errors are *FileError where a file is at fault.
func Open(o Options) (*Set, error) {
	op := &opener{opt: o, conf: newReposConf(o.Env), set: &Set{},
		sections: map[*Repo]*section{}, layouts: map[*Repo]layoutFile{}}
	if err := op.readConf(); err != nil {
		return nil, err
	}
	mainName, mainSrc, err := op.mainRepo()
	if err != nil {
		return nil, err
	}
	for _, name := range op.names() {
		if err := op.open(name, name == mainName); err != nil {
			return nil, err
		}
	}
	if err := op.setMain(mainName, mainSrc); err != nil {
		return nil, err
	}
	op.sortRepos()
	op.link()
	return op.set, op.readCategories()
}

func (op *opener) warn(format string, args ...any) {
	op.set.Warnings = append(op.set.Warnings, fmt.Sprintf(format, args...))
}

func (op *opener) readConf() error {
	if text := op.opt.Env["PORTAGE_REPOSITORIES"]; strings.TrimSpace(text) != "" {
		return op.conf.parse("PORTAGE_REPOSITORIES", text)
	}
	for _, path := range op.opt.ReposConf {
		if err := op.conf.load(path); err != nil {
			return err
		}
	}
	return nil
}

// mainRepo is the main-repo of [DEFAULT].
func (op *opener) mainRepo() (string, metadata.Source, error) {
	opts := op.conf.merged(defaultSection)
	o, ok := opts["main-repo"]
	if !ok {
		return "", metadata.Source{}, nil
	}
	v, err := op.conf.expand(opts, o.value, 0)
	if err != nil {
		return "", o.src, &FileError{o.src.File, o.src.Line, err}
	}
	return v, o.src, nil
}

// names of the repositories to open: sections in order of appearance, then
// those that only Override names.
func (op *opener) names() []string {
	names := slices.Clone(op.conf.order)
	for _, n := range slices.Sorted(maps.Keys(op.opt.Override)) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// open adds one repository to the set, or warns that it does not.
func (op *opener) open(name string, isMain bool) error {
	sec := op.conf.sections[name]
	if sec == nil {
		sec = &section{name: name, src: metadata.Source{File: "--repo " + name}}
	}
	opts := op.conf.merged(name)
	if err := op.conf.expandAll(opts); err != nil {
		return err
	}
	reject := func(src metadata.Source, err error) error {
		fe := &FileError{src.File, src.Line, err}
		if isMain {
			return fe
		}
		op.warn("%v; repository %q is left out", fe, name)
		return nil
	}
	_, overridden := op.opt.Override[name]
	if isTrue(opts["disabled"].value) && !overridden {
		return nil
	}
	if !atom.ValidRepo(name) {
		return reject(sec.src, fmt.Errorf("%q is not a valid repository name (PMS 3.1.5)", name))
	}
	r := &Repo{Name: name, Configured: opts["location"].value, settings: opts, Aliases: strings.Fields(opts["aliases"].value)}
	if isMain {
		r.Priority = mainPriority
	}
	if o, ok := opts["priority"]; ok {
		n, err := strconv.Atoi(o.value)
		if err != nil {
			return reject(o.src, fmt.Errorf("priority = %q is not a whole number", o.value))
		}
		r.Priority = n
	}
	src, err := op.locate(r, sec)
	if err != nil {
		return reject(src, err)
	}
	return op.readRepo(r, sec)
}

// locate decides where the repository is: the override, the place below
// --system, or what repos.conf says.
func (op *opener) locate(r *Repo, sec *section) (metadata.Source, error) {
	src := sec.src
	if o, ok := r.settings["location"]; ok {
		src = o.src
	}
	hint := "give --repo " + r.Name + "=DIR to say where it is"
	if dir, ok := op.opt.Override[r.Name]; ok {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return src, err
		}
		r.Location = abs
		src = metadata.Source{File: "--repo " + r.Name + "=" + dir}
		hint = "check the path"
	} else {
		if r.Configured == "" {
			return src, fmt.Errorf("repository %q has no location: add a \"location =\" line", r.Name)
		}
		if !filepath.IsAbs(r.Configured) {
			return src, fmt.Errorf("location %q of repository %q is not an absolute path", r.Configured, r.Name)
		}
		r.Location = filepath.Clean(r.Configured)
		if op.opt.System != "" {
			if abs, err := filepath.Abs(filepath.Join(op.opt.System, r.Configured)); err == nil && isDir(abs) {
				r.Location = abs
			}
		}
	}
	if st, err := os.Stat(r.Location); errors.Is(err, os.ErrNotExist) {
		return src, fmt.Errorf("repository %q should be at %s, which does not exist; %s", r.Name, r.Location, hint)
	} else if err != nil {
		return src, err
	} else if !st.IsDir() {
		return src, fmt.Errorf("repository %q should be at %s, which is not a directory; %s", r.Name, r.Location, hint)
	}
	return src, nil
}

// readRepo reads the repository's own files and appends it to the set.
func (op *opener) readRepo(r *Repo, sec *section) error {
	l, warnings, err := readLayout(r.Location)
	if err != nil {
		return err
	}
	op.set.Warnings = append(op.set.Warnings, warnings...)
	r.Layout = l.Layout
	if r.ProfilesEAPI, err = profilesEAPI(r.Location, l.ProfileEAPIWhenUnspecified); err != nil {
		return err
	}
	if _, ok := eapi.Lookup(r.ProfilesEAPI); !ok {
		op.warn("%s: EAPI %q is not supported; this repository's profiles may be misread",
			filepath.Join(r.Location, "profiles", "eapi"), r.ProfilesEAPI)
	}
	if len(r.Layout.ProfileFormats) == 0 {
		r.Layout.ProfileFormats = defaultProfileFormats(r.ProfilesEAPI)
	}
	r.Aliases = mergeAliases(l.aliases, r.Aliases)
	if err := op.rename(r, l); err != nil {
		return err
	}
	for _, other := range op.set.Repos {
		if other.Name == r.Name {
			op.warn("%s: %s and %s are both named %q; the second is left out", sec.src, other.Location, r.Location, r.Name)
			return nil
		}
	}
	op.sections[r], op.layouts[r] = sec, l
	op.set.Repos = append(op.set.Repos, r)
	return nil
}

// rename gives r the name that the repository itself says (PMS 4.4: repo_name).
// The section's name then becomes an alias.
func (op *opener) rename(r *Repo, l layoutFile) error {
	path := filepath.Join(r.Location, "profiles", "repo_name")
	words, err := readWords(path)
	if err != nil {
		return err
	}
	own := l.name
	if own == "" && len(words) > 0 {
		own = words[0]
	}
	switch {
	case own == "":
		op.warn("%s is missing; the repository is called %q, as repos.conf does", path, r.Name)
	case !atom.ValidRepo(own):
		op.warn("%s: %q is not a valid repository name (PMS 3.1.5); %q is used", path, own, r.Name)
	case own != r.Name:
		op.warn("%s: the repository that repos.conf calls %q is called %q by itself; both names work", path, r.Name, own)
		r.Aliases = append(r.Aliases, r.Name)
		r.Name = own
	}
	return nil
}

// mergeAliases appends repos.conf's aliases to those of layout.conf; "-name" takes one away.
func mergeAliases(layout, conf []string) []string {
	out := slices.Clone(layout)
	for _, a := range conf {
		if name, ok := strings.CutPrefix(a, "-"); ok {
			out = slices.DeleteFunc(out, func(s string) bool { return s == name })
		} else if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func isTrue(v string) bool {
	switch strings.ToLower(v) {
	case "true", "yes", "y", "1", "on":
		return true
	}
	return false
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
