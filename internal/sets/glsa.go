package sets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// security: an upgrade for every installed package that an advisory of the
// main repository calls vulnerable, as =cat/pkg-version. With option
// least_change (default yes) it is the lowest sufficient version of the slot,
// otherwise the highest. The classes New… leave out advisories that
// glsa-check has marked as applied.
func security(r *resolver, d *definition) (contents, error) {
	if r.c.Repos == nil || r.c.Repos.Main == nil || r.c.Installed == nil {
		return contents{}, nil
	}
	applied := map[string]bool{}
	if strings.HasPrefix(d.class, "New") {
		path := filepath.Join(r.eroot(), "var/lib/portage/glsa_injected")
		err := eachLine(path, func(src metadata.Source, _ string) error {
			applied[src.Text] = true
			return nil
		})
		if err != nil {
			return contents{}, err
		}
	}
	dir := filepath.Join(r.c.Repos.Main.Location, "metadata/glsa")
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return contents{}, err
	}
	installed := make(map[string]bool)
	for _, cp := range r.c.Installed.Names() {
		installed[cp.String()] = true
	}
	var found []upgrade
	for _, f := range files {
		id, ok := strings.CutPrefix(strings.TrimSuffix(f.Name(), ".xml"), "glsa-")
		if !ok || !strings.HasSuffix(f.Name(), ".xml") || applied[id] {
			continue
		}
		if err := r.ctx.Err(); err != nil {
			return contents{}, err
		}
		got, err := r.advisoryUpgrades(filepath.Join(dir, f.Name()), installed, d.flag("least_change", true))
		if err != nil {
			return contents{}, err
		}
		found = append(found, got...)
	}
	return highestPerSlot(found), nil
}

// upgrade replaces a vulnerable installed package.
type upgrade struct {
	to     *metadata.Package
	source metadata.Source
}

// highestPerSlot reduces upgrades to one for each name and slot, which then
// satisfies all advisories.
func highestPerSlot(list []upgrade) contents {
	slices.SortStableFunc(list, func(a, b upgrade) int {
		if c := a.to.CPV.CP.Compare(b.to.CPV.CP); c != 0 {
			return c
		}
		if c := strings.Compare(a.to.Slot, b.to.Slot); c != 0 {
			return c
		}
		return b.to.CPV.Compare(a.to.CPV)
	})
	var c contents
	for i, u := range list {
		if i > 0 && list[i-1].to.CPV.CP == u.to.CPV.CP && list[i-1].to.Slot == u.to.Slot {
			continue
		}
		c.atoms = append(c.atoms, versionMember(u.to.CPV, u.source))
	}
	return c
}

// advisoryUpgrades reads one advisory and finds what it asks for.
func (r *resolver) advisoryUpgrades(path string, installed map[string]bool, least bool) ([]upgrade, error) {
	packages, err := parseAdvisory(path, installed)
	if err != nil {
		return nil, err
	}
	var out []upgrade
	for i := range packages {
		got, err := r.packageUpgrades(&packages[i], least)
		if err != nil {
			return nil, err
		}
		for _, to := range got {
			out = append(out, upgrade{to, metadata.Source{File: path}})
		}
	}
	return out, nil
}

// packageUpgrades finds a replacement for each vulnerable installed version.
func (r *resolver) packageUpgrades(a *affected, least bool) ([]*metadata.Package, error) {
	if !r.archMatches(a.Arch) {
		return nil, nil
	}
	cp, err := atom.ParseCP(strings.TrimSpace(a.Name))
	if err != nil {
		return nil, err
	}
	in := func(list []versionRange, p *metadata.Package) bool {
		return slices.ContainsFunc(list, func(v versionRange) bool { return v.matches(p) })
	}
	var out []*metadata.Package
	for _, have := range r.c.Installed.Packages(cp) {
		if !in(a.Vulnerable, have) || in(a.Unaffected, have) {
			continue
		}
		var best *metadata.Package
		err := r.ebuilds(cp, func(e *metadata.Package) {
			if e.Slot != have.Slot || e.CPV.Compare(have.CPV) <= 0 || !in(a.Unaffected, e) {
				return
			}
			if best != nil {
				if c := e.CPV.Compare(best.CPV); c == 0 || (c > 0) == least {
					return
				}
			}
			if r.c.Settings == nil || len(r.c.Settings.Exclusions(e)) == 0 {
				best = e
			}
		})
		if err != nil {
			return nil, err
		}
		if best != nil {
			out = append(out, best)
		}
	}
	return out, nil
}

// archMatches reports whether ARCH is in the list.
func (r *resolver) archMatches(list string) bool {
	arch := ""
	if r.c.Settings != nil {
		arch, _ = r.c.Settings.Var("ARCH")
	}
	for w := range strings.FieldsSeq(list) {
		if w == "*" || w == arch {
			return true
		}
	}
	return false
}
