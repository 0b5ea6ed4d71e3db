// Package envupdate makes the files that env-update(1) makes: what the files of
// /etc/env.d say, put together for shells (profile.env, csh.env), for systemd
// (environment.d/10-gentoo-env.conf) and for the dynamic linker (ld.so.conf). It also
// plans the index of info pages. Programs that belong to it (ldconfig, install-info)
// are returned as commands: it starts none itself.
package envupdate

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// Dir is where packages and administrators put their settings, below ROOT.
const Dir = "etc/env.d"

// maxFile bounds a file of env.d.
const maxFile = 1 << 20

// Env is what the files of env.d say together.
type Env struct {
	// Vars are the variables of shells; LDPATH is not among them.
	Vars map[string]string
	// LDPath are the directories for ld.so.conf, in order.
	LDPath []string
	// Problems are files and variables that were left out, one line each.
	Problems []string
}

// Variables that accumulate over the files instead of being replaced (Gentoo
// Development Guide, "Environment files"). A file adds its own with COLON_SEPARATED
// and SPACE_SEPARATED.
func colonSeparated() []string {
	return []string{"ADA_INCLUDE_PATH", "ADA_OBJECTS_PATH", "CLASSPATH", "INFODIR", "INFOPATH", "KDEDIRS", "LDPATH", "MANPATH",
		"PATH", "PKG_CONFIG_PATH", "PRELINK_PATH", "PRELINK_PATH_MASK", "PYTHONPATH", "ROOTPATH"}
}

func spaceSeparated() []string { return []string{"CONFIG_PROTECT", "CONFIG_PROTECT_MASK"} }

// counts reports whether a file of env.d is read: two digits first, something behind
// them, and no backup of an editor.
func counts(name string) bool {
	isDigit := func(c byte) bool { return '0' <= c && c <= '9' }
	return len(name) >= 3 && isDigit(name[0]) && isDigit(name[1]) && !strings.HasSuffix(name, "~") && !strings.HasSuffix(name, ".bak")
}

// Read puts together what the files of env.d say, in the order of their names. A file
// that cannot be read or understood is left out and is among the Problems.
func Read(t rootfs.FS) *Env {
	e := &Env{Vars: make(map[string]string)}
	names, err := t.ReadDir(Dir)
	if err != nil && !rootfs.IsAbsent(err) {
		e.Problems = append(e.Problems, err.Error())
	}
	var files [][]assignment
	for _, n := range names {
		name := path.Join(Dir, n)
		info, err := t.Stat(name)
		if !counts(n) || err == nil && !info.IsRegular() {
			continue
		}
		var text []byte
		if err == nil && info.Size > maxFile {
			err = fmt.Errorf("larger than %d MB", maxFile>>20)
		}
		if err == nil {
			text, err = readFollowing(t, name)
		}
		var list []assignment
		if err == nil {
			list, err = parse(string(text))
		}
		if err != nil {
			e.Problems = append(e.Problems, fmt.Sprintf("%s: %v; the file is left out", t.Path(name), err))
			continue
		}
		files = append(files, list)
	}
	e.fold(files)
	return e
}

// readFollowing reads a file through a link of its name.
func readFollowing(t rootfs.FS, name string) ([]byte, error) {
	const maxLinks = 8
	for range maxLinks {
		target, err := t.Readlink(name)
		if err != nil {
			break
		}
		if !strings.HasPrefix(target, "/") {
			target = path.Join("/", path.Dir(name), target)
		}
		name = path.Clean(target)
	}
	return rootfs.ReadFile(t, name)
}

