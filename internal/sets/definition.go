package sets

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

// definition is one set before it is computed.
type definition struct {
	name    string
	class   string // without the Python module: "VariableSet"
	options map[string]string
	source  metadata.Source // zero for standard sets
}

// errorf is a FormatError at the definition's place.
func (d *definition) errorf(format string, args ...any) error {
	return &FormatError{Source: d.source, Err: fmt.Errorf(format, args...)}
}

// words is an option split at white space.
func (d *definition) words(option string) []string {
	return strings.Fields(d.options[option])
}

// flag is a boolean option; anything but the usual words for yes is no.
func (d *definition) flag(option string, otherwise bool) bool {
	switch strings.ToLower(d.options[option]) {
	case "":
		return otherwise
	case "1", "yes", "true", "on":
		return true
	}
	return false
}

// className drops the module: "portage.sets.dbapi.VariableSet" is "VariableSet".
func className(s string) string {
	return s[strings.LastIndexByte(s, '.')+1:]
}

// catalog is all definitions.
type catalog struct {
	defs map[string]*definition
}

func (c *catalog) names() []string { return slices.Sorted(maps.Keys(c.defs)) }

func (c *catalog) add(name, class string, source metadata.Source, options map[string]string) {
	if options == nil {
		options = map[string]string{}
	}
	c.defs[name] = &definition{name: name, class: class, options: options, source: source}
}

// loadCatalog collects definitions, later ones replacing earlier ones: the
// standard sets, then for each repository its sets directory and sets.conf,
// then /etc/portage/sets and /etc/portage/sets.conf. The catalog is usable
// even with an error.
func loadCatalog(c *Context) (*catalog, error) {
	cat := &catalog{defs: make(map[string]*definition)}
	cat.addStandard()
	var errs []error
	if c.Repos != nil {
		for _, r := range c.Repos.Repos {
			errs = append(errs, cat.addDirectory(filepath.Join(r.Location, "sets"), "$name", "StaticFileSet", nil))
			errs = append(errs, cat.addConf(c, r, filepath.Join(r.Location, "sets.conf")))
		}
	}
	if c.Settings != nil {
		dir := c.Settings.ConfigDir()
		errs = append(errs, cat.addDirectory(filepath.Join(dir, "sets"), "$name", "StaticFileSet", nil))
		files, err := confFiles(filepath.Join(dir, "sets.conf"))
		errs = append(errs, err)
		for _, f := range files {
			errs = append(errs, cat.addConf(c, nil, f))
		}
	}
	return cat, errors.Join(errs...)
}

// addStandard defines the sets every Portage has.
func (c *catalog) addStandard() {
	std := func(name, class string, options ...string) {
		m := make(map[string]string, len(options)/2)
		for i := 0; i+1 < len(options); i += 2 {
			m[options[i]] = options[i+1]
		}
		c.add(name, class, metadata.Source{}, m)
	}
	std("world", "DummyPackageSet", "packages", "@profile @selected @system")
	std("selected", "WorldSelectedSet")
	std("selected-packages", "WorldSelectedPackagesSet")
	std("selected-sets", "WorldSelectedSetsSet")
	std("system", "PackagesSystemSet")
	std("profile", "ProfilePackageSet")
	std("installed", "EverythingSet")
	std("security", "NewAffectedSet")
	std("live-rebuild", "VariableSet", "variable", "PROPERTIES", "includes", "live")
	std("golang-rebuild", "VariableSet", "variable", "BDEPEND",
		"includes", "dev-lang/go", "exclude-packages", "dev-lang/go")
	std("rust-rebuild", "VariableSet", "variable", "BDEPEND",
		"includes", "dev-lang/rust dev-lang/rust-bin", "exclude-packages", "dev-lang/rust dev-lang/rust-bin")
	std("module-rebuild", "OwnerSet", "files", "/lib/modules")
	std("x11-module-rebuild", "OwnerSet", "files", "/usr/lib*/xorg/modules", "exclude-files", "/usr/bin/Xorg")
	std("preserved-rebuild", "PreservedLibraryConsumerSet")
	std("downgrade", "DowngradeSet")
	std("unavailable", "UnavailableSet")
	std("unavailable-binaries", "UnavailableBinaries")
	std("rebuilt-binaries", "RebuiltBinaries")
	std("changed-deps", "ChangedDepsSet")
	std("changed-subslot", "SubslotChangedSet")
}

// maxSetFiles bounds a directory of sets.
const maxSetFiles = 10000

