// Package preserve decides which libraries outlive the package that brought them
// (FEATURES=preserve-libs, make.conf(5)): those that an installed program or library
// still needs and nobody else provides. It keeps the list of them,
// /var/lib/portage/preserved_libs_registry, in Portage's format, and says when one
// is not needed any more. It removes nothing itself. See docs/portage-state.md.
package preserve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// File is the registry below ROOT.
const File = "var/lib/portage/preserved_libs_registry"

// Entry is the preserved libraries of one package and slot.
type Entry struct {
	// CPV owns them: the new instance after an upgrade, the removed one after an
	// uninstall. Counter is its COUNTER.
	CPV     string
	Counter string
	// Paths are absolute, without ROOT: files, each with its soname link behind it.
	Paths []string
}

// Registry is the content of the file. The zero value is an empty one.
type Registry struct {
	entries map[string]Entry // by "category/name:slot"
	changed bool
	damaged error
}

// ParseRegistry reads the text of the file; an empty text is an empty registry.
func ParseRegistry(text []byte) (*Registry, error) {
	r := new(Registry)
	if len(bytes.TrimSpace(text)) == 0 {
		return r, nil
	}
	var raw map[string][]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return r, err
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		var e Entry
		if len(raw[key]) != 3 {
			return r, fmt.Errorf("%q has %d values instead of package, counter and paths", key, len(raw[key]))
		}
		for i, into := range []any{&e.CPV, &e.Counter, &e.Paths} {
			if err := json.Unmarshal(raw[key][i], into); err != nil {
				return r, fmt.Errorf("%q: %w", key, err)
			}
		}
		for _, p := range e.Paths {
			if clean, err := rootfs.Clean(p); err != nil || "/"+clean != p {
				return r, fmt.Errorf("%q: %q is not an absolute path", key, p)
			}
		}
		if r.entries == nil {
			r.entries = make(map[string]Entry)
		}
		r.entries[key] = e
	}
	return r, nil
}

// Read reads the registry of a ROOT. One that cannot be understood counts as empty
// (see Damaged); the only errors are those of reading.
func Read(t rootfs.FS) (*Registry, error) {
	text, err := vdb.ReadThrough(t, File)
	if err != nil && !rootfs.IsAbsent(err) {
		return nil, fmt.Errorf("the registry of preserved libraries cannot be read: %w", err)
	}
	r, err := ParseRegistry(text)
	if err != nil {
		r = &Registry{damaged: fmt.Errorf("%s is damaged and counts as empty: %w; libraries that it listed stay until you remove them",
			t.Path(File), err)}
	}
	return r, nil
}

// Damaged says what is wrong with the file that was read, nil if nothing is. Write
// keeps such a file beside the new one, with ".damaged" behind its name.
func (r *Registry) Damaged() error { return r.damaged }

// Key of a package and slot (without sub-slot).
func Key(name, slot string) string { return name + ":" + slot }

// Keys are those of all entries, sorted.
func (r *Registry) Keys() []string { return slices.Sorted(maps.Keys(r.entries)) }

// Entry returns what is registered under a key.
func (r *Registry) Entry(key string) (Entry, bool) {
	e, ok := r.entries[key]
	return e, ok
}

// Empty reports that no library is preserved.
func (r *Registry) Empty() bool { return len(r.entries) == 0 }

// Has reports whether a path is a preserved library. It is then nobody's user file:
// a package that ships the path may replace it.
func (r *Registry) Has(path string) bool {
	for _, e := range r.entries {
		if slices.Contains(e.Paths, path) {
			return true
		}
	}
	return false
}

// Register makes cpv the owner of everything preserved under key, which is paths and
// what was registered there before and is preserved still.
func (r *Registry) Register(key, cpv, counter string, paths []string) {
	e := r.entries[key]
	merged := slices.Clone(e.Paths)
	for _, p := range paths {
		if !slices.Contains(merged, p) {
			merged = append(merged, p)
		}
	}
	if len(merged) == 0 || e.CPV == cpv && e.Counter == counter && len(merged) == len(e.Paths) {
		return
	}
	if r.entries == nil {
		r.entries = make(map[string]Entry)
	}
	r.entries[key] = Entry{cpv, counter, merged}
	r.changed = true
}

// Owned is paths that leave the registry, and the package whose CONTENTS lists them
// because it was their owner (if it is installed).
type Owned struct {
	CPV, Counter string
	Paths        []string // absolute, without ROOT
}

// Release takes paths out that are not preserved any more: a package ships them
// again, they were removed, or nobody needs them. What it returns has left.
func (r *Registry) Release(paths ...string) []Owned {
	var out []Owned
	for _, key := range r.Keys() {
		e := r.entries[key]
		var left, stay []string
		for _, p := range e.Paths {
			if slices.Contains(paths, p) {
				left = append(left, p)
			} else {
				stay = append(stay, p)
			}
		}
		if len(left) == 0 {
			continue
		}
		r.changed = true
		out = append(out, Owned{e.CPV, e.Counter, left})
		if e.Paths = stay; len(stay) == 0 {
			delete(r.entries, key)
		} else {
			r.entries[key] = e
		}
	}
	return out
}

// Vanished takes out what is not there any more, and returns it.
func (r *Registry) Vanished(t rootfs.FS) []Owned {
	var gone []string
	for _, key := range r.Keys() {
		for _, p := range r.entries[key].Paths {
			if there, err := rootfs.Exists(t, p); err == nil && !there {
				gone = append(gone, p)
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return r.Release(gone...)
}

// Changed reports whether the registry differs from what was read.
func (r *Registry) Changed() bool { return r.changed }

// Format is the file's text: JSON indented by tabs, keys sorted, without a newline at
// the end.
func (r *Registry) Format() ([]byte, error) {
	raw := make(map[string]any, len(r.entries))
	for key, e := range r.entries {
		raw[key] = []any{e.CPV, e.Counter, e.Paths}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "\t")
	err := enc.Encode(raw)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Write makes the registry durable if it changed, in one step. If there is no file
// and nothing was ever preserved, it makes an empty one, as Portage does. Mode 0660,
// of the group portage.
func (r *Registry) Write(s vdb.State) error {
	there, err := rootfs.Exists(s.FS, File)
	if err == nil && there && !r.changed {
		return nil
	}
	var text []byte
	if err == nil && r.changed {
		text, err = r.Format()
	}
	if err == nil && there && r.damaged != nil {
		err = s.FS.Rename(File, File+".damaged")
	}
	if err := errors.Join(err, s.Write(File, text, 0o660)); err != nil {
		return fmt.Errorf("preserved libraries cannot be registered: %w", err)
	}
	r.changed, r.damaged = false, nil
	return nil
}

// String lists the registry, for messages and tests.
func (r *Registry) String() string {
	var b strings.Builder
	for _, key := range r.Keys() {
		e := r.entries[key]
		fmt.Fprintf(&b, "%s %s %s %s\n", key, e.CPV, e.Counter, strings.Join(e.Paths, " "))
	}
	return b.String()
}
