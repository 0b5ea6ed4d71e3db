package binpkg

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/shareddata"
)

// shared is a directory of the shared test data, or the test is skipped.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	dir := shareddata.Path(elem...)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the shared data is not at %s (set PORTSOLVE_SHARED)", dir)
	}
	return dir
}

// golden is what expected.json says of one package.
type golden struct {
	Size    int64
	Format  string
	Members []struct {
		Name string
		Size int64
	}
	Metadata    map[string]json.RawMessage
	Compression string  // of XPAK
	Image       [][]any `json:"image_tar"`
	MD5         string
	Xattrs      map[string]map[string]string `json:"extracted_xattr"`
}

func readGolden(t *testing.T, dir string) map[string]golden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]golden
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestGoldenPackages(t *testing.T) {
	dir := shared(t, "binpkgs")
	for name, want := range readGolden(t, dir) {
		f, err := OpenFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Format.String() != want.Format || f.Size != want.Size {
			t.Errorf("%s: %v of %d bytes, want %s of %d", name, f.Format, f.Size, want.Format, want.Size)
		}
		for i, m := range want.Members {
			if i >= len(f.Members) || f.Members[i].Name != m.Name || f.Members[i].Size != m.Size {
				t.Errorf("%s: members %v, want %v", name, f.Members, want.Members)
				break
			}
		}
		compareMetadata(t, name, f, want.Metadata)
		compareImage(t, name, f, &want)
		f.Close()
	}
}

// compareMetadata: expected.json has the text of values, or the size and MD5 of long ones.
func compareMetadata(t *testing.T, name string, f *File, want map[string]json.RawMessage) {
	values, err := f.Metadata()
	if err != nil {
		t.Error(err)
		return
	}
	if len(values) != len(want) {
		t.Errorf("%s: %d values, want %d", name, len(values), len(want))
	}
	for _, v := range values {
		var text string
		var sum struct{ Size int }
		if json.Unmarshal(want[v.Name], &text) == nil {
			if text != string(v.Data) {
				t.Errorf("%s: %s is %q, want %q", name, v.Name, v.Data, text)
			}
		} else if err := json.Unmarshal(want[v.Name], &sum); err != nil || sum.Size != len(v.Data) {
			t.Errorf("%s: %s has %d bytes, want %s", name, v.Name, len(v.Data), want[v.Name])
		}
	}
}

// compareImage lists the members of the image: name, type, size and target.
func compareImage(t *testing.T, name string, f *File, want *golden) {
	in, err := f.RawImage()
	var codec *CodecError
	if errors.As(err, &codec) && codec.Compression == Lzop && want.Compression == "lzop" {
		return // the one codec that is only named
	}
	if err != nil {
		t.Error(err)
		return
	}
	defer in.Close()
	if c := f.Member(ImageMember).Compression; f.Format == XPAK && want.Compression != "" && c.String() != want.Compression {
		t.Errorf("%s: compressed with %v, want %s", name, c, want.Compression)
	}
	var got, expected []string
	for _, m := range want.Image {
		expected = append(expected, fmt.Sprint(m[0], m[1], m[5], m[7]))
	}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Errorf("%s: image: %v", name, err)
			return
		}
		kind := map[byte]string{tar.TypeReg: "file", tar.TypeDir: "dir", tar.TypeSymlink: "sym", tar.TypeLink: "hard", tar.TypeFifo: "fifo"}[h.Typeflag]
		got = append(got, fmt.Sprint(strings.TrimSuffix(h.Name, "/"), kind, float64(h.Size), h.Linkname))
	}
	slices.Sort(got)
	slices.Sort(expected)
	if d := cmp.Diff(expected, got); d != "" {
		t.Errorf("%s: image: %s", name, d)
	}
}

// Files whose structure or metadata alone is reason enough to refuse them; the
// others of that directory need checksums, signatures or a look at the image.
func TestBadGoldenPackages(t *testing.T) {
	dir := shared(t, "binpkgs", "negative")
	refused := strings.Fields(`absolute-members duplicate-member empty-file garbage metadata-other-name metadata-subdir
		metadata-symlink metadata-traversal missing-manifest nested-members no-directory no-image no-metadata no-version-member
		signed-tampered-metadata tampered-metadata truncated-half truncated-in-manifest two-directories two-images version-2
		xpak-bad-offset xpak-bad-stop xpak-index-out-of-range xpak-meta-absolute xpak-meta-traversal xpak-no-trailer xpak-truncated`)
	paths, err := filepath.Glob(filepath.Join(dir, "*.[gx]*k*"))
	if err != nil || len(paths) != 87 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		stem, _ := cutSuffix(filepath.Base(path))
		cpv := atom.CPV{}
		f, err := OpenFile(path)
		if err == nil {
			if _, err = f.Metadata(); err == nil {
				if p, perr := f.Package(); perr != nil {
					err = perr
				} else {
					cpv = p.CPV
				}
			}
			f.Close()
		}
		if stem == "metadata-other-name" { // known by what the file is called, see TestBrokenFilesAreProblems
			if err != nil || cpv.String() == "app-mc/tiny-1" {
				t.Errorf("%s: %v, %v", stem, cpv, err)
			}
			continue
		}
		if want := slices.Contains(refused, stem); want != (err != nil) {
			t.Errorf("%s: %v, want an error: %v", stem, err, want)
		}
	}
}

