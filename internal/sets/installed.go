package sets

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/atom/metadata"
)

// installed lists the installed packages as recorded on disk: these sets ask
// what a package was built with, which dynamic dependencies would hide.
func (r *resolver) installed() []*metadata.Package {
	if r.c.Installed == nil {
		return nil
	}
	return r.c.Installed.Recorded().All()
}

// each keeps the installed packages that keep accepts, as cat/pkg:slot.
func (r *resolver) each(keep func(p *metadata.Package) (bool, error)) (contents, error) {
	var c contents
	for _, p := range r.installed() {
		if err := r.ctx.Err(); err != nil {
			return c, err
		}
		ok, err := keep(p)
		if err != nil {
			return c, err
		}
		if ok {
			c.atoms = append(c.atoms, slotMember(p))
		}
	}
	return c, nil
}

// everything: all installed packages.
func everything(r *resolver, _ *definition) (contents, error) {
	return r.each(func(*metadata.Package) (bool, error) { return true, nil })
}

// variable: installed packages one of whose words in option "variable" is in
// "includes" (if given) and none in "excludes". For a dependency variable the
// words are the package names of its atoms. "metadata-source" porttree asks
// the best visible ebuild of the slot instead. "exclude-packages" leaves
// packages of these names out.
func variable(r *resolver, d *definition) (contents, error) {
	name := d.options["variable"]
	includes, excludes, never := d.words("includes"), d.words("excludes"), d.words("exclude-packages")
	if name == "" || len(includes)+len(excludes) == 0 {
		return contents{}, d.errorf("set @%s: VariableSet needs the options variable, and includes or excludes", d.name)
	}
	ebuilds := false
	switch src := d.options["metadata-source"]; src {
	case "", "vartree":
	case "porttree":
		ebuilds = true
	default:
		return contents{}, d.errorf("set @%s: metadata-source %q is not supported (vartree or porttree)", d.name, src)
	}
	return r.each(func(p *metadata.Package) (bool, error) {
		if slices.Contains(never, p.CPV.CP.String()) {
			return false, nil
		}
		from := p
		if ebuilds {
			best, err := r.bestVisible(p.CPV.CP, func(e *metadata.Package) bool { return e.Slot == p.Slot })
			if err != nil || best == nil {
				return false, err
			}
			from = best
		}
		words, err := r.variableWords(from, name, p.Use)
		if err != nil {
			return false, err
		}
		has := func(w string) bool { return slices.Contains(words, w) }
		return (len(includes) == 0 || slices.ContainsFunc(includes, has)) && !slices.ContainsFunc(excludes, has), nil
	})
}

// variableWords splits a variable of a package. Text that cannot be parsed
// has no words: a set is not the place to complain about it.
func (r *resolver) variableWords(p *metadata.Package, name string, use metadata.UseSet) ([]string, error) {
	for k := range metadata.NumDepKinds {
		if k.String() != name {
			continue
		}
		var words []string
		if node, err := p.Deps(k); err == nil {
			node.Evaluate(use.Has).Atoms(func(a *atom.Atom) {
				if a.Blocker == atom.NotBlocker {
					words = append(words, a.CP.String())
				}
			})
		}
		return words, nil
	}
	switch name {
	case "PROPERTIES":
		return leaves(p.Properties, use), nil
	case "RESTRICT":
		return leaves(p.Restrict, use), nil
	case "LICENSE":
		return leaves(p.License, use), nil
	case "KEYWORDS":
		return p.Keywords, nil
	case "USE":
		return p.Use, nil
	case "EAPI":
		return []string{p.EAPIName}, nil
	case "SLOT":
		return []string{p.Slot}, nil
	case "repository":
		return []string{p.Repo}, nil
	case "IUSE":
		var words []string
		for _, f := range p.IUSE {
			words = append(words, f.Name)
		}
		return words, nil
	}
	if text := p.Var(name); text != "" || p.Origin != metadata.Installed {
		return strings.Fields(text), nil
	}
	text, err := r.c.Installed.Field(p, name)
	return strings.Fields(text), err
}

