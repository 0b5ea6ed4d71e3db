package binpkg

import (
	"context"
	"errors"
	"io"
	"path/filepath"
)

// CheckFile verifies a package and reads all of its image, as a merge would,
// without keeping anything. What it returns is closed. The errors are those of
// OpenVerified and of Image.
func CheckFile(ctx context.Context, path string, o VerifyOptions, limits ImageOptions) (v *Verified, entries int, err error) {
	if v, err = OpenVerified(ctx, path, o); err != nil {
		return nil, 0, err
	}
	defer v.Close()
	image, err := v.Image(limits)
	if err != nil {
		return nil, 0, err
	}
	defer image.Close()
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		e, err := image.Next()
		if err == io.EOF {
			return v, entries, nil
		}
		if err != nil {
			return nil, 0, err
		}
		entries++
		if e.Type != Regular {
			continue
		}
		if _, err := io.CopyBuffer(io.Discard, onlyReader{&contextReader{ctx, image}}, buf); err != nil {
			return nil, 0, err
		}
	}
}

// onlyReader hides what else a reader could do.
type onlyReader struct{ io.Reader }

// List calls show for each entry of the image, without verifying anything but the
// entries themselves: for looking, not for installing. Its error ends the list; the
// others are those of Image.
func (f *File) List(show func(*Entry) error) error {
	image, err := (&Verified{File: f}).Image(ImageOptions{Special: true})
	if err != nil {
		return err
	}
	defer image.Close()
	for {
		e, err := image.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = show(e)
		}
		if err != nil {
			return err
		}
	}
}

// errNotThere: an entry of an index without its file.
var errNotThere = errors.New("is in the index, but not there")

// CheckDir checks all package files of a PKGDIR against their names and, where it
// has one, against the index: CheckFile for each, in the order of their names. Files
// that only the index knows are reported, too. report gets the path relative to dir;
// its error ends the check. The other errors are an unreadable directory and the end
// of ctx.
func CheckDir(ctx context.Context, dir string, o VerifyOptions, limits ImageOptions, report func(path string, v *Verified, entries int, err error) error) error {
	s := &Set{}
	index := s.localIndex(filepath.Join(dir, IndexName))
	files, err := s.listFiles(ctx, dir)
	if err != nil {
		return err
	}
	byPath := index.byPath()
	for _, f := range files {
		one := o
		one.Expect, one.BuildID = f.cpv, f.buildID
		if e := byPath[f.path]; e != nil {
			one.Digests = e.digests()
		}
		delete(byPath, f.path)
		v, entries, err := CheckFile(ctx, f.where(), one, limits)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := report(f.path, v, entries, err); err != nil {
			return err
		}
	}
	if index != nil {
		for i := range index.Packages { // in the order of the index
			path, err := packagePath(index.Packages[i].CPV, entryPath(&index.Packages[i]))
			if err == nil && byPath[path] == nil {
				continue
			}
			if err != nil {
				path = index.Packages[i].CPV.String()
			} else {
				err = errNotThere
				delete(byPath, path)
			}
			err = &VerifyError{Path: filepath.Join(dir, path), Reason: ReasonFormat, Err: err}
			if err := report(path, nil, 0, err); err != nil {
				return err
			}
		}
	}
	for _, p := range s.Problems() {
		if err := report(p.Path, nil, 0, &VerifyError{Path: p.Path, Reason: ReasonFormat, Err: p.Err}); err != nil {
			return err
		}
	}
	return nil
}

func entryPath(e *IndexEntry) string {
	path, _ := lineValue(e.text, "PATH")
	return path
}

// digests are what an entry says of its file.
func (e *IndexEntry) digests() Digests {
	size, _ := lineValue(e.text, "SIZE")
	d := Digests{Size: number(size)}
	d.MD5, _ = lineValue(e.text, "MD5")
	d.SHA1, _ = lineValue(e.text, "SHA1")
	return d
}
