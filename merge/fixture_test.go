package merge

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// pack is a package of a test. Files is a text of lines
//
//	dir  PATH [MODE]
//	file PATH CONTENT [MODE]
//	link PATH TARGET
//	hard PATH OTHER
//	fifo PATH
type pack struct {
	cpv    string
	slot   string // "0"
	files  string
	values map[string]string
	time   int64 // of all files; 1600000000
}

// write makes an XPAK file of it (xpak(5)): a tar archive, and the metadata behind it.
func (p pack) write(t testing.TB, dir string) string {
	t.Helper()
	if p.time == 0 {
		p.time = 1600000000
	}
	var image bytes.Buffer
	w := tar.NewWriter(&image)
	size := 0
	for line := range strings.Lines(p.files) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		h := &tar.Header{Name: "./" + strings.ReplaceAll(f[1], "%0D", "\r"), Mode: 0o644, ModTime: time.Unix(p.time, 0), Uid: os.Getuid(), Gid: os.Getgid(), Format: tar.FormatGNU}
		content, mode := "", ""
		switch f[0] {
		case "dir":
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
			mode = at(f, 2)
		case "file":
			h.Typeflag, content = tar.TypeReg, at(f, 2)
			mode = at(f, 3)
		case "link":
			h.Typeflag, h.Linkname = tar.TypeSymlink, f[2]
		case "hard":
			h.Typeflag, h.Linkname = tar.TypeLink, "./"+f[2]
		case "fifo":
			h.Typeflag = tar.TypeFifo
		default:
			t.Fatalf("bad line %q", line)
		}
		if mode != "" {
			if _, err := fmt.Sscanf(mode, "%o", &h.Mode); err != nil {
				t.Fatal(err)
			}
		}
		h.Size = int64(len(content))
		size += len(content)
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := cpv(p.cpv)
	values := map[string]string{"CATEGORY": c.Category, "PF": c.PF(), "SLOT": "0", "EAPI": "8", "repository": "test",
		"SIZE": fmt.Sprint(size), "USE": "", "DEFINED_PHASES": "-", "environment.bz2": "BZh9"}
	if p.slot != "" {
		values["SLOT"] = p.slot
	}
	for k, v := range p.values {
		values[k] = v
	}
	name := filepath.Join(dir, c.PF()+".xpak")
	if err := os.WriteFile(name, append(image.Bytes(), xpak(values)...), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func at(f []string, i int) string {
	if i < len(f) {
		return f[i]
	}
	return ""
}

func xpak(values map[string]string) []byte {
	var names []string
	for n := range values {
		names = append(names, n)
	}
	slices.Sort(names)
	var index, data []byte
	for _, n := range names {
		index = binary.BigEndian.AppendUint32(index, uint32(len(n)))
		index = append(index, n...)
		index = binary.BigEndian.AppendUint32(index, uint32(len(data)))
		index = binary.BigEndian.AppendUint32(index, uint32(len(values[n])+1))
		data = append(append(data, values[n]...), '\n')
	}
	block := []byte("XPAKPACK")
	block = binary.BigEndian.AppendUint32(block, uint32(len(index)))
	block = binary.BigEndian.AppendUint32(block, uint32(len(data)))
	block = append(append(append(block, index...), data...), "XPAKSTOP"...)
	length := uint32(len(block))
	return append(binary.BigEndian.AppendUint32(block, length), "STOP"...)
}

// world is a ROOT for tests with a directory of packages.
type world struct {
	t        testing.TB
	root     string
	pkgdir   string
	settings Settings
	phases   Phases
	fs       func(rootfs.FS) rootfs.FS
	inner    func(rootfs.FS) rootfs.FS // below the faults of fail; nil none
	o        Options
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, root: filepath.Join(t.TempDir(), "root"), pkgdir: t.TempDir()}
	w.settings = Settings{Features: DefaultFeatures(), ConfigProtect: []string{"/etc"}}
	w.settings.Features["xattr"] = false
	if err := os.Mkdir(w.root, 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) target() Target {
	return Target{Root: w.root, PkgDir: w.pkgdir, Settings: w.settings}
}

// plan makes packages and the plan to install them.
func (w *world) plan(packs ...pack) *Plan {
	w.t.Helper()
	p := new(Plan)
	for _, k := range packs {
		p.Steps = append(p.Steps, Step{Action: Install, CPV: k.cpv, File: k.write(w.t, w.pkgdir)})
	}
	return p
}

// run carries a plan out, through fs if it is set.
func (w *world) run(p *Plan) (*Report, error) {
	o := w.o
	o.Phases = w.phases
	if w.fs == nil {
		return Run(context.Background(), p, w.target(), o)
	}
	tree, err := rootfs.Open(w.root)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	e, unlock, err := newEngineOn(context.Background(), w.fs(tree), w.target(), o)
	if err != nil {
		return nil, err
	}
	r, err := e.run(p)
	return r, errors.Join(err, unlock())
}

// merge installs and must succeed.
func (w *world) merge(packs ...pack) *Report {
	w.t.Helper()
	r, err := w.run(w.plan(packs...))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// refuse installs and must fail.
func (w *world) refuse(packs ...pack) error {
	w.t.Helper()
	_, err := w.run(w.plan(packs...))
	if err == nil {
		w.t.Fatal("it was merged")
	}
	return err
}

func (w *world) unmerge(cpv string) *Report {
	w.t.Helper()
	r, err := w.run(&Plan{Steps: []Step{{Action: Uninstall, CPV: cpv}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) path(name string) string { return filepath.Join(w.root, name) }

func (w *world) put(name, content string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// list shows everything in ROOT but the package database and Portage's own files: one
// line each, "d usr", "f usr/x CONTENT", "l usr/y -> TARGET".
func (w *world) list() string {
	w.t.Helper()
	return listTree(w.t, w.root, func(name string) bool {
		return name == "etc" || name == "tmp" || name == "var/tmp" || madeByEnvUpdate(name) || strings.HasPrefix(name, "var/db") || strings.HasPrefix(name, "var/lib/portage") || strings.HasPrefix(name, "var/cache")
	})
}

// madeByEnvUpdate names what every run leaves in /etc.
func madeByEnvUpdate(name string) bool {
	switch name {
	case "etc/csh.env", "etc/profile.env", "etc/env.d", "etc/environment.d", "etc/environment.d/10-gentoo-env.conf", "etc/ld.so.conf":
		return true
	}
	return false
}

func listTree(t testing.TB, root string, skip func(string) bool) string {
	t.Helper()
	tree, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	var b strings.Builder
	err = rootfs.Walk(tree, ".", func(name string, i rootfs.Info) error {
		switch {
		case skip(name):
		case i.IsDir():
			if names, _ := tree.ReadDir(name); name == "." || name == "var" || name == "var/lib" || len(names) == 0 && skip(name) {
				return nil
			}
			fmt.Fprintf(&b, "d %s\n", name)
		case i.IsSymlink():
			target, _ := tree.Readlink(name)
			fmt.Fprintf(&b, "l %s -> %s\n", name, target)
		case i.IsRegular():
			text, _ := rootfs.ReadFile(tree, name)
			fmt.Fprintf(&b, "f %s %s\n", name, text)
		default:
			fmt.Fprintf(&b, "? %s %s\n", name, i.Kind())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (w *world) want(what, list string) {
	w.t.Helper()
	var lines []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line+"\n")
		}
	}
	if got := w.list(); got != strings.Join(lines, "") {
		w.t.Errorf("%s:\n%s\nwant:\n%s", what, got, strings.Join(lines, ""))
	}
}
