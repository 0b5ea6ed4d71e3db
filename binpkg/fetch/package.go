package fetch

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
)

// maxPackage bounds a package whose index does not say its size.
const maxPackage = 16 << 30

// fetchPackage fetches one package into the cache.
func (f *Fetcher) fetchPackage(ctx context.Context, p *metadata.Package) (string, error) {
	path, err := f.Path(p)
	if err != nil {
		return "", err
	}
	from, err := escapedURL(p)
	if err != nil {
		return "", err
	}
	digests := binpkg.DigestsOf(p)
	if digests.MD5 == "" && digests.SHA1 == "" && !strings.HasSuffix(path, ".gpkg.tar") {
		return "", &Error{URL: redacted(p.File), Err: errors.New("the index has no checksum of it, and an XPAK package none of its own; it could not be verified")}
	}
	path, part, err := f.place(ctx, p, path, digests)
	if err != nil {
		return "", &Error{URL: redacted(p.File), Err: err}
	}
	if part == nil {
		f.report(Event{Kind: Cached, Name: name(p), URL: redacted(p.File), Done: digests.Size, Total: digests.Size})
		return path, nil
	}
	defer part.release()
	t := &transfer{
		f: f, name: name(p), url: from, size: -1, limit: maxPackage, part: part.file,
		verify: func() error { return verifyFile(ctx, part.path, p, digests) },
	}
	if digests.Size > 0 {
		t.size = digests.Size
	}
	if err := t.run(ctx); err != nil {
		return "", err
	}
	if err := part.commit(path); err != nil {
		return "", &Error{URL: redacted(p.File), Err: err}
	}
	f.report(Event{Kind: Finished, Name: t.name, URL: redacted(t.url), Done: max(t.size, 0), Total: t.size})
	return path, nil
}

// place finds where the package is to be kept, and locks its part. part is nil if the package is there already.
func (f *Fetcher) place(ctx context.Context, p *metadata.Package, path string, d binpkg.Digests) (_ string, part *partFile, err error) {
	below := f.below(p)
	if below != "" && verifyFile(ctx, path, p, d) == nil {
		return path, nil, nil // nothing has to be written there
	}
	if below != "" && f.isTaken(path) {
		err = fmt.Errorf("%s is another package, of this system", path)
	} else if err = makeDir(path); err == nil {
		part, err = f.lockPart(ctx, path)
	}
	if err != nil && below != "" && ctx.Err() == nil {
		f.report(Event{Kind: Elsewhere, Name: name(p), URL: redacted(p.File), Err: err})
		path = below
		if err = makeDir(path); err == nil {
			part, err = f.lockPart(ctx, path)
		}
	}
	if err != nil {
		return "", nil, err
	}
	// Whoever held the lock before may have fetched it. What is there is verified again: it may be older than the index.
	if verifyFile(ctx, path, p, d) == nil {
		part.discard()
		part.release()
		return path, nil, nil
	}
	return path, part, nil
}

// Have reports whether a file with the size that the index says is where the package is kept.
func (f *Fetcher) Have(p *metadata.Package) bool {
	path, err := f.Path(p)
	if err != nil {
		return false
	}
	for _, path := range []string{path, f.below(p)} {
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Size() == binpkg.DigestsOf(p).Size {
			return true
		}
	}
	return false
}

// isTaken: there is a file that is not to be replaced.
func (f *Fetcher) isTaken(path string) bool {
	if rel, err := filepath.Rel(f.o.Own, path); f.o.Own == "" || err != nil || !filepath.IsLocal(rel) {
		return false
	}
	_, err := os.Lstat(path)
	return err == nil
}

// verifyFile compares a file with what the index says. Without a checksum in the index it is the package's own Manifest
// that counts. Signatures are not looked at: that is for whoever unpacks the package.
func verifyFile(ctx context.Context, path string, p *metadata.Package, d binpkg.Digests) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if d.Size > 0 && st.Size() != d.Size {
		return fmt.Errorf("it has %d bytes, but the index says %d", st.Size(), d.Size)
	}
	if d.MD5 == "" && d.SHA1 == "" {
		f, err := binpkg.NewFile(in, st.Size(), path)
		if err != nil {
			return err
		}
		_, err = f.Verify(ctx, binpkg.VerifyOptions{Expect: p.CPV, BuildID: p.BuildID, Signatures: binpkg.SignatureIgnored})
		return err
	}
	sum5, sum1 := md5.New(), sha1.New()
	if _, err := io.Copy(io.MultiWriter(sum5, sum1), readerOf(ctx, in)); err != nil {
		return err
	}
	for _, c := range [...]struct {
		name, want string
		got        []byte
	}{{"MD5", d.MD5, sum5.Sum(nil)}, {"SHA1", d.SHA1, sum1.Sum(nil)}} {
		if got := hex.EncodeToString(c.got); c.want != "" && !strings.EqualFold(got, c.want) {
			return fmt.Errorf("its %s is %s, but the index says %s", c.name, got, c.want)
		}
	}
	return nil
}

// readerOf stops reading when ctx ends.
func readerOf(ctx context.Context, in io.Reader) io.Reader { return contextReader{ctx, in} }

type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}