// Whole PKGDIRs: what the index says of a package is what its file says.
func TestGoldenIndexes(t *testing.T) {
	ctx := context.Background()
	dir := shared(t, "binpkgs")
	for _, name := range []string{"merge-pkgdir", "merge-pkgdir-xpak", "pkgdir-gpkg-multi", "pkgdir-gpkg-nomulti", "pkgdir-mixed", "pkgdir-xpak-multi", "pkgdir-xpak-nomulti"} {
		byIndex, err := Open(ctx, Options{PkgDir: filepath.Join(dir, name), TrustIndex: true, MultiInstance: true})
		if err != nil {
			t.Fatal(err)
		}
		want, _ := byIndex.All(ctx)
		if len(want) == 0 || len(byIndex.Problems()) > 0 {
			t.Errorf("%s: %d packages, %v", name, len(want), byIndex.Problems())
		}
		for _, w := range want {
			f, err := OpenFile(w.File)
			if err != nil {
				t.Error(err)
				continue
			}
			p, err := f.Package()
			if err != nil {
				t.Error(err)
				continue
			}
			for _, key := range []string{"EAPI", "SLOT", "KEYWORDS", "RDEPEND", "IUSE", "BUILD_ID", "BUILD_TIME", "SIZE", "repository", "LICENSE"} {
				a, b := w.Var(key), p.Var(key)
				if a == "" && key == "EAPI" {
					a = "0"
				}
				if a != b {
					t.Errorf("%s: %s is %q in the index, %q in the file", w.File, key, a, b)
				}
			}
			f.Close()
		}
	}
}

func TestRealBinhosts(t *testing.T) {
	ctx := context.Background()
	dir := shared(t, "binhost")
	twice := map[string]int{"amd64-2023-clang": 3} // packages with a second, equal record
	for name, want := range map[string]int{"amd64-2023-clang": 161, "amd64-2017-kde": 1448} {
		x, err := ReadIndex(filepath.Join(dir, name+".Packages"))
		if err != nil || len(x.Packages) != want || len(x.Problems) > 0 || !x.Whole {
			t.Errorf("%s: %d packages, %v, %v", name, len(x.Packages), x.Problems, err)
			continue
		}
		host := t.TempDir()
		data, err := os.ReadFile(x.Path)
		if err != nil {
			t.Fatal(err)
		}
		put(t, host, IndexName, data)
		s, err := Open(ctx, Options{Hosts: []Host{{Name: name, URI: "https://example.invalid/", Dir: host}}, MultiInstance: true})
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.All(ctx)
		if err != nil || s.Len() != want || len(all) != want-twice[name] || len(s.Problems()) > 0 {
			t.Errorf("%s: %d packages, %v, %v", name, len(all), s.Problems(), err)
		}
		for _, p := range all {
			if p.Invalid != nil || p.EAPI == nil || p.Repo == "" || !p.Remote || p.BuildTime == 0 || p.Var("CHOST") == "" {
				t.Errorf("%s: %v %v %q", p.CPV, p.Invalid, p.EAPIName, p.Repo)
			}
			if err := p.Validate(); err != nil {
				t.Errorf("%v: %v", p.CPV, err)
			}
		}
	}
}

func BenchmarkOpenIndex(b *testing.B) {
	ctx := context.Background()
	var text strings.Builder
	for i := range 1500 {
		text.WriteString(record(fmt.Sprintf("cat/p%d-1", i), "RDEPEND: "+strings.Repeat("cat/library:= ", 60), "USE: a b c", "SIZE: 1"))
	}
	dir := b.TempDir()
	put(b, dir, IndexName, indexText(text.String()))
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(ctx, Options{PkgDir: dir, TrustIndex: true})
		if err != nil || s.Len() != 1500 {
			b.Fatal(s.Len(), err)
		}
	}
}
