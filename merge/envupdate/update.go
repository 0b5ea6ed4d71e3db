package envupdate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// Command is a program of the host to start, after the files are in place.
type Command struct {
	Path string   // on the host
	Args []string // without the program itself
	Why  string   // for people
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
	old, err := vdb.ReadThrough(s.FS, ldSoConf)
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
		old, err := vdb.ReadThrough(s.FS, f.name)
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
