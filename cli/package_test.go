package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dsnet/compress/bzip2"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/pack"
)

// cmdPackage is "package PKGDIR cat/pkg-1 IMAGE [NAME=VALUE]…": it makes a binary
// package of the files below IMAGE ("none": without files) and adds it to the index of PKGDIR.
// ENVIRONMENT=FILE is its saved environment, by default nothing.
func cmdPackage(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: package PKGDIR cat/pkg-version IMAGE [NAME=VALUE]...")
	}
	image := ""
	if args[2] != "none" {
		image = ts.MkAbs(args[2])
	}
	environment, pairs := "", []string{}
	for _, pair := range args[3:] {
		if file, ok := strings.CutPrefix(pair, "ENVIRONMENT="); ok {
			environment = ts.ReadFile(file)
		} else {
			pairs = append(pairs, pair)
		}
	}
	ts.Check(makePackage(ts.MkAbs(args[0]), args[1], image, environment, pairs))
}

// environmentOf is a saved environment as environment.bz2.
func environmentOf(text string) ([]byte, error) {
	var b bytes.Buffer
	z, err := bzip2.NewWriter(&b, nil)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write([]byte(text)); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

func makePackage(pkgdir, cpv, image, environment string, pairs []string) error {
	category, pf, _ := strings.Cut(cpv, "/")
	values := withDefaults(pairs, "CATEGORY", category, "PF", pf, "repository", "gentoo", "BUILD_TIME", "1000", "BUILD_ID", "1",
		"DEFINED_PHASES", "-", "CHOST", "x86_64-pc-linux-gnu", "USE", "amd64", "IUSE", "")
	var list []binpkg.Value
	record := "CPV: " + cpv + "\n"
	for _, name := range sortedNames(values) {
		text := strings.ReplaceAll(values[name], "~", " ")
		list = append(list, binpkg.Value{Name: name, Data: []byte(text + "\n")})
		if name != "CATEGORY" && name != "PF" && name != "repository" && text != "" {
			record += name + ": " + text + "\n"
		}
	}
	if err := os.MkdirAll(filepath.Join(pkgdir, category), 0o755); err != nil {
		return err
	}
	env, err := environmentOf(environment)
	if err != nil {
		return err
	}
	list = append(list, binpkg.Value{Name: "environment.bz2", Data: env})
	path := category + "/" + pf + "-1.gpkg.tar"
	files, err := readImage(image)
	if err != nil {
		return err
	}
	res, err := pack.Write(context.Background(), filepath.Join(pkgdir, path), list, files, pack.Options{Compression: binpkg.Gzip, NoSync: true})
	if err != nil {
		return err
	}
	record += fmt.Sprintf("MD5: %s\nSHA1: %s\nSIZE: %d\nPATH: %s\nREPO: gentoo\n\n", res.MD5, res.SHA1, res.Size, path)
	return appendIndex(filepath.Join(pkgdir, "Packages"), record)
}

func sortedNames(m map[string]string) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func appendIndex(path, record string) error {
	old, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		old, err = []byte("PACKAGES: 0\nTIMESTAMP: 1\nVERSION: 0\n\n"), nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(old, record...), 0o644)
}

// imageFiles is a directory as an image.
type imageFiles struct {
	dir     string
	entries []binpkg.Entry
	content io.Reader
}

func readImage(dir string) (*imageFiles, error) {
	f := &imageFiles{dir: dir}
	if dir == "" {
		return f, nil
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		var st syscall.Stat_t
		if err := syscall.Lstat(path, &st); err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		e := binpkg.Entry{Name: name, Mode: uint32(st.Mode & 0o7777), UID: st.Uid, GID: st.Gid, ModTime: time.Unix(1700000000, 0)}
		switch {
		case d.IsDir():
			e.Type = binpkg.Directory
		case d.Type() == fs.ModeSymlink:
			e.Type = binpkg.Symlink
			if e.Linkname, err = os.Readlink(path); err != nil {
				return err
			}
		default:
			e.Type, e.Size = binpkg.Regular, st.Size
		}
		f.entries = append(f.entries, e)
		return nil
	})
	return f, err
}

// Next implements pack.Image.
func (f *imageFiles) Next() (*binpkg.Entry, error) {
	if len(f.entries) == 0 {
		return nil, io.EOF
	}
	e := f.entries[0]
	f.entries = f.entries[1:]
	f.content = strings.NewReader("")
	if e.Type == binpkg.Regular {
		text, err := os.ReadFile(filepath.Join(f.dir, e.Name))
		if err != nil {
			return nil, err
		}
		f.content = strings.NewReader(string(text))
	}
	return &e, nil
}

func (f *imageFiles) Read(p []byte) (int, error) { return f.content.Read(p) }

// A package that the tests make is a good one.
func TestMakePackage(t *testing.T) {
	dir := t.TempDir()
	if err := makePackage(dir, "a/b-1", "", "", []string{"SLOT=0"}); err != nil {
		t.Fatal(err)
	}
	if _, err := binpkg.OpenFile(filepath.Join(dir, "a/b-1.gpkg.tar")); err == nil {
		t.Fatal("the name has a build number")
	}
	f, err := binpkg.OpenFile(filepath.Join(dir, "a/b-1-1.gpkg.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := f.Package()
	if err != nil || p.CPV.String() != "a/b-1" {
		t.Errorf("%v %v", p, err)
	}
}
