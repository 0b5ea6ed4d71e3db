package repo

import (
	"path/filepath"
	"slices"
	"strings"
)

// LicenseGroups returns the license groups of all repositories
// (profiles/license_groups), each with its nested groups resolved: sorted license
// names by group name, without '@'. A group that several repositories define is the
// union; a group that contains itself adds nothing to itself.
func (s *Set) LicenseGroups() (map[string][]string, error) {
	raw := map[string][]string{}
	for _, r := range s.Repos {
		if err := ReadLicenseGroups(filepath.Join(r.Location, "profiles", "license_groups"), raw); err != nil {
			return nil, err
		}
	}
	return ExpandLicenseGroups(raw), nil
}

// ReadLicenseGroups adds the groups of a license_groups file (GLEP 23: a name,
// then licenses and "@group"s on one line) to into, unexpanded. A missing file adds none.
func ReadLicenseGroups(path string, into map[string][]string) error {
	lines, err := readLines(path)
	for _, l := range lines {
		into[l.fields[0]] = append(into[l.fields[0]], l.fields[1:]...)
	}
	return err
}

// ExpandLicenseGroups resolves the "@group" members of every group, and sorts.
func ExpandLicenseGroups(raw map[string][]string) map[string][]string {
	out := make(map[string][]string, len(raw))
	for name := range raw {
		var members []string
		collectGroup(raw, name, map[string]bool{}, &members)
		slices.Sort(members)
		out[name] = slices.Compact(members)
	}
	return out
}

func collectGroup(raw map[string][]string, name string, seen map[string]bool, out *[]string) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, m := range raw[name] {
		if g, ok := strings.CutPrefix(m, "@"); ok {
			collectGroup(raw, g, seen, out)
		} else {
			*out = append(*out, m)
		}
	}
}

// Arches lists the architectures of every repository's profiles/arch.list, in
// order of appearance and without duplicates. A list that cannot be read is empty.
func (s *Set) Arches() []string {
	var out []string
	seen := map[string]bool{}
	for _, r := range s.Repos {
		words, _ := readWords(filepath.Join(r.Location, "profiles", "arch.list"))
		for _, w := range words {
			if !seen[w] {
				seen[w] = true
				out = append(out, w)
			}
		}
	}
	return out
}
