package binpkg

import (
	"archive/tar"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"path"
	"strings"
	"time"
)

// EntryType is the kind of an entry of an image.
type EntryType uint8

// Types of entries.
const (
	Regular EntryType = iota + 1
	Directory
	Symlink
	Hardlink // another name of an earlier Regular or Symlink entry
	FIFO
	CharDevice
	BlockDevice
)

// String is the type's name.
func (t EntryType) String() string {
	switch t {
	case Regular:
		return "file"
	case Directory:
		return "directory"
	case Symlink:
		return "symbolic link"
	case Hardlink:
		return "hard link"
	case FIFO:
		return "FIFO"
	case CharDevice:
		return "character device"
	case BlockDevice:
		return "block device"
	}
	return "?"
}

// Entry is one checked entry of an image.
type Entry struct {
	// Name is the path below the root, clean and without a leading slash: "usr/bin/x",
	// "." for the root directory itself. No component is "..", and no earlier entry that
	// is not a directory lies on the way.
	Name string
	Type EntryType
	Mode uint32 // permissions with setuid, setgid and sticky bit: 0 to 07777
	UID  uint32 // as recorded, whatever Uname says
	GID  uint32
	// Uname and Gname are the owner's names on the machine that built the package, ""
	// if they are not recorded.
	Uname, Gname string
	Size         int64     // of a Regular entry's content, in bytes; otherwise 0
	ModTime      time.Time // with fractions of a second where they are recorded
	// Linkname is a Symlink's target as it is, or the Name of the entry that a Hardlink repeats.
	Linkname     string
	Xattrs       map[string]string // by full name ("security.capability"); nil if none
	Major, Minor uint32            // of a device
}

// ImageOptions bound what an image may hold.
type ImageOptions struct {
	// MaxBytes bounds the contents of all files together. 0 takes eight times what the
	// package's SIZE says and 64 MiB, without SIZE 32 GiB.
	MaxBytes int64
	// MaxEntries bounds their number; 0 is 1,048,576.
	MaxEntries int
	// Special lets FIFOs of a GPKG and device nodes pass. Portage refuses both in
	// GPKG, and takes both from XPAK; the default here takes only FIFOs of an XPAK.
	Special bool
}

// Defaults and fixed limits of images.
const (
	defaultMaxBytes   = 32 << 30
	defaultMaxEntries = 1 << 20
	sizeFactor        = 8 // binpkg-docompress and the like change sizes after SIZE is taken
	sizeSlack         = 64 << 20
	maxPath           = 4095      // PATH_MAX without its NUL
	maxComponent      = 255       // NAME_MAX
	headerSlack       = 64 << 20  // of bytes that are neither contents nor usual headers
	headerUsual       = 2048      // of one entry
	maxNames          = 256 << 20 // bytes of all names, which are kept
)

// Image is the entries of a verified package, in the order of the file. It is
// used like a tar.Reader, by one goroutine. Every byte that it hands out has been
// verified before; because the file could have been changed since, the packed bytes
// are hashed again on the way, and Next ends with io.EOF only if they are the same.
// Whoever unpacks must therefore keep the result aside until io.EOF has come.
type Image struct {
	v      *Verified
	member *Member
	raw    *hashedReader
	plain  io.ReadCloser
	bound  *boundedReader
	tar    *tar.Reader
	prefix string // "image" for GPKG
	o      ImageOptions
	tree   tree
	left   int64 // bytes that files may still have
	names  int64 // bytes of names so far
	begun  bool
	end    error
}

// hashedReader hashes what is read.
type hashedReader struct {
	in  io.Reader
	sum *maphash.Hash
}

func (h *hashedReader) Read(p []byte) (int, error) {
	n, err := h.in.Read(p)
	h.sum.Write(p[:n])
	return n, err
}

