// Package quickpkg makes binary packages of installed ones: the files that
// CONTENTS names as they are in ROOT now, and the entry in /var/db/pkg as the
// metadata (quickpkg(1)).
package quickpkg

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/pack"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// Options of Write.
type Options struct {
	pack.Options
	// Protected tells configuration files: absolute paths without ROOT; nil has none.
	Protected func(path string) bool
	// IncludeConfig takes protected files as they are. Otherwise a short comment
	// takes the place of their content, because they may hold secrets.
	IncludeConfig bool
	// IncludeUnmodified takes those protected files that are as they were installed.
	IncludeUnmodified bool
}

// Note is a file of CONTENTS that the package does not hold as it is, or not at all.
type Note struct {
	Path string // absolute, without ROOT
	What NoteKind
}

// NoteKind says what became of a file.
type NoteKind string

// Kinds of notes.
const (
	ConfigLeftOut NoteKind = "protected configuration: only a comment is in the package"
	Missing       NoteKind = "is not there any more"
	NotPackable   NoteKind = "is of a type that this format cannot install"
	Unreadable    NoteKind = "cannot be named in CONTENTS" // a line that is broken
)

// Result is what has been written.
type Result struct {
	pack.Result
	Notes []Note // by path
}

// comment stands for the content of protected files.
const comment = "# protected configuration, left out (quickpkg --include-config=n)\n"

