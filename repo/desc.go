package repo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/atom"
)

// ProfileDesc is one line of profiles/profiles.desc (PMS 4.4.1).
type ProfileDesc struct {
	Arch      string // also the keyword
	Path      string // relative to profiles/
	Stability string // "stable", "dev", "exp" or whatever the repository uses
}

// Profiles lists profiles/profiles.desc in file order; a missing file is empty.
func (r *Repo) Profiles() ([]ProfileDesc, error) {
	path := filepath.Join(r.Location, "profiles", "profiles.desc")
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	out := make([]ProfileDesc, 0, len(lines))
	for _, l := range lines {
		if len(l.fields) < 3 {
			return nil, &FileError{path, l.num, errors.New("the line should be \"ARCH PATH STABILITY\" (PMS 4.4.1)")}
		}
		out = append(out, ProfileDesc{l.fields[0], l.fields[1], l.fields[2]})
	}
	return out, nil
}

// descriptions caches the USE flag descriptions; use.local.desc alone is 1 MB,
// so each file is read when first asked for.
type descriptions struct {
	global onceValue[map[string]string]
	local  onceValue[map[string]string]

	mu     sync.Mutex
	expand map[string]*onceValue[map[string]string]
}

// UseDescription describes a flag as package cp uses it: from use.local.desc,
// use.desc or desc/*.desc (for the members of USE_EXPAND variables), of the
// repository and then of its masters. "" if nothing does.
func (r *Repo) UseDescription(cp atom.CP, flag string) (string, error) {
	for i := len(r.Masters); i >= 0; i-- {
		m := r
		if i < len(r.Masters) {
			m = r.Masters[i]
		}
		for _, get := range []func(atom.CP, string) (string, error){m.localDesc, m.globalDesc, m.expandDesc} {
			if d, err := get(cp, flag); d != "" || err != nil {
				return d, err
			}
		}
	}
	return "", nil
}

func (r *Repo) localDesc(cp atom.CP, flag string) (string, error) {
	m, err := r.descs.local.get(func() (map[string]string, error) {
		return readDesc(filepath.Join(r.Location, "profiles", "use.local.desc"))
	})
	return m[cp.String()+":"+flag], err
}

func (r *Repo) globalDesc(_ atom.CP, flag string) (string, error) {
	m, err := r.descs.global.get(func() (map[string]string, error) {
		return readDesc(filepath.Join(r.Location, "profiles", "use.desc"))
	})
	return m[flag], err
}

// expandDesc looks for flag as prefix_value, with every possible prefix.
func (r *Repo) expandDesc(_ atom.CP, flag string) (string, error) {
	for i := range len(flag) {
		if flag[i] != '_' || !plainName(flag[:i]) {
			continue
		}
		m, err := r.expandFile(flag[:i])
		if d := m[flag[i+1:]]; d != "" || err != nil {
			return d, err
		}
	}
	return "", nil
}

// expandFile reads profiles/desc/<prefix>.desc.
func (r *Repo) expandFile(prefix string) (map[string]string, error) {
	d := &r.descs
	d.mu.Lock()
	if d.expand == nil {
		d.expand = map[string]*onceValue[map[string]string]{}
	}
	o := d.expand[prefix]
	if o == nil {
		o = &onceValue[map[string]string]{}
		d.expand[prefix] = o
	}
	d.mu.Unlock()
	return o.get(func() (map[string]string, error) {
		return readDesc(filepath.Join(r.Location, "profiles", "desc", prefix+".desc"))
	})
}

// readDesc reads "key - description" lines (PMS 4.4.3); a missing file is empty.
func readDesc(path string) (map[string]string, error) {
	text, err := readText(path, maxListSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading USE flag descriptions: %w", err)
	}
	out := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if key, desc, ok := strings.Cut(line, " - "); ok && line[0] != '#' {
			out[strings.TrimSpace(key)] = strings.TrimSpace(desc)
		}
	}
	return out, nil
}
