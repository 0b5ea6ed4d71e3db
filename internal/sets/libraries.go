package sets

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
)

// maxRegistry bounds the registry of preserved libraries.
const maxRegistry = 4 << 20

// preservedConsumers: installed packages that still need a library which
// Portage preserved when its package was replaced
// (var/lib/portage/preserved_libs_registry, JSON: "cat/pkg:slot" ->
// [cpv, counter, [paths]]).
func preservedConsumers(r *resolver, _ *definition) (contents, error) {
	file := filepath.Join(r.eroot(), "var/lib/portage/preserved_libs_registry")
	text, err := readBounded(file, maxRegistry)
	if errors.Is(err, fs.ErrNotExist) {
		return contents{}, nil
	}
	if err != nil {
		return contents{}, err
	}
	if strings.TrimSpace(string(text)) == "" {
		return contents{}, nil
	}
	var registry map[string][]json.RawMessage
	if err := json.Unmarshal(text, &registry); err != nil {
		return contents{}, &FormatError{Source: metadata.Source{File: file}, Err: err}
	}
	var libraries []string
	for _, entry := range registry {
		var paths []string
		if len(entry) < 3 || json.Unmarshal(entry[2], &paths) != nil {
			return contents{}, &FormatError{
				Source: metadata.Source{File: file},
				Err:    errors.New("an entry is not of the form [cpv, counter, [paths]]"),
			}
		}
		libraries = append(libraries, paths...)
	}
	return r.consumers(libraries, true)
}

// libraryConsumers: installed packages that need one of the libraries in
// option "files".
func libraryConsumers(r *resolver, d *definition) (contents, error) {
	files := d.words("files")
	if len(files) == 0 {
		return contents{}, d.errorf("set @%s: option \"files\" is missing", d.name)
	}
	return r.consumers(files, false)
}

// object is one line of NEEDED.ELF.2: arch;path;soname;rpath;needed[;multilib].
type object struct {
	path, soname, class string // class: multilib category, or the architecture
	needed              []string
}

func parseObject(line string) (object, bool) {
	f := strings.Split(strings.TrimSpace(line), ";")
	if len(f) < 5 {
		return object{}, false
	}
	o := object{path: f[1], soname: f[2], class: f[0], needed: strings.Split(f[4], ",")}
	if len(f) > 5 && f[5] != "" {
		o.class = f[5]
	}
	return o, true
}

// consumers finds the packages with an object that needs one of libraries (by
// soname, which is the file name). With lost, a soname that an object of an
// installed package provides, too, does not count: its consumers use that one.
func (r *resolver) consumers(libraries []string, lost bool) (contents, error) {
	var c contents
	if len(libraries) == 0 {
		return c, nil
	}
	wanted, files := make(map[string]bool), make(map[string]bool)
	for _, l := range libraries {
		wanted[path.Base(l)], files[l] = true, true
	}
	provided := make(map[string]bool) // class;soname
	needs := make(map[*metadata.Package][]string)
	packages := r.installed()
	for _, p := range packages {
		text, err := r.c.Installed.Field(p, "NEEDED.ELF.2")
		if err != nil {
			return c, err
		}
		for line := range strings.Lines(text) {
			o, ok := parseObject(line)
			if !ok || files[o.path] {
				continue
			}
			if wanted[o.soname] {
				provided[o.class+";"+o.soname] = true
			}
			for _, n := range o.needed {
				if wanted[n] {
					needs[p] = append(needs[p], o.class+";"+n)
				}
			}
		}
	}
	for _, p := range packages {
		for _, n := range needs[p] {
			if !lost || !provided[n] {
				c.atoms = append(c.atoms, slotMember(p))
				break
			}
		}
	}
	return c, nil
}