// fold applies the files.
func (e *Env) fold(files [][]assignment) {
	colon, space := colonSeparated(), spaceSeparated()
	for _, file := range files {
		for _, a := range file {
			switch a.name {
			case "COLON_SEPARATED":
				colon = append(colon, strings.Fields(a.value)...)
			case "SPACE_SEPARATED":
				space = append(space, strings.Fields(a.value)...)
			}
		}
	}
	lists := make(map[string][]string)
	for _, file := range files {
		for _, a := range last(file) {
			switch {
			case a.name == "COLON_SEPARATED" || a.name == "SPACE_SEPARATED":
			case slices.Contains(colon, a.name):
				lists[a.name] = appendNew(lists[a.name], strings.Split(a.value, ":"))
			case slices.Contains(space, a.name):
				lists[a.name] = appendNew(lists[a.name], strings.Fields(a.value))
			default:
				e.Vars[a.name] = a.value
			}
		}
	}
	e.LDPath = lists["LDPATH"]
	delete(lists, "LDPATH")
	for name, list := range lists {
		separator := ":"
		if slices.Contains(space, name) {
			separator = " "
		}
		if len(list) > 0 {
			e.Vars[name] = strings.Join(list, separator)
		}
	}
}

// last keeps the last assignment of each name in one file.
func last(file []assignment) []assignment {
	values := make(map[string]string)
	var names []string
	for _, a := range file {
		if _, again := values[a.name]; !again {
			names = append(names, a.name)
		}
		values[a.name] = a.value
	}
	out := make([]assignment, len(names))
	for i, n := range names {
		out[i] = assignment{n, values[n]}
	}
	return out
}

func appendNew(list, more []string) []string {
	for _, m := range more {
		if m = strings.TrimSpace(m); m != "" && !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list
}

// names of the variables, sorted.
func (e *Env) names() []string { return slices.Sorted(maps.Keys(e.Vars)) }

const (
	profileHead = "# THIS FILE IS AUTOMATICALLY GENERATED BY env-update.\n# DO NOT EDIT THIS FILE. CHANGES TO STARTUP PROFILES\n" +
		"# GO INTO /etc/profile NOT /etc/profile.env\n\n"
	cshHead = "# THIS FILE IS AUTOMATICALLY GENERATED BY env-update.\n# DO NOT EDIT THIS FILE. CHANGES TO STARTUP PROFILES\n" +
		"# GO INTO /etc/csh.cshrc NOT /etc/csh.env\n\n"
	systemdHead = "# THIS FILE IS AUTOMATICALLY GENERATED BY env-update.\n# DO NOT EDIT THIS FILE.\n\n"
	ldHead      = "# ld.so.conf autogenerated by env-update; make all changes to\n# contents of /etc/env.d directory.\n"
)

// ProfileEnv is etc/profile.env, for sh. A value that begins with a dollar sign, but
// not with "${", is written $'…', as Portage does. Other than Portage's, a single
// quote in a value does not break the file.
func (e *Env) ProfileEnv() []byte {
	var b strings.Builder
	b.WriteString(profileHead)
	for _, n := range e.names() {
		v, dollar := e.Vars[n], ""
		if strings.HasPrefix(v, "$") && !strings.HasPrefix(v, "${") {
			v, dollar = v[1:], "$"
		}
		b.WriteString("export " + n + "=" + dollar + quote(v) + "\n")
	}
	return []byte(b.String())
}

// CshEnv is etc/csh.env, for csh.
func (e *Env) CshEnv() []byte {
	var b strings.Builder
	b.WriteString(cshHead)
	for _, n := range e.names() {
		v := strings.ReplaceAll(quote(e.Vars[n]), "\n", "\\\n") // csh(1): a newline in quotes is escaped
		b.WriteString("setenv " + n + " " + v + "\n")
	}
	return []byte(b.String())
}

// SystemdEnv is etc/environment.d/10-gentoo-env.conf (environment.d(5)): one line for
// each variable, so that one with a newline in its value is left out.
func (e *Env) SystemdEnv() []byte {
	var b strings.Builder
	b.WriteString(systemdHead)
	for _, n := range e.names() {
		if v := e.Vars[n]; !strings.Contains(v, "\n") {
			b.WriteString(n + "=" + v + "\n")
		}
	}
	return []byte(b.String())
}

// LdSoConf is etc/ld.so.conf.
func (e *Env) LdSoConf() []byte {
	text := ldHead
	for _, d := range e.LDPath {
		text += d + "\n"
	}
	return []byte(text)
}

func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }
