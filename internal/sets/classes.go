package sets

import (
	"path/filepath"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// class computes the contents of a definition.
type class func(r *resolver, d *definition) (contents, error)

// classes maps Portage's class names, without module, to what they compute.
// CommandOutputSet is absent on purpose: resolving runs no commands.
func classes() map[string]class {
	return map[string]class{
		"DummyPackageSet":             packagesOption,
		"StaticFileSet":               staticFile,
		"ConfigFileSet":               configFile,
		"WorldSelectedSet":            selected,
		"WorldSelectedPackagesSet":    selectedPackages,
		"WorldSelectedSetsSet":        selectedSets,
		"PackagesSystemSet":           systemSet,
		"ProfilePackageSet":           profileSet,
		"EverythingSet":               everything,
		"VariableSet":                 variable,
		"InheritSet":                  inherit,
		"CategorySet":                 category,
		"OwnerSet":                    owner,
		"AgeSet":                      age,
		"DateSet":                     date,
		"DowngradeSet":                downgrade,
		"UnavailableSet":              unavailable,
		"SubslotChangedSet":           changedSubslot,
		"ChangedDepsSet":              changedDeps,
		"UnavailableBinaries":         needsBinaries,
		"RebuiltBinaries":             needsBinaries,
		"PreservedLibraryConsumerSet": preservedConsumers,
		"LibraryFileConsumerSet":      libraryConsumers,
		"SecuritySet":                 security,
		"NewGlsaSet":                  security,
		"AffectedSet":                 security,
		"NewAffectedSet":              security,
	}
}

// packagesOption: the atoms and sets listed in the option "packages".
func packagesOption(_ *resolver, d *definition) (contents, error) {
	var c contents
	for _, w := range d.words("packages") {
		if err := c.add(w, d.source); err != nil {
			return c, err
		}
	}
	return c, nil
}

// staticFile: a file of one atom or @set per line.
func staticFile(_ *resolver, d *definition) (contents, error) {
	var c contents
	path := d.options["filename"]
	if path == "" {
		return c, d.errorf("set @%s: option \"filename\" is missing", d.name)
	}
	err := eachLine(path, func(src metadata.Source, _ string) error { return c.add(src.Text, src) })
	return c, err
}

// configFile: the atoms of a file such as package.use, whose lines begin with one.
func configFile(_ *resolver, d *definition) (contents, error) {
	var c contents
	path := d.options["filename"]
	if path == "" {
		return c, d.errorf("set @%s: option \"filename\" is missing", d.name)
	}
	files, err := confFiles(path)
	if err != nil {
		return c, err
	}
	for _, f := range files {
		err := eachLine(f, func(src metadata.Source, _ string) error {
			word := firstWord(src.Text)
			a, err := atom.ParseWildcard(word)
			if err != nil {
				return &FormatError{Source: src, Err: err}
			}
			if !a.Wild { // "*/* flag" configures packages but names none
				c.atoms = append(c.atoms, Member{Atom: a, Source: src})
			}
			return nil
		})
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// firstWord of a text that is not blank.
func firstWord(text string) string {
	for i := range len(text) {
		if text[i] == ' ' || text[i] == '\t' {
			return text[:i]
		}
	}
	return text
}

// selected is the world file with its sets.
func selected(*resolver, *definition) (contents, error) {
	return contents{sets: []reference{{name: "selected-packages"}, {name: "selected-sets"}}}, nil
}

func selectedPackages(r *resolver, _ *definition) (contents, error) {
	var c contents
	if r.c.World != nil {
		for _, a := range r.c.World.Atoms {
			c.atoms = append(c.atoms, Member{Atom: a.Atom, Source: a.Source})
		}
	}
	return c, nil
}

func selectedSets(r *resolver, _ *definition) (contents, error) {
	var c contents
	if r.c.World != nil {
		for _, s := range r.c.World.Sets {
			if err := c.add(s.Text, s.Source); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

func systemSet(r *resolver, _ *definition) (contents, error) {
	if r.c.Settings == nil {
		return contents{}, nil
	}
	return plain(r.c.Settings.SystemSet()), nil
}

func profileSet(r *resolver, _ *definition) (contents, error) {
	if r.c.Settings == nil {
		return contents{}, nil
	}
	return plain(r.c.Settings.ProfileSet()), nil
}

func plain(atoms []*atom.Atom) contents {
	c := contents{atoms: make([]Member, len(atoms))}
	for i, a := range atoms {
		c.atoms[i].Atom = a
	}
	return c
}

// needsBinaries is the class of sets that compare with binary packages.
func needsBinaries(_ *resolver, d *definition) (contents, error) {
	return contents{}, d.errorf("set @%s needs binary packages, which are not supported yet", d.name)
}

// eroot is the directory that paths of the running system are relative to.
func (r *resolver) eroot() string {
	if r.c.Installed != nil && r.c.Installed.Root() != "" {
		return r.c.Installed.Root()
	}
	if r.c.Settings != nil {
		return filepath.Join("/", r.c.Settings.Root(), r.c.Settings.EPrefix())
	}
	return "/"
}

// slotMember stands for an installed package and its slot, "cat/pkg:slot".
func slotMember(p *metadata.Package) Member {
	return Member{Atom: &atom.Atom{CP: p.CPV.CP, Slot: p.Slot}, Source: metadata.Source{File: p.File}}
}

// versionMember is "=cat/pkg-version".
func versionMember(v atom.CPV, src metadata.Source) Member {
	return Member{Atom: &atom.Atom{CP: v.CP, Op: atom.OpEqual, Version: v.Version}, Source: src}
}
