package repo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom/eapi"
)

// Layout is metadata/layout.conf, as portage(5) describes it.
type Layout struct {
	// ProfileFormats, e.g. portage-1, portage-2, profile-set, profile-default-eapi,
	// profile-repo-deps, profile-bashrcs. Without the key: portage-1 if the EAPI of
	// the profiles directory allows directories there, otherwise portage-1-compat.
	ProfileFormats []string
	// CacheFormats in order of preference: md5-dict, pms. Without the key, those
	// whose directory exists.
	CacheFormats                 []string
	EAPIsBanned, EAPIsDeprecated []string
	// ProfileEAPIWhenUnspecified is the EAPI of profile directories without an
	// eapi file; "" unless ProfileFormats has profile-default-eapi.
	ProfileEAPIWhenUnspecified string
	// MastersGiven tells "masters =" from no such line: without it the main
	// repository is the master.
	MastersGiven bool
}

// layoutFile is what layout.conf says beyond Layout.
type layoutFile struct {
	Layout
	masters, aliases []string
	name             string // repo-name
	file             string
}

// knownProfileFormats are those of portage(5); others are ignored with a warning.
func knownProfileFormat(f string) bool {
	switch f {
	case "pms", "portage-1", "portage-2", "profile-bashrcs", "profile-set",
		"profile-default-eapi", "build-id", "profile-repo-deps", "profile-license":
		return true
	}
	return false
}

// readLayout reads metadata/layout.conf below location. A missing file is an
// empty one.
func readLayout(location string) (layoutFile, []string, error) {
	l := layoutFile{file: filepath.Join(location, "metadata", "layout.conf")}
	text, err := readText(l.file, maxEntrySize)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return l, nil, err
	}
	var warnings []string
	defaultEAPI := ""
	num := 0
	for line := range strings.Lines(text) {
		num++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			warnings = append(warnings, fmt.Sprintf("%s:%d: %q is ignored: it is not of the form \"key = value\"", l.file, num, line))
			continue
		}
		words := strings.Fields(value)
		switch strings.TrimSpace(key) {
		case "masters":
			l.masters, l.MastersGiven = words, true
		case "aliases":
			l.aliases = words
		case "repo-name":
			l.name = strings.TrimSpace(value)
		case "profile-formats":
			l.ProfileFormats, warnings = keepKnown(words, knownProfileFormat, warnings, l.file, num)
		case "cache-formats":
			l.CacheFormats, warnings = keepKnown(words, knownCacheFormat, warnings, l.file, num)
		case "eapis-banned":
			l.EAPIsBanned = words
		case "eapis-deprecated":
			l.EAPIsDeprecated = words
		case "profile_eapi_when_unspecified":
			defaultEAPI = strings.TrimSpace(value)
		}
	}
	if slices.Contains(l.ProfileFormats, "profile-default-eapi") {
		l.ProfileEAPIWhenUnspecified = defaultEAPI
	}
	l.CacheFormats = presentFormats(location, l.CacheFormats)
	return l, warnings, nil
}

func keepKnown(words []string, known func(string) bool, warnings []string, file string, num int) (kept, w []string) {
	for _, f := range words {
		if known(f) {
			kept = append(kept, f)
		} else {
			warnings = append(warnings, fmt.Sprintf("%s:%d: format %q is unknown and ignored", file, num, f))
		}
	}
	return kept, warnings
}

// profilesEAPI reads profiles/eapi.
func profilesEAPI(location, unspecified string) (string, error) {
	path := filepath.Join(location, "profiles", "eapi")
	words, err := readWords(path)
	if err != nil {
		return "", err
	}
	if len(words) > 0 {
		return words[0], nil
	}
	if unspecified != "" {
		return unspecified, nil
	}
	return "0", nil
}

// defaultProfileFormats is Portage's choice for a repository that names none.
func defaultProfileFormats(profilesEAPI string) []string {
	if e, ok := eapi.Lookup(profilesEAPI); ok && e.ProfileDirs {
		return []string{"portage-1"}
	}
	return []string{"portage-1-compat"}
}
