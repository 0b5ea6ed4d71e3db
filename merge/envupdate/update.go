package envupdate

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// Command is a program of the host to start, after the files are in place.
type Command struct {
	Path string // on the host
	Args []string
	Why  string // for people
}

// Result of Update.
type Result struct {
	// Written are files that are new or have changed, absolute within ROOT.
	Written []string
	// Problems are files of env.d that were left out, one line each.
	Problems []string
	// Ldconfig rebuilds the cache of the dynamic linker; nil if that is not needed or
	// ROOT has no ldconfig.
	Ldconfig *Command
}

// Options of Update.
type Options struct {
	// LibrariesChanged says that libraries came or went in a directory that the
	// dynamic linker looks in, so that its cache is out of date even if its directories
	// are the same.
	LibrariesChanged bool
}

// Update writes what env.d says, each file in one step and only if it changes.
// ld.so.conf is written only if its directories change, and keeps its text
// otherwise.
func Update(s vdb.State, o Options) (*Result, error) {
	e := Read(s.FS)
	r := &Result{Problems: e.Problems}
	if err := s.MkdirAll(Dir); err != nil {
		return r, fmt.Errorf("the environment of ROOT cannot be updated: %w", err)
	}
	files := []struct {
		name string
		text []byte
	}{{"etc/profile.env", e.ProfileEnv()}, {"etc/csh.env", e.CshEnv()}, {"etc/environment.d/10-gentoo-env.conf", e.SystemdEnv()}}
	old, err := readFollowing(s.FS, ldSoConf)
	if err != nil && !rootfs.IsAbsent(err) {
		return r, fmt.Errorf("the environment of ROOT cannot be updated: %w", err)
	}
	ldChanged := !slices.Equal(ldPath(string(old)), e.LDPath)
	if ldChanged {
		files = append(files, struct {
			name string
			text []byte
		}{ldSoConf, e.LdSoConf()})
	}
	for _, f := range files {
		old, err := rootfs.ReadFile(s.FS, f.name)
		if err == nil && string(old) == string(f.text) {
			continue
		}
		if err := s.Write(f.name, f.text, 0o644); err != nil {
			return r, fmt.Errorf("the environment of ROOT cannot be updated: %w", err)
		}
		r.Written = append(r.Written, "/"+f.name)
	}
	if ldChanged || o.LibrariesChanged {
		r.Ldconfig = ldconfig(s.FS)
	}
	return r, nil
}

const ldSoConf = "etc/ld.so.conf"

// ldPath are the directories (and includes) in an ld.so.conf.
func ldPath(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// ldconfig rebuilds the cache of ROOT without making links (-X): those that libraries
// need come with their packages, and others would belong to nobody.
func ldconfig(t rootfs.FS) *Command {
	const name = "sbin/ldconfig"
	info, err := t.Stat(name)
	if err != nil || !info.IsRegular() || info.Perm()&0o111 == 0 {
		return nil
	}
	return &Command{Path: t.Path(name), Args: []string{"-X", "-r", t.Path(".")}, Why: "the cache of the dynamic linker"}
}

// InfoIndex is how to make the index of a directory of info pages anew.
type InfoIndex struct {
	// Dir is the directory, a name in ROOT.
	Dir string
	// Commands add the pages to a new index, one after the other. One that fails (a page
	// that is none) is no reason to stop.
	Commands []Command
	temp     string
}

// PlanInfo plans the index of those of dirs (INFODIR and INFOPATH: absolute within
// ROOT) that exist and have pages. installInfo is the path of install-info(1) on the
// host; without one ("") indexes stay as they are. Call it for directories in which
// something changed.
func PlanInfo(t rootfs.FS, dirs []string, installInfo string) []InfoIndex {
	var out []InfoIndex
	for _, d := range dirs {
		name, err := rootfs.Clean(d)
		if err != nil || installInfo == "" || slices.ContainsFunc(out, func(x InfoIndex) bool { return x.Dir == name }) {
			continue
		}
		names, err := t.ReadDir(name)
		if err != nil {
			continue
		}
		// install-info is no prisoner of ROOT: it gets a path without links.
		if name, err = t.Resolve(path.Join(name, "dir")); err != nil {
			continue
		}
		x := InfoIndex{Dir: path.Dir(name), temp: name + rootfs.TempSuffix}
		for _, n := range names {
			page := path.Join(x.Dir, n)
			info, err := t.Lstat(page)
			if err != nil || !info.IsRegular() || strings.HasPrefix(n, ".") || isIndex(n) || strings.HasSuffix(n, rootfs.TempSuffix) {
				continue
			}
			x.Commands = append(x.Commands, Command{Path: installInfo,
				Args: []string{"--dir-file=" + t.Path(x.temp), t.Path(page)}, Why: "the index of info pages"})
		}
		if len(x.Commands) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// Begin removes what an interrupted run left, so that the index begins empty.
func (x *InfoIndex) Begin(t rootfs.FS) error { return rootfs.RemoveAll(t, x.temp) }

// Finish puts the new index in place, after the commands; without one the old stays.
func (x *InfoIndex) Finish(t rootfs.FS) error {
	there, err := rootfs.Exists(t, x.temp)
	if err != nil || !there {
		return err
	}
	if err := t.Rename(x.temp, path.Join(x.Dir, "dir")); err != nil {
		return err
	}
	// install-info keeps the index before its last change beside it.
	_ = t.Unlink(x.temp + ".old")
	return t.SyncDir(x.Dir)
}

// isIndex reports a name of the index itself.
func isIndex(n string) bool {
	base, ext, _ := strings.Cut(n, ".")
	return base == "dir" && slices.Contains([]string{"", "gz", "bz2", "xz", "zst", "old", "old.gz", "old.bz2", "info"}, ext)
}

// Orphaned lists the files of an info directory that are left when its last page is
// uninstalled: its index, if there is nothing else. They can be removed with the
// directory; they are names in ROOT. Nothing if dir holds anything else.
func Orphaned(t rootfs.FS, dir string) []string {
	name, err := rootfs.Clean(dir)
	if err != nil {
		return nil
	}
	names, err := t.ReadDir(name)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range names {
		info, err := t.Lstat(path.Join(name, n))
		if err != nil || !info.IsRegular() || !isIndex(n) {
			return nil
		}
		out = append(out, path.Join(name, n))
	}
	return out
}
