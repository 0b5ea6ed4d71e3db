package pack

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/portsolve/portsolve/binpkg"
)

// Sign writes a GPKG anew with signatures of o.Signer, or without any if that is
// nil: metadata and image are the very bytes that were verified, only signatures and
// Manifest are new. path may be the file itself. Of the other options Mode, Time
// and NoSync count.
func Sign(ctx context.Context, v *binpkg.Verified, path string, o Options) (*Result, error) {
	if v.File.Format != binpkg.GPKG {
		return nil, fmt.Errorf("%s: an XPAK package cannot be signed; use the gpkg format", v.File.Path)
	}
	metadata, image := v.File.Member(binpkg.MetadataMember), v.File.Member(binpkg.ImageMember)
	o.Format = binpkg.GPKG
	o.Name, _, _ = strings.Cut(image.Name, "/")
	if err := o.check(v.Metadata); err != nil {
		return nil, fmt.Errorf("%s: %w", v.File.Path, err)
	}
	w := &writer{ctx: ctx, o: o, result: &Result{}}
	err := w.inPlace(path, func() error {
		return w.container(w.copyOf(v, metadata), w.copyOf(v, image))
	})
	if err != nil {
		return nil, err
	}
	return w.result, nil
}

var errChanged = errors.New("the file was changed since it was verified")

// copyOf copies a member, and notices if it is not what was verified.
func (w *writer) copyOf(v *binpkg.Verified, m *binpkg.Member) part {
	name := m.Name[strings.LastIndexByte(m.Name, '/')+1:]
	return part{name, func(out io.Writer) error {
		content, want := v.Content(m.Kind)
		sum, err := blake2b.New512(nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.MultiWriter(out, sum), content); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != want {
			return errChanged
		}
		return w.ctx.Err()
	}}
}
