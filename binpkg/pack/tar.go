package pack

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/portsolve/portsolve/binpkg"
)

// imageTar writes the image as a tar. prefix is "image" for GPKG, "." for XPAK,
// before each name and the names of hard links.
func (w *writer) imageTar(out io.Writer, prefix string) error {
	t := tar.NewWriter(out)
	buf := make([]byte, 256<<10)
	rooted := false
	for {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		e, err := w.image.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !rooted && e.Name != "." { // a package without any entry has its root nevertheless
			if err := w.makeRoot(t, prefix); err != nil {
				return err
			}
		}
		rooted = true
		if err := w.entry(t, e, prefix); err != nil {
			return fmt.Errorf("%q: %w", e.Name, err)
		}
		w.result.Entries++
		if e.Type != binpkg.Regular {
			continue
		}
		// One byte more than promised is asked for, so that a file that grew is noticed.
		n, err := io.CopyBuffer(onlyWriter{t}, io.LimitReader(w.image, e.Size+1), buf)
		if err != nil || n != e.Size {
			if err == nil || err == tar.ErrWriteTooLong {
				err = fmt.Errorf("its size changed while it was read (it had %d bytes)", e.Size)
			}
			return fmt.Errorf("%q: %w", e.Name, err)
		}
	}
	if !rooted {
		if err := w.makeRoot(t, prefix); err != nil {
			return err
		}
	}
	return t.Close()
}

// makeRoot writes the root directory, where the image has none.
func (w *writer) makeRoot(t *tar.Writer, prefix string) error {
	w.result.Entries++
	return w.entry(t, &binpkg.Entry{Name: ".", Type: binpkg.Directory, Mode: 0o755, ModTime: w.o.Time}, prefix)
}

// onlyWriter hides ReadFrom, which would not use the buffer.
type onlyWriter struct{ io.Writer }

// entry writes a header.
func (w *writer) entry(t *tar.Writer, e *binpkg.Entry, prefix string) error {
	h := &tar.Header{
		Name: memberName(prefix, e.Name), Mode: int64(e.Mode), Uid: int(e.UID), Gid: int(e.GID),
		Uname: e.Uname, Gname: e.Gname, ModTime: e.ModTime, Linkname: e.Linkname,
	}
	switch e.Type {
	case binpkg.Regular:
		h.Typeflag, h.Size = tar.TypeReg, e.Size
	case binpkg.Directory:
		h.Typeflag = tar.TypeDir
		h.Name += "/"
	case binpkg.Symlink:
		h.Typeflag = tar.TypeSymlink
	case binpkg.Hardlink:
		h.Typeflag = tar.TypeLink
		h.Linkname = memberName(prefix, e.Linkname)
	case binpkg.FIFO:
		h.Typeflag = tar.TypeFifo
	case binpkg.CharDevice, binpkg.BlockDevice:
		h.Typeflag = tar.TypeChar
		if e.Type == binpkg.BlockDevice {
			h.Typeflag = tar.TypeBlock
		}
		h.Devmajor, h.Devminor = int64(e.Major), int64(e.Minor)
	default:
		return fmt.Errorf("is a %s, which no package can hold", e.Type)
	}
	w.extend(h, e)
	return writeHeader(t, h)
}

// extend adds what needs a PAX header, or drops it.
func (w *writer) extend(h *tar.Header, e *binpkg.Entry) {
	if w.o.Plain {
		h.ModTime = h.ModTime.Truncate(time.Second)
		if len(e.Xattrs) > 0 {
			w.result.LostXattrs++
		}
		return
	}
	if len(e.Xattrs) == 0 {
		return
	}
	h.PAXRecords = map[string]string{}
	for name, value := range e.Xattrs {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), "=", "%3D") // as GNU tar
		h.PAXRecords["SCHILY.xattr."+name] = value
	}
}

// memberName puts the prefix before a name.
func memberName(prefix, name string) string {
	if name == "." {
		return prefix
	}
	return prefix + "/" + name
}

// writeHeader takes the oldest format that can hold a header, as Portage does:
// ustar, then GNU; PAX only for what those do not know.
func writeHeader(t *tar.Writer, h *tar.Header) error {
	formats := []tar.Format{tar.FormatUSTAR, tar.FormatGNU}
	if len(h.PAXRecords) > 0 || h.ModTime.Nanosecond() != 0 {
		formats = []tar.Format{tar.FormatPAX}
	}
	var err error
	for _, f := range formats { // an impossible format is an error before anything is written
		h.Format = f
		if err = t.WriteHeader(h); err == nil {
			return nil
		}
	}
	return err
}
