package merge

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/merge/cfgmem"
	"github.com/portsolve/portsolve/merge/internal/image"
	"github.com/portsolve/portsolve/merge/internal/txn"
	"github.com/portsolve/portsolve/merge/preserve"
	"github.com/portsolve/portsolve/vdb"
)

// layout is what merging an image means for ROOT as it is now: the operations, and
// the list of what the package then owns. Making it changes nothing.
type layout struct {
	e         *engine
	step      *Step
	img       *image.Image
	tx        *txn.Tx
	replaced  []instance
	downgrade bool

	ops      []txn.Op
	contents vdb.Contents
	events   []Event
	configs  []string
	saved    []SavedFile
	memory   *cfgmem.Memory     // nil until a protected path is met
	registry *preserve.Registry // nil until a path is in the way

	straight   bool                     // no image path leads through a link of ROOT
	taken      map[string]*image.Object // by resolved name: what the image puts there
	newDirs    map[string]bool          // resolved names of directories that are made
	made       map[string]bool          // names of those that come with a whole tree
	links      bool                     // the image has symbolic links
	unlinks    bool                     // a symbolic link of ROOT gives way
	under      string                   // image path of the subtree that is moved as a whole, "" none
	mounts     map[string]uint64        // of directories of ROOT
	farGroups  map[[2]uint64]string     // copies beside their targets by hard link group and mount
	collisions []Collision
	numbers    int
	at         int // index of the present object
}

// Collision is something in ROOT that is in the way of a package.
type Collision struct {
	Path   string   // absolute within ROOT
	Owners []string // CPVs; none: nobody owns it
	Why    string   // "" it belongs to others; else what is wrong
}

// CollisionError says that a package was not installed because of what is in its way.
type CollisionError struct {
	CPV        string
	Collisions []Collision
}

func (e *CollisionError) Error() string {
	var b strings.Builder
	b.WriteString("the package was not installed, nothing was changed; in its way:")
	for i, c := range e.Collisions {
		if i == 20 {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Collisions)-i)
			break
		}
		b.WriteString("\n  " + c.Path)
		switch {
		case c.Why != "":
			b.WriteString(": " + c.Why)
		case len(c.Owners) > 0:
			b.WriteString(" belongs to " + strings.Join(c.Owners, ", "))
		default:
			b.WriteString(" belongs to no package")
		}
	}
	b.WriteString("\nUninstall or update the owner, move the file away, or name it in COLLISION_IGNORE")
	return b.String()
}

// layout decides everything. The error is a *CollisionError, or one of the file system.
func (e *engine) layout(s *Step, p *prepared, replaced []instance) (*layout, error) {
	l := &layout{
		e: e, step: s, img: p.img, tx: p.tx, replaced: replaced, straight: true,
		taken: map[string]*image.Object{}, newDirs: map[string]bool{}, made: map[string]bool{}, mounts: map[string]uint64{},
	}
	for i := range replaced {
		if replaced[i].CPV.Version.Compare(p.pkg.CPV.Version) > 0 {
			l.downgrade = true
		}
	}
	if err := l.checkEmpty(); err != nil {
		return nil, err
	}
	if err := l.checkLinks(); err != nil {
		return nil, err
	}
	if err := l.resolveAll(); err != nil {
		return nil, err
	}
	for i := range l.img.Objects {
		l.at = i
		if err := l.object(&l.img.Objects[i]); err != nil {
			return nil, fmt.Errorf("/%s: %w", l.img.Objects[i].Path, err)
		}
	}
	for _, in := range replaced {
		if err := e.checkSuid(&in); err != nil {
			return nil, err
		}
	}
	if len(l.collisions) > 0 {
		for _, c := range l.collisions {
			e.emit(Event{Kind: EventCollision, CPV: s.CPV, Path: c.Path, Text: strings.Join(c.Owners, " ")})
		}
		return nil, &CollisionError{CPV: s.CPV, Collisions: l.collisions}
	}
	return l, nil
}

// checkEmpty is PORTAGE_PACKAGE_EMPTY_ABORT.
func (l *layout) checkEmpty() error {
	if !l.e.target.Settings.EmptyAbort || len(l.img.Objects) > 0 {
		return nil
	}
	for _, in := range l.replaced {
		if len(in.Contents) > 0 {
			return fmt.Errorf("it has no files, and %s, which it would replace, has %d; PORTAGE_PACKAGE_EMPTY_ABORT forbids that",
				in.CPV, len(in.Contents))
		}
	}
	return nil
}

