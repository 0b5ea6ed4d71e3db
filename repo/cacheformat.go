package repo

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// cacheFormat is one of the metadata cache formats of PMS chapter 14.
type cacheFormat struct {
	name string // in layout.conf's cache-formats
	dir  string // below the repository
	// parse takes an entry apart. Errors are *FileError without a file.
	parse func(text string) (cacheEntry, error)
}

// cacheEntry is a parsed entry: the package's variables, and what the entry
// says of itself. Strings share the memory of the file's text.
type cacheEntry struct {
	text string            // NAME=value lines; used if vars is nil
	vars map[string]string // by name

	md5, mtime string // of the ebuild; "" if not recorded
	eclasses   string // name and checksum pairs, separated by tabs
	byTime     bool   // validity is a matter of modification times alone
}

func (e *cacheEntry) pkg(cpv atom.CPV) *metadata.Package {
	if e.vars != nil {
		return metadata.FromVars(cpv, metadata.Ebuild, e.vars)
	}
	return metadata.FromText(cpv, metadata.Ebuild, e.text)
}

var cacheFormats = [...]cacheFormat{
	{"md5-dict", filepath.Join("metadata", "md5-cache"), parseMD5Dict},
	{"pms", filepath.Join("metadata", "cache"), parsePMS},
}

func knownCacheFormat(name string) bool {
	for _, f := range cacheFormats {
		if f.name == name {
			return true
		}
	}
	return false
}

// presentFormats returns the formats of wanted, or all if none is wanted, whose directory exists.
func presentFormats(location string, wanted []string) []string {
	if len(wanted) == 0 {
		for _, f := range cacheFormats {
			wanted = append(wanted, f.name)
		}
	}
	var out []string
	for _, name := range wanted {
		for _, f := range cacheFormats {
			if f.name == name && isDir(filepath.Join(location, f.dir)) {
				out = append(out, name)
			}
		}
	}
	return out
}

// formats returns the caches of r in order of preference.
func (r *Repo) formats() []cacheFormat {
	var out []cacheFormat
	for _, name := range r.Layout.CacheFormats {
		for _, f := range cacheFormats {
			if f.name == name {
				out = append(out, f)
			}
		}
	}
	return out
}

// parseMD5Dict parses "key=value" lines in any order (PMS 14.3). It only checks
// their form: metadata.FromText reads the values.
func parseMD5Dict(text string) (cacheEntry, error) {
	e := cacheEntry{text: text}
	for num := 1; text != ""; num++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		i := strings.IndexByte(line, '=')
		if i <= 0 {
			if line == "" {
				continue
			}
			return e, &FileError{Line: num, Err: errors.New("the line is not of the form key=value (PMS 14.3)")}
		}
		if line[0] != '_' {
			continue
		}
		switch line[:i] {
		case "_md5_":
			e.md5 = line[i+1:]
		case "_mtime_":
			e.mtime = line[i+1:]
		case "_eclasses_":
			e.eclasses = line[i+1:]
		}
	}
	return e, nil
}

// pmsLines are the keys of the legacy format by line (PMS 14.2). What follows
// them has no meaning.
var pmsLines = [...]string{
	"DEPEND", "RDEPEND", "SLOT", "SRC_URI", "RESTRICT", "HOMEPAGE", "LICENSE",
	"DESCRIPTION", "KEYWORDS", "INHERITED", "IUSE", "REQUIRED_USE", "PDEPEND",
	"BDEPEND", "EAPI", "PROPERTIES", "DEFINED_PHASES", "IDEPEND",
}

// pmsNeeded is how many of them must be there: up to and including EAPI.
const pmsNeeded = 15

// parsePMS parses the legacy format: one value per line, in a fixed order.
func parsePMS(text string) (cacheEntry, error) {
	e := cacheEntry{vars: make(map[string]string, len(pmsLines)), byTime: true}
	for i, key := range pmsLines {
		if text == "" {
			if i < pmsNeeded {
				return e, &FileError{Line: i + 1, Err: fmt.Errorf("the entry ends before its line for %s (PMS 14.2)", key)}
			}
			break
		}
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if line != "" {
			e.vars[key] = line
		}
	}
	return e, nil
}
