// Package pack writes binary packages in both formats: GPKG (GLEP 78) and XPAK
// (xpak(5)). The same content gives the same bytes, apart from signatures.
package pack

import (
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/sign"
	"github.com/portsolve/portsolve/internal/wholefile"
)

// Image gives the entries of an image one after the other, and of each regular
// file its content: what a *binpkg.Image does. Next ends with io.EOF.
type Image interface {
	Next() (*binpkg.Entry, error)
	io.Reader // of the content of the entry that Next gave last
}

// Options of Write.
type Options struct {
	Format binpkg.Format // 0 is GPKG
	// Compression of image and metadata; the zero value packs nothing. lzip and lzop
	// cannot be written.
	Compression binpkg.Compression
	// Level is the codec's own (zstd 1 to 19, gzip and bzip2 1 to 9); 0 its default.
	// An XPAK's bzip2 always has level 9: Portage reads no other.
	Level int
	// Name is the directory inside a GPKG: PF, or PF-BUILDID; "" is made of the metadata.
	Name string
	// Signer signs a GPKG; nil leaves it unsigned. XPAK cannot be signed.
	Signer *sign.Signer
	// Plain keeps to ustar and GNU headers, as Portage writes them: extended
	// attributes (GPKG: and in XPAK) and fractions of seconds are lost, and counted in
	// the Result. Otherwise entries that have them get a PAX header, which GNU tar and
	// Python's tarfile read.
	Plain bool
	// Time is the modification time of the container's members, zero the package's
	// BUILD_TIME.
	Time time.Time
	// Mode of the file; 0 is 0644.
	Mode os.FileMode
	// NoSync leaves it to the caller to make the file durable.
	NoSync bool
}

// Result is what has been written.
type Result struct {
	Size       int64  // in bytes
	MD5, SHA1  string // of the whole file, hexadecimal
	Entries    int    // of the image
	LostXattrs int    // entries whose extended attributes were left out (Plain)
}

// Write writes a package file. It is complete and durable under its name, or not
// there at all: a file that was there before is replaced only then. values become the
// metadata in this order, byte by byte.
func Write(ctx context.Context, path string, values []binpkg.Value, image Image, o Options) (*Result, error) {
	if err := o.check(values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w := &writer{ctx: ctx, values: values, image: image, o: o, result: &Result{}}
	if err := w.inPlace(path, w.write); err != nil {
		return nil, err
	}
	return w.result, nil
}

// inPlace runs write on a file beside path, and puts that in its place.
func (w *writer) inPlace(path string, write func() error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w.file = f
	if err := write(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := w.sum(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Chmod(cmp.Or(w.o.Mode, 0o644)); err != nil {
		return err
	}
	if !w.o.NoSync {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if w.o.NoSync {
		return nil
	}
	return wholefile.SyncDir(filepath.Dir(path))
}

// value finds a value without surrounding space.
func value(values []binpkg.Value, name string) string {
	for _, v := range values {
		if v.Name == name {
			return strings.TrimSpace(string(v.Data))
		}
	}
	return ""
}

// check completes the options, and refuses what no reader would take.
func (o *Options) check(values []binpkg.Value) error {
	if o.Format == 0 {
		o.Format = binpkg.GPKG
	}
	if o.Format == binpkg.XPAK && o.Signer != nil {
		return errors.New("an XPAK package cannot be signed; use the gpkg format")
	}
	pf := value(values, "PF")
	if value(values, "CATEGORY") == "" || pf == "" || value(values, "SLOT") == "" {
		return errors.New("the metadata must have CATEGORY, PF and SLOT")
	}
	if o.Name == "" {
		o.Name = pf
		if id := value(values, "BUILD_ID"); id != "" {
			o.Name += "-" + id
		}
	}
	if strings.Contains(o.Name, "/") || o.Name == "." || o.Name == ".." {
		return fmt.Errorf("%q is no name for the directory of a package", o.Name)
	}
	if o.Time.IsZero() {
		seconds, _ := strconv.ParseInt(value(values, "BUILD_TIME"), 10, 64)
		o.Time = time.Unix(max(seconds, 0), 0)
	}
	o.Time = o.Time.Truncate(time.Second)
	seen := map[string]bool{}
	for _, v := range values {
		if v.Name == "" || v.Name == "." || v.Name == ".." || len(v.Name) > 255 || strings.ContainsAny(v.Name, "/\x00\n") {
			return fmt.Errorf("%.80q is no name for a value", v.Name)
		}
		if seen[v.Name] {
			return fmt.Errorf("the value %s is there twice", v.Name)
		}
		seen[v.Name] = true
	}
	return nil
}

// writer is one package in the making.
type writer struct {
	ctx    context.Context
	file   *os.File
	values []binpkg.Value
	image  Image
	o      Options
	result *Result
}

func (w *writer) write() error {
	if w.o.Format == binpkg.XPAK {
		return w.xpak()
	}
	return w.gpkg()
}

// sum reads the file once more for the checksums that an index needs.
func (w *writer) sum() error {
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	m, s := md5.New(), sha1.New()
	n, err := io.Copy(io.MultiWriter(m, s), w.file)
	w.result.Size, w.result.MD5, w.result.SHA1 = n, hexSum(m), hexSum(s)
	return err
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