// addDirectory defines a set for each file below dir; one in a sub-directory
// is called sub/name. Dot-files, back-up copies and Portage's ".metadata" files
// are no sets, and a file called like a standard set is not used.
func (c *catalog) addDirectory(dir, pattern, class string, options map[string]string) error {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // WalkDir does not follow a link, not even the first
	}
	found := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name := e2name(e, path)
		switch {
		case err != nil:
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		case path != dir && strings.HasPrefix(name, "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir() || strings.HasSuffix(name, ".metadata") || strings.HasSuffix(name, "~"):
			return nil
		}
		if found++; found > maxSetFiles {
			return fmt.Errorf("%s: more than %d files", dir, maxSetFiles)
		}
		set := strings.NewReplacer("${name}", path[len(dir)+1:], "$name", path[len(dir)+1:]).Replace(pattern)
		if old, ok := c.defs[set]; ok && old.source.File == "" {
			return nil // a standard set; Portage does not let a file replace it either
		}
		own := maps.Clone(options)
		if own == nil {
			own = map[string]string{}
		}
		own["filename"] = path
		c.add(set, class, metadata.Source{File: path}, own)
		return nil
	})
	if err != nil {
		return fmt.Errorf("package sets: %w", err)
	}
	return nil
}

// e2name is the base name, also where WalkDir could not stat the root.
func e2name(e fs.DirEntry, path string) string {
	if e == nil {
		return filepath.Base(path)
	}
	return e.Name()
}

// confFiles is path itself, or the files of the directory path, sorted.
func confFiles(path string) ([]string, error) {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return []string{path}, nil
	}
	members, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, m := range members {
		if !m.IsDir() && !strings.HasPrefix(m.Name(), ".") && !strings.HasSuffix(m.Name(), "~") {
			files = append(files, filepath.Join(path, m.Name()))
		}
	}
	return files, nil
}

// addConf adds the sections of one sets.conf; in is its repository, if any.
func (c *catalog) addConf(ctx *Context, in *repo.Repo, path string) error {
	sections, err := readConf(path)
	if err != nil {
		return err
	}
	expand := confVariables(ctx, in)
	for _, s := range sections {
		options := make(map[string]string, len(s.values))
		for k, v := range s.values {
			options[k] = expand.Replace(v)
		}
		def := &definition{name: s.name, class: className(options["class"]), options: options, source: s.source}
		if def.class == "" {
			def.class = "StaticFileSet"
		}
		c.inherit(def, options["class"] == "")
		if !def.flag("multiset", false) {
			c.defs[s.name] = def
			continue
		}
		if err := c.addMulti(def); err != nil {
			return err
		}
	}
	return nil
}

// inherit adds the options (and the class, if none was given) that an earlier
// section of the same name had: Portage reads all files into one table.
func (c *catalog) inherit(def *definition, class bool) {
	old, ok := c.defs[def.name]
	if !ok {
		return
	}
	if class {
		def.class = old.class
	}
	for k, v := range old.options {
		if _, ok := def.options[k]; !ok {
			def.options[k] = v
		}
	}
}

// addMulti expands a section with "multiset = true".
func (c *catalog) addMulti(def *definition) error {
	pattern := def.options["name_pattern"]
	switch def.class {
	case "StaticFileSet", "ConfigFileSet":
		dir := def.options["directory"]
		if dir == "" {
			return def.errorf("[%s]: option \"directory\" is missing", def.name)
		}
		if pattern == "" {
			pattern = "$name"
		}
		if !strings.Contains(pattern, "$name") && !strings.Contains(pattern, "${name}") {
			return def.errorf("[%s]: name_pattern must contain $name", def.name)
		}
		return c.addDirectory(filepath.Clean(dir), pattern, def.class, def.options)
	case "CategorySet":
		if pattern == "" {
			pattern = "$category/*"
		}
		for _, category := range def.words("categories") {
			name := strings.NewReplacer("${category}", category, "$category", category).Replace(pattern)
			options := maps.Clone(def.options)
			options["category"] = category
			c.add(name, def.class, def.source, options)
		}
		return nil
	}
	return def.errorf("[%s]: class %q has no multiset form", def.name, def.class)
}

// confVariables replaces what sets.conf may refer to, in both of Portage's
// spellings: ${NAME} and %(NAME)s.
func confVariables(c *Context, in *repo.Repo) *strings.Replacer {
	var pairs []string
	variable := func(name, value string) {
		pairs = append(pairs, "${"+name+"}", value, "%("+name+")s", value)
	}
	if c.Settings != nil {
		config := filepath.Dir(filepath.Dir(c.Settings.ConfigDir()))
		root := c.Settings.Root()
		prefix := c.Settings.EPrefix()
		variable("PORTAGE_CONFIGROOT", withSlash(config))
		variable("ROOT", withSlash(root))
		variable("EPREFIX", strings.TrimSuffix(prefix, "/"))
		variable("EROOT", withSlash(filepath.Join(root, prefix)))
	}
	if c.Repos != nil {
		if c.Repos.Main != nil {
			variable("PORTDIR", c.Repos.Main.Location)
		}
		for _, r := range c.Repos.Repos {
			variable("repository:"+r.Name, r.Location)
		}
	}
	if in != nil {
		variable("repository", in.Location)
	}
	return strings.NewReplacer(pairs...)
}

func withSlash(s string) string { return strings.TrimSuffix(s, "/") + "/" }