// checkLinks refuses names that CONTENTS cannot hold, before anything is written.
func (l *layout) checkLinks() error {
	for i := range l.img.Objects {
		if o := &l.img.Objects[i]; strings.ContainsAny(o.Path, "\n\r") {
			return fmt.Errorf("the file name %q of the image has a line break, which the package database cannot hold", o.Path)
		}
	}
	return nil
}

// resolveAll finds out whether links of ROOT are on the way: whole directories are
// moved only where every path is what it says.
func (l *layout) resolveAll() error {
	for i := range l.img.Objects {
		o := &l.img.Objects[i]
		name, err := l.e.res.Name(o.Path)
		if err != nil {
			return err
		}
		if name != o.Path {
			l.straight = false
			return nil
		}
	}
	return nil
}

// object decides about one object of the image.
func (l *layout) object(o *image.Object) error {
	name, err := l.e.res.Name(o.Path)
	if err != nil {
		return err
	}
	l.own(o)
	l.links = l.links || o.IsSymlink()
	if l.under != "" && strings.HasPrefix(o.Path, l.under+"/") {
		if o.IsDir() {
			l.made[name] = true
		}
		l.event(FileMerged, o.Path)
		return nil
	}
	l.under = ""
	if o.IsDir() {
		return l.dir(o, name)
	}
	if prior := l.taken[name]; prior != nil {
		return l.twice(o, prior, name)
	}
	l.taken[name] = o
	live, err := l.live(name)
	if err != nil {
		return err
	}
	return l.file(o, name, live)
}

// own adds the line of CONTENTS. Its path is the image's, wherever the object goes.
func (l *layout) own(o *image.Object) {
	c := vdb.Content{Path: "/" + o.Path, MTime: o.MTime.Unix()}
	switch o.Type() {
	case rootfs.Dir:
		c.Kind = vdb.ContentDir
	case rootfs.Regular:
		c.Kind, c.MD5 = vdb.ContentFile, o.MD5()
	case rootfs.Symlink:
		c.Kind, c.Target = vdb.ContentLink, o.Target
	case rootfs.FIFO:
		c.Kind = vdb.ContentFIFO
	default:
		c.Kind = vdb.ContentDev
	}
	l.contents = append(l.contents, c)
}

func (l *layout) event(mark, p string) {
	if l.e.o.Events != nil {
		l.events = append(l.events, Event{Kind: EventFile, CPV: l.step.CPV, Path: "/" + p, Text: mark})
	}
}

// live looks at what is in ROOT; nil if nothing is.
func (l *layout) live(name string) (*rootfs.Info, error) {
	if l.isNew(path.Dir(name)) {
		return nil, nil
	}
	i, err := l.e.t.Lstat(name)
	if rootfs.IsAbsent(err) {
		return nil, nil
	}
	return &i, err
}

// recorded is the line of CONTENTS by which the replaced instances own a name.
func (l *layout) recorded(name string) *vdb.Content {
	for i := range l.replaced {
		if c := l.replaced[i].byName[name]; c != nil {
			return c
		}
	}
	return nil
}

// twice is a second path of the image that leads to the same name.
func (l *layout) twice(o, prior *image.Object, name string) error {
	if o.Type() == prior.Type() && o.Perm() == prior.Perm() && o.MD5() == prior.MD5() && o.Target == prior.Target {
		return nil
	}
	l.collide(Collision{Path: "/" + o.Path, Why: fmt.Sprintf("the package has another file as /%s, and both lead to /%s here", prior.Path, name)})
	return nil
}

func (l *layout) collide(c Collision) { l.collisions = append(l.collisions, c) }

// others are the owners of a name besides what is replaced and what the plan removes
// for this package.
func (l *layout) others(name string) ([]string, error) {
	x, err := l.e.owned()
	if err != nil {
		return nil, err
	}
	except := append([]string(nil), l.step.Blocks...)
	for i := range l.replaced {
		except = append(except, l.replaced[i].CPV.String())
	}
	return x.Owners(name, except...), nil
}

// backup is the name under which what is at name is kept until the end.
func (l *layout) backup(name string) (string, error) {
	l.numbers++
	near, err := l.near(path.Dir(name))
	if err != nil || !near {
		return path.Join(path.Dir(name), l.e.tempName(l.tx, l.numbers)+"~"), err
	}
	return path.Join(l.tx.Stage(oldDir), strconv.Itoa(l.numbers)), nil
}