// leaves are the words of an expression under use.
func leaves(parse func() (*depend.Node, error), use metadata.UseSet) []string {
	node, err := parse()
	if err != nil {
		return nil
	}
	var words []string
	var walk func(n *depend.Node)
	walk = func(n *depend.Node) {
		if n.Kind == depend.TextLeaf {
			words = append(words, n.Text)
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(node.Evaluate(use.Has))
	return words
}

// inherit: installed packages that inherited one of the eclasses in option "inherits".
func inherit(r *resolver, d *definition) (contents, error) {
	want := d.words("inherits")
	if len(want) == 0 {
		return contents{}, d.errorf("set @%s: option \"inherits\" is missing", d.name)
	}
	return r.each(func(p *metadata.Package) (bool, error) {
		text, err := r.c.Installed.Field(p, "INHERITED")
		return slices.ContainsFunc(strings.Fields(text), func(w string) bool { return slices.Contains(want, w) }), err
	})
}

// owner: packages that own a file in "files", and none in "exclude-files".
// Both may hold shell patterns; paths are below ROOT.
func owner(r *resolver, d *definition) (contents, error) {
	if d.options["files"] == "" {
		return contents{}, d.errorf("set @%s: option \"files\" is missing", d.name)
	}
	if r.c.Installed == nil || r.c.Installed.Root() == "" {
		return contents{}, nil
	}
	excluded := make(map[string]bool)
	if patterns := d.words("exclude-files"); len(patterns) > 0 {
		owners, err := r.ownersOf(d, patterns)
		if err != nil {
			return contents{}, err
		}
		for _, p := range owners {
			excluded[p.File] = true
		}
	}
	owners, err := r.ownersOf(d, d.words("files"))
	if err != nil {
		return contents{}, err
	}
	var c contents
	for _, p := range owners {
		if !excluded[p.File] {
			c.atoms = append(c.atoms, slotMember(p))
		}
	}
	return c, nil
}

// ownersOf expands patterns below ROOT and looks the paths up. A pattern that
// matches nothing on disk is looked up literally: the file may be lost.
func (r *resolver) ownersOf(d *definition, patterns []string) ([]*metadata.Package, error) {
	var paths []string
	for _, pattern := range patterns {
		full := filepath.Join(r.eroot(), pattern)
		found, err := filepath.Glob(full)
		if err != nil {
			return nil, d.errorf("set @%s: pattern %q: %w", d.name, pattern, err)
		}
		if len(found) == 0 {
			found = []string{full}
		}
		paths = append(paths, found...)
	}
	return r.c.Installed.OwnersOfAny(paths)
}

// age: installed packages built more (mode older) or less (newer) than "age"
// days ago; the default is 7.
func age(r *resolver, d *definition) (contents, error) {
	days := int64(7)
	if text := d.options["age"]; text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return contents{}, d.errorf("set @%s: age %q is not a number of days", d.name, text)
		}
		days = n
	}
	now := r.c.Now
	if now.IsZero() {
		now = time.Now()
	}
	return r.builtBefore(d, now.Unix()-days*24*60*60)
}

// date: installed packages built before (mode older) or after (newer) the
// moment given by one of: date (YYYY-MM-DD, optionally HH:MM[:SS], local
// time), seconds (since the epoch), filestamp (a file's modification time),
// package (the build time of an installed package).
func date(r *resolver, d *definition) (contents, error) {
	limit, given := int64(0), 0
	var err error
	for _, how := range [...]struct {
		option string
		moment func(text string) (int64, error)
	}{
		{"date", parseDate},
		{"seconds", func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }},
		{"filestamp", modified},
		{"package", r.builtAt},
	} {
		text := d.options[how.option]
		if text == "" {
			continue
		}
		given++
		if limit, err = how.moment(text); err != nil {
			return contents{}, d.errorf("set @%s: option %s: %w", d.name, how.option, err)
		}
	}
	if given != 1 {
		return contents{}, d.errorf("set @%s: DateSet needs exactly one of the options date, seconds, filestamp, package", d.name)
	}
	return r.builtBefore(d, limit)
}

func (r *resolver) builtBefore(d *definition, limit int64) (contents, error) {
	older := true
	switch d.options["mode"] {
	case "", "older":
	case "newer":
		older = false
	default:
		return contents{}, d.errorf("set @%s: mode %q is neither older nor newer", d.name, d.options["mode"])
	}
	return r.each(func(p *metadata.Package) (bool, error) {
		return p.BuildTime != limit && p.BuildTime < limit == older, nil
	})
}

func parseDate(text string) (int64, error) {
	for _, layout := range [...]string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("%q is not a date (YYYY-MM-DD, optionally HH:MM:SS)", text)
}

func modified(path string) (int64, error) {
	st, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return st.ModTime().Unix(), nil
}

// builtAt is the build time of the newest installed package that text matches.
func (r *resolver) builtAt(text string) (int64, error) {
	a, err := atom.ParseWildcard(text)
	if err != nil {
		return 0, err
	}
	var best *metadata.Package
	for _, p := range r.installed() {
		if a.CP == p.CPV.CP && a.MatchVersion(p.CPV) && a.MatchSlot(p.Slot, p.SubSlot) {
			best = p
		}
	}
	if best == nil {
		return 0, fmt.Errorf("no installed package matches %s", text)
	}
	return best.BuildTime, nil
}
