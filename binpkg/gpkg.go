package binpkg

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxMembers bounds the outer container, which has at most seven members.
const maxMembers = 64

// gpkgVersion is the member by which the format's version is told (GLEP 78).
const gpkgVersion = "gpkg-1"

// gpkgManifest lists the checksums of all other members.
const gpkgManifest = "Manifest"

// openGPKG reads the headers of the outer tar. The order of the members and the
// name of their directory do not matter, and neither does what follows the end of
// the archive or that there is no end mark: such files are in use.
func (f *File) openGPKG() (bool, error) {
	var magic [6]byte
	if n, err := f.in.ReadAt(magic[:], 257); n < len(magic) || string(magic[:5]) != "ustar" {
		if err != nil && err != io.EOF {
			return false, err
		}
		return false, nil
	}
	f.Format = GPKG
	members, err := readOuter(io.NewSectionReader(f.in, 0, f.Size))
	if err != nil {
		return false, &FormatError{Path: f.Path, Format: GPKG, Err: err}
	}
	f.Members = members
	if member, err := f.checkMembers(); err != nil {
		return false, &FormatError{f.Path, GPKG, member, err}
	}
	return true, nil
}

// readOuter lists the members. The tar reader takes whole blocks of headers and
// seeks over contents, so that the position behind a header is the content's.
func readOuter(in *io.SectionReader) ([]Member, error) {
	var out []Member
	for t := tar.NewReader(in); ; {
		h, err := t.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			if len(out) > 0 && hasManifest(out) && errors.Is(err, tar.ErrHeader) {
				return out, nil // garbage behind the last member
			}
			return nil, fmt.Errorf("the container cannot be read to its end: %w", err)
		}
		if h.Typeflag != tar.TypeReg || h.PAXRecords["GNU.sparse.major"] != "" {
			return nil, fmt.Errorf("member %.80q is not a regular file", h.Name)
		}
		if len(out) == maxMembers {
			return nil, fmt.Errorf("it has more than %d members", maxMembers)
		}
		at, err := in.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if h.Size > in.Size()-at {
			return nil, fmt.Errorf("the file ends in member %.80q", h.Name)
		}
		out = append(out, Member{Name: h.Name, Offset: at, Size: h.Size})
	}
}

func hasManifest(members []Member) bool {
	return strings.HasSuffix(members[len(members)-1].Name, "/"+gpkgManifest)
}

// checkMembers classifies the members and refuses what GLEP 78 does not allow.
// member is the one that is wrong.
func (f *File) checkMembers() (member string, err error) {
	seen := map[string]bool{}
	count := map[MemberKind]int{}
	dir := ""
	for i := range f.Members {
		m := &f.Members[i]
		d, name, ok := strings.Cut(m.Name, "/")
		switch {
		case !ok || d == "" || d == "." || d == ".." || name == "" || strings.Contains(name, "/"):
			return m.Name, errors.New("members must be in one directory: DIRECTORY/NAME")
		case dir != "" && d != dir:
			return m.Name, fmt.Errorf("members are in two directories, %q and %q", dir, d)
		case seen[name]:
			return m.Name, errors.New("the member is there twice")
		}
		dir, seen[name] = d, true
		m.Kind, m.Compression = memberKind(name)
		count[m.Kind]++
	}
	for _, need := range [...]struct {
		kind MemberKind
		name string
	}{{VersionMember, gpkgVersion}, {MetadataMember, "metadata.tar"}, {ImageMember, "image.tar"}, {ManifestMember, gpkgManifest}} {
		switch {
		case count[need.kind] == 0:
			return need.name, errors.New("the member is missing")
		case count[need.kind] > 1:
			return need.name, errors.New("there is more than one such member")
		}
	}
	return "", nil
}

func memberKind(name string) (MemberKind, Compression) {
	switch {
	case name == gpkgVersion:
		return VersionMember, None
	case name == gpkgManifest:
		return ManifestMember, None
	case strings.HasSuffix(name, ".sig"):
		return SignatureMember, None
	}
	if c, ok := archiveSuffix(name, "metadata.tar"); ok {
		return MetadataMember, c
	}
	if c, ok := archiveSuffix(name, "image.tar"); ok {
		return ImageMember, c
	}
	return OtherMember, None
}

// archiveSuffix tells the codec of "image.tar.zst"; an unknown suffix is kept, for
// the error when it is opened.
func archiveSuffix(name, archive string) (Compression, bool) {
	rest, ok := strings.CutPrefix(name, archive)
	switch {
	case !ok:
		return None, false
	case rest == "":
		return None, true
	case rest[0] != '.' || len(rest) == 1 || strings.Contains(rest[1:], "."):
		return None, false
	}
	return Compression(rest[1:]), true
}

// gpkgValues reads metadata.tar: files "metadata/NAME".
func gpkgValues(c Compression, content io.Reader, want func(string) bool) ([]Value, error) {
	if !c.known() {
		return nil, &CodecError{c}
	}
	in, err := decompress(c, content)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	limited := &limitedReader{in: in, left: maxMetadata + maxValues*1536} // contents, headers and padding
	var out []Value
	seen := map[string]bool{}
	for t := tar.NewReader(limited); ; {
		h, err := t.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		name, err := valueName(h)
		if err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		switch {
		case seen[name]:
			return nil, fmt.Errorf("%s is there twice", name)
		case len(seen) == maxValues:
			return nil, fmt.Errorf("there are more than %d values", maxValues)
		}
		seen[name] = true
		if !want(name) {
			continue
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, Value{name, data})
	}
}

// valueName is NAME of a member "metadata/NAME", "" for what has no meaning: the
// directory itself and, as in images, members outside of it.
func valueName(h *tar.Header) (string, error) {
	path := h.Name
	for strings.HasPrefix(path, "./") {
		path = path[2:]
	}
	name, ok := strings.CutPrefix(path, "metadata/")
	name = strings.TrimLeft(name, "/")
	switch {
	case !ok || name == "":
		return "", nil
	case h.Typeflag == tar.TypeDir && checkName(strings.TrimSuffix(name, "/")) != nil:
		return "", checkName(strings.TrimSuffix(name, "/"))
	case h.Typeflag != tar.TypeReg:
		return "", fmt.Errorf("%.80q is not a regular file", h.Name)
	}
	return name, checkName(name)
}

// limitedReader ends with an error rather than silently.
type limitedReader struct {
	in   io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooMuch
	}
	n, err := l.in.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