// Image begins to read the image. The error is a *VerifyError, also one that wraps
// a *CodecError.
func (v *Verified) Image(o ImageOptions) (*Image, error) {
	m := v.File.Member(ImageMember)
	if v.File.Format == XPAK && m.Size == 0 {
		return nil, v.File.refuse(m.Name, ReasonImage, "is empty; not even a directory is in it")
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
		if n := v.installedSize(); n >= 0 && n < defaultMaxBytes {
			o.MaxBytes = n*sizeFactor + sizeSlack
		}
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = defaultMaxEntries
	}
	i := &Image{v: v, member: m, o: o, left: o.MaxBytes, tree: tree{}}
	if v.File.Format == GPKG {
		i.prefix = "image"
	}
	i.raw = &hashedReader{v.File.content(m), v.guard.hash()}
	plain, err := decompress(m.Compression, i.raw)
	if err != nil {
		return nil, i.fail("", err)
	}
	i.plain = plain
	i.bound = &boundedReader{plain, headerSlack}
	i.tar = tar.NewReader(i.bound)
	return i, nil
}

// boundedReader ends with an error rather than silently. What an image may still
// unpack to grows with each entry by what that accounts for; a bomb made of headers
// ends soon.
type boundedReader struct {
	in   io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("it unpacks to far more than the package says; it would fill the disk")
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Close frees the decoder. The package stays open.
func (i *Image) Close() error { return i.plain.Close() }

// Next advances to the next entry. io.EOF is the good end: everything was read,
// and it was what had been verified. Any other error is a *VerifyError and final.
func (i *Image) Next() (*Entry, error) {
	for i.end == nil {
		h, err := i.tar.Next()
		if err == io.EOF {
			i.end = i.finish()
			break
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // names are checked here
			i.end = i.fail("", err)
			break
		}
		e, err := i.entry(h)
		if err != nil {
			i.end = i.fail(h.Name, err)
			break
		}
		if e != nil {
			return e, nil
		}
	}
	return nil, i.end
}

// Read reads the content of the entry that Next returned, io.EOF at its end.
func (i *Image) Read(p []byte) (int, error) {
	if i.end != nil {
		return 0, i.end
	}
	n, err := i.tar.Read(p)
	if err != nil && err != io.EOF {
		i.end = i.fail("", err)
		err = i.end
	}
	return n, err
}

func (i *Image) fail(entry string, err error) error {
	reason := ReasonImage
	if errors.Is(err, errChanged) {
		reason = ReasonChanged
	}
	return &VerifyError{Path: i.v.File.Path, Member: i.member.Name, Entry: entry, Reason: reason, Err: err}
}

var errChanged = errors.New("the file was changed while it was read; nothing of it may be used")

// finish reads what is left and compares the hash of the packed bytes.
func (i *Image) finish() error {
	if i.prefix != "" && !i.begun {
		return i.fail("", fmt.Errorf("has no directory %s/", i.prefix))
	}
	if _, err := io.Copy(io.Discard, i.bound); err != nil {
		return i.fail("", err)
	}
	if _, err := io.Copy(io.Discard, i.raw); err != nil {
		return i.fail("", err)
	}
	if !i.v.guard.ok(i.raw.sum) {
		return i.fail("", errChanged)
	}
	return io.EOF
}

// entry checks a header; nil for what lies outside of the image directory.
func (i *Image) entry(h *tar.Header) (*Entry, error) {
	if len(i.tree) >= i.o.MaxEntries {
		return nil, fmt.Errorf("there are more than %d entries", i.o.MaxEntries)
	}
	i.bound.left += headerUsual
	if i.names += int64(len(h.Name)); i.names > maxNames {
		return nil, fmt.Errorf("the names have more than %d MiB", maxNames>>20)
	}
	name, inside, err := i.localName(h.Name)
	if err != nil || !inside {
		return nil, err
	}
	i.begun = true
	e := &Entry{Name: name, Mode: uint32(h.Mode) & 0o7777, Uname: h.Uname, Gname: h.Gname, ModTime: h.ModTime}
	if e.Type, err = entryType(h.Typeflag); err != nil {
		return nil, err
	}
	if e.UID, err = owner(h.Uid); err != nil {
		return nil, err
	}
	if e.GID, err = owner(h.Gid); err != nil {
		return nil, err
	}
	if err := i.checkType(e, h); err != nil {
		return nil, err
	}
	if err := i.tree.add(e); err != nil {
		return nil, err
	}
	e.Xattrs = xattrs(h.PAXRecords)
	return e, nil
}

// localName makes a path below the root of a member's name.
func (i *Image) localName(name string) (local string, inside bool, err error) {
	switch {
	case name == "":
		return "", false, errors.New("an entry without a name")
	case name[0] == '/':
		return "", false, errors.New("an absolute name would lead out of ROOT")
	case strings.IndexByte(name, 0) >= 0:
		return "", false, errors.New("a name with a NUL byte")
	case len(name) > maxPath:
		return "", false, fmt.Errorf("the name has %d bytes; no path may have more than %d", len(name), maxPath)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", false, errors.New("a name with \"..\" would lead out of ROOT")
		}
		if len(part) > maxComponent {
			return "", false, fmt.Errorf("a part of the name has %d bytes; no file name may have more than %d", len(part), maxComponent)
		}
	}
	local = path.Clean(name)
	if i.prefix == "" {
		return local, true, nil
	}
	if local == i.prefix {
		return ".", true, nil
	}
	local, inside = strings.CutPrefix(local, i.prefix+"/")
	return local, inside, nil
}

