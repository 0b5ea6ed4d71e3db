package merge

import (
	"archive/tar"
	"io"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
)

// Package is an open, verified binary package.
type Package interface {
	// Metadata is the package as the resolver sees it.
	Metadata() *metadata.Package
	// Values are all values in the order of the file; they become files of the entry in
	// /var/db/pkg.
	Values() []binpkg.Value
	// Image reads the image: names as ImageName wants them, contents verified before
	// or, at the latest, when the reader reports io.EOF.
	Image() (ImageReader, error)
	// MD5 of the package file in hex, for BINPKGMD5.
	MD5() (string, error)
	// Size of the package file in bytes.
	Size() int64
	Close() error
}

// ImageReader is archive/tar.Reader's part that unpacking needs.
type ImageReader interface {
	// Next gives the next member, io.EOF at the end. Names are relative to ROOT,
	// without "image/" or "./" before them.
	Next() (*tar.Header, error)
	io.Reader
	Close() error
}
