package repo

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// eclassIndex finds the eclasses that the ebuilds of a repository inherit.
type eclassIndex struct {
	once  sync.Once
	files map[string]*eclassFile
}

// eclassFile is one eclass; its checksum is computed once.
type eclassFile struct {
	path string
	sum  onceValue[string]
}

func (f *eclassFile) md5() (string, error) {
	return f.sum.get(func() (string, error) {
		text, err := readFile(f.path, maxEntrySize)
		if err != nil {
			return "", err
		}
		h := md5.Sum([]byte(text))
		return hex.EncodeToString(h[:]), nil
	})
}

// eclassFiles are the eclasses by name: those of the masters, overridden by the
// repository's own, overridden by repos.conf's eclass-overrides.
func (r *Repo) eclassFiles() map[string]*eclassFile {
	r.eclasses.once.Do(func() {
		r.eclasses.files = map[string]*eclassFile{}
		for _, m := range r.Masters {
			m.addEclasses(r.eclasses.files)
		}
		r.addEclasses(r.eclasses.files)
		for _, o := range r.eclassFrom {
			o.addEclasses(r.eclasses.files)
		}
	})
	return r.eclasses.files
}

func (r *Repo) addEclasses(files map[string]*eclassFile) {
	dir := filepath.Join(r.Location, "eclass")
	names, err := readDirNames(dir)
	if err != nil {
		return // no eclasses to compare with
	}
	for _, n := range names {
		if name, ok := strings.CutSuffix(n, ".eclass"); ok && name != "" {
			files[name] = &eclassFile{path: filepath.Join(dir, n)}
		}
	}
}

// checkEclasses compares the name-checksum pairs of an _eclasses_ value
// with the eclasses there are. If there are no eclasses at all there is nothing to
// compare with; and a repository without ebuilds may lack any of them.
func (r *Repo) checkEclasses(pairs string, haveEbuild bool) error {
	files := r.eclassFiles()
	if len(files) == 0 {
		return nil
	}
	for pairs != "" {
		var name, sum string
		name, pairs, _ = strings.Cut(pairs, "\t")
		sum, pairs, _ = strings.Cut(pairs, "\t")
		// An older form of the format has the directory between name and checksum.
		if strings.Contains(sum, "/") {
			sum, pairs, _ = strings.Cut(pairs, "\t")
		}
		f := files[name]
		if f == nil {
			if haveEbuild {
				return fmt.Errorf("%w: it needs %s.eclass, which neither the repository nor its masters have", errStale, name)
			}
			continue
		}
		have, err := f.md5()
		if err != nil {
			return err
		}
		if !strings.EqualFold(have, sum) {
			return fmt.Errorf("%w: %s has changed since", errStale, f.path)
		}
	}
	return nil
}

// sumMatches reports whether sum is the hexadecimal MD5 checksum of text.
func sumMatches(text, sum string) bool {
	h := md5.Sum([]byte(text))
	var buf [2 * md5.Size]byte
	hex.Encode(buf[:], h[:])
	return strings.EqualFold(string(buf[:]), sum)
}

// readDirNames lists a directory without looking at the entries; order is the
// file system's.
func readDirNames(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}