func entryType(flag byte) (EntryType, error) {
	switch flag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return Regular, nil
	case tar.TypeDir:
		return Directory, nil
	case tar.TypeSymlink:
		return Symlink, nil
	case tar.TypeLink:
		return Hardlink, nil
	case tar.TypeFifo:
		return FIFO, nil
	case tar.TypeChar:
		return CharDevice, nil
	case tar.TypeBlock:
		return BlockDevice, nil
	}
	return 0, fmt.Errorf("entries of type %q cannot be installed", flag)
}

// owner checks a user or group ID; the largest means "unchanged" to chown(2).
func owner(id int) (uint32, error) {
	if id < 0 || int64(id) >= 1<<32-1 {
		return 0, fmt.Errorf("%d is no user or group ID", id)
	}
	return uint32(id), nil
}

// checkType checks what each type has of its own.
func (i *Image) checkType(e *Entry, h *tar.Header) error {
	var err error
	switch e.Type {
	case Regular:
		e.Size = h.Size
		i.bound.left += h.Size
		if i.left -= h.Size; i.left < 0 {
			return fmt.Errorf("the files are larger than the %d bytes that the package may unpack to (its SIZE is %s)",
				i.o.MaxBytes, sizeText(i.v.installedSize()))
		}
	case Symlink:
		if h.Linkname == "" || len(h.Linkname) > maxPath || strings.IndexByte(h.Linkname, 0) >= 0 {
			return fmt.Errorf("%.80q is no target of a symbolic link", h.Linkname)
		}
		e.Linkname = h.Linkname
	case Hardlink:
		var inside bool
		if e.Linkname, inside, err = i.localName(h.Linkname); err != nil || !inside {
			return fmt.Errorf("a hard link to %.80q, which is not in the image", h.Linkname)
		}
	case FIFO:
		if i.v.File.Format == GPKG && !i.o.Special {
			return errors.New("a FIFO cannot be in a GPKG image: Portage refuses such packages, too")
		}
	case CharDevice, BlockDevice:
		if !i.o.Special {
			return fmt.Errorf("a %s gives access to the machine's hardware and is not installed from a package", e.Type)
		}
		e.Major, e.Minor = uint32(h.Devmajor), uint32(h.Devminor)
	}
	return nil
}

func sizeText(n int64) string {
	if n < 0 {
		return "not given"
	}
	return fmt.Sprint(n)
}

// xattrs takes extended attributes out of PAX records. GNU tar escapes "=" and
// "%" in names.
func xattrs(records map[string]string) map[string]string {
	var out map[string]string
	for key, value := range records {
		name, ok := strings.CutPrefix(key, "SCHILY.xattr.")
		if !ok || name == "" {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		name = strings.ReplaceAll(strings.ReplaceAll(name, "%3D", "="), "%25", "%")
		out[name] = value
	}
	return out
}
