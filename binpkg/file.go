package binpkg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Format is the kind of a package file.
type Format uint8

// Formats.
const (
	XPAK Format = iota + 1
	GPKG
)

// String is "xpak" or "gpkg", as BINPKG_FORMAT has it.
func (f Format) String() string {
	switch f {
	case XPAK:
		return "xpak"
	case GPKG:
		return "gpkg"
	}
	return "?"
}

// Limits on what a package may hold besides its image. They are far above what
// packages have (a few hundred KiB of metadata in some thirty values), so that only
// hostile and damaged files meet them.
const (
	maxMetadata = 16 << 20 // bytes of all values together, unpacked
	maxValues   = 1024
	maxName     = 255
)

// Member is one part of a package file.
type Member struct {
	Name   string // as in the container; XPAK has "image" and "metadata"
	Offset int64  // of the content in the file
	Size   int64  // of the content, in bytes, as it is packed
	Kind   MemberKind
	// Compression of an image or of GPKG metadata.
	Compression Compression
}

// MemberKind tells what a member is for.
type MemberKind uint8

// Kinds of members. The last three are GPKG's only.
const (
	OtherMember MemberKind = iota
	MetadataMember
	ImageMember
	VersionMember
	ManifestMember
	SignatureMember
)

// Value is one value of a package's metadata, as it is in the file.
type Value struct {
	Name string // "SLOT", "environment.bz2", …
	Data []byte // with the line end, if it has one
}

// File is an open package file whose outer structure has been read and found
// sound. Nothing has been verified yet.
type File struct {
	Path    string // for messages
	Format  Format
	Size    int64    // in bytes
	Members []Member // in the order of the file

	in     io.ReaderAt
	closer io.Closer
}

// FormatError says that a file is not a sound package of its format.
type FormatError struct {
	Path   string // for messages
	Format Format // 0 if the file is neither
	Member string // the part that is wrong, "" the whole
	Err    error
}

func (e *FormatError) Error() string {
	s := e.Path
	if e.Member != "" {
		s += ": " + e.Member
	}
	if e.Format == 0 {
		return s + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s: broken %s package: %v", s, e.Format, e.Err)
}

// Unwrap gives the cause.
func (e *FormatError) Unwrap() error { return e.Err }

// IsPackageName reports whether a file name has a suffix of package files:
// ".gpkg.tar", ".xpak" or ".tbz2".
func IsPackageName(name string) bool {
	_, ok := cutSuffix(name)
	return ok
}

// cutSuffix cuts the suffix of package files.
func cutSuffix(name string) (stem string, ok bool) {
	for _, suffix := range [...]string{".gpkg.tar", ".xpak", ".tbz2"} {
		if stem, ok = strings.CutSuffix(name, suffix); ok {
			return stem, true
		}
	}
	return name, false
}

// OpenFile opens a package file of either format; the content decides which, not
// the name. The error is a *FormatError, or an *fs.PathError.
func OpenFile(path string) (*File, error) {
	in, size, err := openRegular(path)
	if err == errNotRegular {
		err = &FormatError{Path: path, Err: err}
	}
	if err != nil {
		return nil, err
	}
	f, err := NewFile(in, size, path)
	if err != nil {
		in.Close()
		return nil, err
	}
	f.closer = in
	return f, nil
}

var errNotRegular = errors.New("is not a regular file")

// openRegular opens a regular file. It looks before it opens, too: opening a FIFO
// would wait for a writer.
func openRegular(path string) (*os.File, int64, error) {
	st, err := os.Stat(path)
	if err == nil && !st.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		return nil, 0, err
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if st, err = in.Stat(); err == nil && !st.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		in.Close()
		return nil, 0, err
	}
	return in, st.Size(), nil
}

// NewFile is OpenFile for content that is already open; name is for messages.
// Close does not close it.
func NewFile(in io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{Path: name, Size: size, in: in}
	found, err := f.openXPAK()
	if err == nil && !found {
		found, err = f.openGPKG()
	}
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &FormatError{Path: name, Err: errors.New("is neither an XPAK nor a GPKG package; the file is damaged or something else")}
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Member finds the first member of a kind; nil if there is none.
func (f *File) Member(kind MemberKind) *Member {
	for i := range f.Members {
		if f.Members[i].Kind == kind {
			return &f.Members[i]
		}
	}
	return nil
}

// Metadata reads all values in the order of the file. The error is a
// *FormatError; a *CodecError is wrapped by it.
func (f *File) Metadata() ([]Value, error) {
	return f.values(func(string) bool { return true })
}

// values reads the values whose names are wanted.
func (f *File) values(want func(name string) bool) ([]Value, error) {
	m := f.Member(MetadataMember)
	var out []Value
	var err error
	if f.Format == XPAK {
		out, err = xpakValues(f.content(m), m.Size, want)
	} else {
		out, err = gpkgValues(m.Compression, f.content(m), want)
	}
	if err != nil {
		return nil, &FormatError{f.Path, f.Format, m.Name, err}
	}
	return out, nil
}

// checkName refuses names that no value can have: values become files of the
// database of installed packages, and a name with a directory part would lead out of it.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%q is not a name for a value", name)
	case len(name) > maxName:
		return fmt.Errorf("the name %.40q... of a value is longer than %d bytes", name, maxName)
	case strings.ContainsAny(name, "/\x00\n"):
		return fmt.Errorf("the name %.80q of a value would lead to another directory", name)
	}
	return nil
}

var errTooMuch = fmt.Errorf("the metadata is larger than %d MiB", maxMetadata>>20)

// RawImage opens the image: an uncompressed tar stream of which nothing has been
// checked. Names in it begin with "./" (XPAK) or "image/" (GPKG); see GLEP 78. Closing
// it does not close f. To install a package use Verify and Verified.Image.
func (f *File) RawImage() (io.ReadCloser, error) {
	m := f.Member(ImageMember)
	if m == nil {
		return nil, &FormatError{f.Path, f.Format, "image", errors.New("is missing")}
	}
	r, err := decompress(m.Compression, f.content(m))
	if err != nil {
		return nil, &FormatError{f.Path, f.Format, m.Name, err}
	}
	return r, nil
}

// content is the raw content of a member.
func (f *File) content(m *Member) *io.SectionReader {
	return io.NewSectionReader(f.in, m.Offset, m.Size)
}
