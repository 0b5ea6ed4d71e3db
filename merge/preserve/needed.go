package preserve

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// Object is an ELF file of a package, one line of NEEDED.ELF.2:
//
//	ARCH;path;soname;rpath:rpath;needed,needed;multilib-category
type Object struct {
	Arch   string   // "X86_64": the machine of the ELF header
	Path   string   // absolute, without ROOT
	Soname string   // "" for a program
	RPath  []string // directories, $ORIGIN as it is in the file
	Needed []string // sonames
	// Category is Portage's name of the ABI ("x86_64", "x86_32"); "" if it is not known.
	Category string
}

var errNeeded = errors.New("not of the form ARCH;path;soname;rpath;needed;category")

// ParseNeeded reads NEEDED.ELF.2. A line that cannot be understood is left out.
func ParseNeeded(text []byte) (objects []Object, problems []vdb.LineProblem) {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		l := strings.TrimRight(string(line), "\r\n")
		if l == "" {
			continue
		}
		f := strings.Split(l, ";")
		if len(f) < 5 || !strings.HasPrefix(f[1], "/") {
			problems = append(problems, vdb.LineProblem{Line: number, Err: fmt.Errorf("%.80q: %w", l, errNeeded)})
			continue
		}
		o := Object{Arch: f[0], Path: path.Clean(f[1]), Soname: f[2], RPath: words(f[3], ":"), Needed: words(f[4], ",")}
		if len(f) > 5 {
			o.Category = f[5]
		}
		objects = append(objects, o)
	}
	return objects, problems
}

func words(s, separator string) []string {
	return slices.DeleteFunc(strings.Split(s, separator), func(w string) bool { return w == "" || w == "  -  " || w == "-" })
}

// sameABI reports that one can be linked to the other.
func (o *Object) sameABI(p *Object) bool {
	if o.Category != "" && p.Category != "" {
		return o.Category == p.Category
	}
	return o.Arch == p.Arch || o.Arch == "" || p.Arch == ""
}

// maxELF bounds the libraries that are read for their dynamic section.
const maxELF = 1 << 30

// readELF describes a library in ROOT. Without a readable dynamic section only the
// path is known.
func readELF(t rootfs.FS, name string) (o Object) {
	o = Object{Path: name}
	info, err := t.Stat(name)
	if err != nil || !info.IsRegular() || info.Size > maxELF {
		return o
	}
	text, err := rootfs.ReadFile(t, name)
	if err != nil {
		return o
	}
	defer func() {
		if recover() != nil { // debug/elf does not promise to stand hostile files
			o = Object{Path: name}
		}
	}()
	f, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		return o
	}
	defer f.Close()
	o.Arch = strings.TrimPrefix(f.Machine.String(), "EM_")
	if soname, _ := f.DynString(elf.DT_SONAME); len(soname) > 0 {
		o.Soname = soname[0]
	}
	o.Needed, _ = f.DynString(elf.DT_NEEDED)
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		paths, _ := f.DynString(tag)
		for _, p := range paths {
			o.RPath = append(o.RPath, words(p, ":")...)
		}
	}
	return o
}

// LibDirs are the directories in which ROOT's dynamic linker looks without being
// told: those of etc/ld.so.conf (ldconfig(8), with its includes) and the usual ones.
func LibDirs(t rootfs.FS) []string {
	dirs := readLdConf(t, "etc/ld.so.conf", nil, 0)
	return append(dirs, "/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib32", "/usr/lib32", "/libx32", "/usr/libx32")
}

func readLdConf(t rootfs.FS, name string, dirs []string, depth int) []string {
	const maxDepth = 5 // of includes: a file may include itself
	text, err := rootfs.ReadFile(t, name)
	if err != nil || depth > maxDepth {
		return dirs
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		pattern, isInclude := strings.CutPrefix(line, "include ")
		switch {
		case isInclude:
			for _, p := range strings.Fields(pattern) {
				if !strings.HasPrefix(p, "/") {
					p = path.Join("/", path.Dir(name), p)
				}
				names, _ := t.ReadDir(path.Dir(p))
				for _, n := range names {
					if ok, _ := path.Match(path.Base(p), n); ok {
						dirs = readLdConf(t, path.Join(path.Dir(p), n), dirs, depth+1)
					}
				}
			}
		case strings.HasPrefix(line, "/"):
			dirs = append(dirs, line)
		}
	}
	return dirs
}