// tempName is a name beside a target on another mount.
func (e *engine) tempName(tx *txn.Tx, n int) string {
	return ".portsolve-" + tx.Name + "-" + strconv.Itoa(n)
}

// near reports whether a directory is on the stage's mount.
func (l *layout) near(dir string) (bool, error) {
	m, ok := l.mounts[dir]
	if !ok {
		there, err := l.e.existing(dir)
		if err != nil {
			return false, err
		}
		if m, err = l.e.t.Mount(there); err != nil {
			return false, err
		}
		l.mounts[dir] = m
	}
	return m == l.e.stageMount, nil
}

// put is the operation that brings an object of the image to a name.
func (l *layout) put(o *image.Object, name string, live *rootfs.Info) (*txn.Op, error) {
	op := txn.Op{Kind: txn.Put, Path: name, New: l.tx.Stage(path.Join(imageDir, o.Path)), NewIno: o.Inode()}
	near, err := l.near(path.Dir(name))
	if err != nil {
		return nil, err
	}
	if !near {
		l.numbers++
		op.NewIno = 0 // of a copy
		beside, err := l.e.existing(path.Dir(name))
		if err != nil {
			return nil, err
		}
		op.From, op.New = op.New, path.Join(beside, l.e.tempName(l.tx, l.numbers))
		l.farLink(o, &op)
	}
	if live != nil {
		l.unlinks = l.unlinks || live.IsSymlink()
		op.Move, op.OldIno = live.IsDir(), live.Ino
		if op.Old, err = l.backup(name); err != nil {
			return nil, err
		}
	}
	l.ops = append(l.ops, op)
	return &l.ops[len(l.ops)-1], nil
}

// farLink keeps hard links together on another mount.
func (l *layout) farLink(o *image.Object, op *txn.Op) {
	if o.Group == 0 {
		return
	}
	key := [2]uint64{uint64(o.Group), l.mounts[path.Dir(op.Path)]}
	if first, ok := l.farGroups[key]; ok {
		op.From, op.Link = first, true
		return
	}
	if l.farGroups == nil {
		l.farGroups = map[[2]uint64]string{}
	}
	l.farGroups[key] = op.New
}

// sumOf is the MD5 sum of what is at a name, of the target if it is a link.
func sumOf(t rootfs.FS, name string, i rootfs.Info) (string, error) {
	switch {
	case i.IsRegular():
		sum, err := image.Sum(t, name)
		return hex.EncodeToString(sum[:]), err
	case i.IsSymlink():
		target, err := t.Readlink(name)
		sum := md5.Sum([]byte(target))
		return hex.EncodeToString(sum[:]), err
	}
	return "", nil
}

// modified reports whether a live object is no longer what CONTENTS records. The content
// of a file counts, whatever its time is: touched but unchanged is not modified, changed with its time put
// back is. All of the file is read for that, because CONTENTS has no size.
func modified(t rootfs.FS, name string, i rootfs.Info, c *vdb.Content) (bool, error) {
	switch c.Kind {
	case vdb.ContentFile:
		if !i.IsRegular() {
			return true, nil
		}
		sum, err := sumOf(t, name, i)
		return sum != c.MD5, err
	case vdb.ContentLink:
		if !i.IsSymlink() {
			return true, nil
		}
		target, err := t.Readlink(name)
		return target != c.Target, err
	case vdb.ContentFIFO:
		return i.Type() != rootfs.FIFO, nil
	case vdb.ContentDir:
		return !i.IsDir(), nil
	}
	return i.Type() != rootfs.Char && i.Type() != rootfs.Block, nil
}

// notice remembers what has to be made anew after a change of these files, and
// reports whether a phase may look at it.
func (e *engine) notice(list vdb.Contents) (env bool) {
	e.env = true
	for i := range list {
		if list[i].Kind == vdb.ContentDir {
			continue
		}
		p := list[i].Path
		env = env || strings.HasPrefix(p, "/etc/env.d/")
		e.libs = e.libs || strings.Contains(p, ".so")
		e.info = e.info || strings.Contains(p, "/info/")
	}
	return env || e.libs
}

var errNoMemory = errors.New("the memory of configuration files cannot be read")