// Values are the files of a package's entry as metadata, sorted by name. CONTENTS
// is left out: it is made anew by every merge.
func Values(root rootfs.FS, cpv atom.CPV) ([]binpkg.Value, error) {
	dir := path.Join("var/db/pkg", cpv.Category, cpv.PF())
	names, err := root.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s is not installed, or its entry cannot be read: %w", cpv, err)
	}
	var out []binpkg.Value
	for _, name := range names {
		info, err := root.Lstat(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if !info.IsRegular() || name == "CONTENTS" {
			continue
		}
		if info.Size > maxValue {
			return nil, fmt.Errorf("%s: %s has %d bytes; no value may have more than %d", cpv, name, info.Size, maxValue)
		}
		data, err := rootfs.ReadFile(root, path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		out = append(out, binpkg.Value{Name: name, Data: data})
	}
	return out, nil
}

// maxValue bounds a file of an entry; readers take no more than this of all of them.
const maxValue = 16 << 20

// Write makes a package file of an installed package. values are what Values has
// returned, maybe with another BUILD_ID. Files that are gone are noted and left out.
// The file is complete, or not there at all.
func Write(ctx context.Context, root rootfs.FS, cpv atom.CPV, values []binpkg.Value, file string, o Options) (*Result, error) {
	contents, problems, err := vdb.NewStore(vdb.State{FS: root}).Contents(cpv)
	if err != nil {
		return nil, err
	}
	out := &Result{}
	for _, p := range problems {
		out.Notes = append(out.Notes, Note{"CONTENTS, " + p.String(), Unreadable})
	}
	image := &image{root: root, o: &o, result: out, links: map[inode]string{}}
	if err := image.plan(ctx, contents); err != nil {
		return nil, err
	}
	defer image.close()
	r, err := pack.Write(ctx, file, values, image, o.Options)
	if err != nil {
		return nil, err
	}
	out.Result = *r
	slices.SortFunc(out.Notes, func(a, b Note) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// inode identifies a file.
type inode struct{ dev, ino uint64 }

// planned is an entry, and where its content is.
type planned struct {
	entry  binpkg.Entry
	masked bool // the comment instead of the content
}

// image reads a ROOT as pack wants it.
type image struct {
	root   rootfs.FS
	o      *Options
	result *Result
	list   []planned
	links  map[inode]string
	now    io.Reader
	open   io.Closer
}

// plan looks at every path once, parents before what is in them.
func (i *image) plan(ctx context.Context, contents vdb.Contents) error {
	contents = slices.Clone(contents)
	slices.SortFunc(contents, func(a, b vdb.Content) int {
		return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/"))
	})
	blocked := "" // a path that is no directory any more
	for _, c := range contents {
		if err := ctx.Err(); err != nil {
			return err
		}
		if blocked != "" && strings.HasPrefix(c.Path, blocked+"/") {
			i.note(c.Path, Missing)
			continue
		}
		isDir, err := i.look(c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Path, err)
		}
		if !isDir {
			blocked = c.Path
		}
	}
	return nil
}

func (i *image) note(path string, what NoteKind) {
	i.result.Notes = append(i.result.Notes, Note{path, what})
}

// look makes the entry of one path; isDir tells whether others may lie below it.
func (i *image) look(c vdb.Content) (isDir bool, err error) {
	name := strings.TrimPrefix(path.Clean(c.Path), "/")
	if name == "" {
		return true, nil // the root itself
	}
	info, err := i.root.Lstat(name)
	if err == nil && c.Kind == vdb.ContentDir && info.IsSymlink() {
		info, err = i.root.Stat(name) // a directory that was moved and linked
	}
	if rootfs.IsAbsent(err) {
		i.note(c.Path, Missing)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	p := planned{entry: binpkg.Entry{Name: name, Mode: info.Perm(), UID: uint32(info.UID), GID: uint32(info.GID), ModTime: info.MTime}}
	switch info.Type() {
	case rootfs.Dir:
		p.entry.Type = binpkg.Directory
		p.entry.ModTime = info.MTime.Truncate(time.Second) // means nothing: what is put into it changes it
	case rootfs.Symlink:
		p.entry.Type, p.entry.Mode = binpkg.Symlink, 0o777
		p.entry.Linkname, err = i.root.Readlink(name)
	case rootfs.Regular:
		err = i.regular(c, info, &p)
	case rootfs.FIFO:
		if i.o.Format == binpkg.XPAK {
			p.entry.Type = binpkg.FIFO
			break
		}
		fallthrough
	default:
		i.note(c.Path, NotPackable)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	i.list = append(i.list, p)
	return p.entry.Type == binpkg.Directory, nil
}

// regular decides about content, hard links and attributes of a file.
func (i *image) regular(c vdb.Content, info rootfs.Info, p *planned) error {
	masked, err := i.masks(c, info)
	if err != nil {
		return err
	}
	p.entry.Type = binpkg.Regular
	if masked {
		p.masked, p.entry.Size = true, int64(len(comment))
		i.note(c.Path, ConfigLeftOut)
		return nil
	}
	if info.Nlink > 1 {
		id := inode{info.Dev, info.Ino}
		if first, ok := i.links[id]; ok {
			p.entry.Type, p.entry.Linkname = binpkg.Hardlink, first
			return nil
		}
		i.links[id] = p.entry.Name
	}
	p.entry.Size = info.Size
	p.entry.Xattrs, err = i.xattrs(p.entry.Name)
	return err
}

// masks tells the files whose content stays private. An empty file has nothing to hide.
func (i *image) masks(c vdb.Content, info rootfs.Info) (bool, error) {
	if i.o.IncludeConfig || i.o.Protected == nil || !i.o.Protected(c.Path) || info.Size == 0 {
		return false, nil
	}
	if !i.o.IncludeUnmodified || c.Kind != vdb.ContentFile {
		return true, nil
	}
	f, err := i.root.Open(strings.TrimPrefix(c.Path, "/"))
	if err != nil {
		return false, err
	}
	defer f.Close()
	sum := md5.New()
	if _, err := io.Copy(sum, f); err != nil {
		return false, err
	}
	return hex.EncodeToString(sum.Sum(nil)) != c.MD5, nil
}

// unwanted are attributes that belong to the machine, not to the package: the
// default of PORTAGE_XATTR_EXCLUDE (make.conf(5)) in essence.
var unwanted = [...]string{
	"btrfs.", "security.evm", "security.ima", "security.selinux", "system.nfs4_acl", "user.apache_handler", "user.Beagle.",
	"user.dublincore.", "user.mime_encoding", "user.xdg.",
}

func (i *image) xattrs(name string) (map[string]string, error) {
	attrs, err := i.root.Listxattr(name)
	if err != nil {
		return nil, err
	}
	var out map[string]string
	for _, a := range attrs {
		if slices.ContainsFunc(unwanted[:], func(u string) bool { return a == u || strings.HasSuffix(u, ".") && strings.HasPrefix(a, u) }) {
			continue
		}
		value, err := i.root.Getxattr(name, a)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = map[string]string{}
		}
		out[a] = string(value)
	}
	return out, nil
}

// Next implements pack.Image.
func (i *image) Next() (*binpkg.Entry, error) {
	i.close()
	if len(i.list) == 0 {
		return nil, io.EOF
	}
	p := i.list[0]
	i.list = i.list[1:]
	switch {
	case p.entry.Type != binpkg.Regular:
		i.now = strings.NewReader("")
	case p.masked:
		i.now = strings.NewReader(comment)
	default:
		f, err := i.root.Open(p.entry.Name)
		if err != nil {
			return nil, err
		}
		i.now, i.open = f, f
	}
	return &p.entry, nil
}

// Read implements pack.Image.
func (i *image) Read(b []byte) (int, error) {
	if i.now == nil {
		return 0, errors.New("no file is open")
	}
	return i.now.Read(b)
}

func (i *image) close() {
	if i.open != nil {
		i.open.Close()
	}
	i.now, i.open = nil, nil
}
