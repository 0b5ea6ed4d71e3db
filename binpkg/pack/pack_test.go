package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/sign"
	"github.com/portsolve/portsolve/internal/shareddata"
)

// file is an entry with its content.
type file struct {
	binpkg.Entry
	data string
}

// list is an image in memory.
type list struct {
	files []file
	now   io.Reader
}

func (l *list) Next() (*binpkg.Entry, error) {
	if len(l.files) == 0 {
		return nil, io.EOF
	}
	f := l.files[0]
	l.files = l.files[1:]
	l.now = strings.NewReader(f.data)
	return &f.Entry, nil
}

func (l *list) Read(p []byte) (int, error) { return l.now.Read(p) }

var built = time.Unix(1700000000, 0).UTC()

// values are the metadata of cat/app-1.
func values() []binpkg.Value {
	return []binpkg.Value{
		{Name: "CATEGORY", Data: []byte("cat\n")}, {Name: "PF", Data: []byte("app-1\n")}, {Name: "SLOT", Data: []byte("0\n")},
		{Name: "EAPI", Data: []byte("8\n")}, {Name: "BUILD_ID", Data: []byte("3")}, {Name: "BUILD_TIME", Data: []byte("1700000000\n")},
		{Name: "SIZE", Data: []byte("5\n")}, {Name: "environment.bz2", Data: []byte("BZh9\x00\xff binary\n\n")}, {Name: "EMPTY"},
	}
}

// files have everything that an image may have.
func files() []file {
	long := strings.Repeat("d", 120) + "/" + strings.Repeat("e", 120) + "/" + strings.Repeat("f", 200)
	dir := func(name string) file {
		return file{Entry: binpkg.Entry{Name: name, Type: binpkg.Directory, Mode: 0o755, ModTime: built}}
	}
	return []file{
		dir("."), dir("usr"), {binpkg.Entry{Name: "usr/tool", Type: binpkg.Regular, Mode: 0o4755, UID: 7, GID: 3000000, Size: 5, ModTime: built}, "hello"},
		{binpkg.Entry{Name: "usr/exact", Type: binpkg.Regular, Mode: 0o644, ModTime: built.Add(123456789)}, ""},
		{binpkg.Entry{Name: "usr/capable", Type: binpkg.Regular, Mode: 0o755, ModTime: built, Xattrs: map[string]string{"security.capability": "\x01\x00\x02", "user.a=b%": "x"}}, ""},
		{binpkg.Entry{Name: "usr/again", Type: binpkg.Hardlink, Linkname: "usr/tool", Mode: 0o4755, UID: 7, GID: 3000000, ModTime: built}, ""},
		{binpkg.Entry{Name: "usr/link", Type: binpkg.Symlink, Linkname: "/etc/passwd", Mode: 0o777, ModTime: built}, ""},
		{binpkg.Entry{Name: "usr/far", Type: binpkg.Symlink, Linkname: long, Mode: 0o777, ModTime: built}, ""},
		{binpkg.Entry{Name: long, Type: binpkg.Regular, Mode: 0o600, Size: 1, ModTime: built}, "x"},
		{binpkg.Entry{Name: "ümlaut \xff -> x", Type: binpkg.Regular, Mode: 0o644, Size: 1, ModTime: built}, "y"},
	}
}

func write(t *testing.T, o Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app-1-3."+o.Format.String())
	o.NoSync = true
	if _, err := Write(context.Background(), path, values(), &list{files: files()}, o); err != nil {
		t.Fatal(err)
	}
	return path
}

// read verifies a package and reads it whole.
func read(t *testing.T, path string, o binpkg.VerifyOptions) (*binpkg.Verified, []file) {
	t.Helper()
	v, err := binpkg.OpenVerified(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	image, err := v.Image(binpkg.ImageOptions{Special: true})
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	var out []file
	for {
		e, err := image.Next()
		if err == io.EOF {
			return v, out
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(image)
		if err != nil {
			t.Fatal(err)
		}
		e.ModTime = e.ModTime.UTC()
		out = append(out, file{*e, string(data)})
	}
}

var compressions = []binpkg.Compression{binpkg.None, binpkg.Gzip, binpkg.Bzip2, binpkg.XZ, binpkg.Zstd, binpkg.LZ4}

func TestRoundTrip(t *testing.T) {
	for _, format := range []binpkg.Format{binpkg.GPKG, binpkg.XPAK} {
		for _, c := range compressions {
			t.Run(fmt.Sprintf("%v-%v", format, c), func(t *testing.T) {
				o := Options{Format: format, Compression: c}
				path := write(t, o)
				v, got := read(t, path, binpkg.VerifyOptions{BuildID: 3})
				if d := cmp.Diff(files(), got, cmp.AllowUnexported(file{})); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff(values(), v.Metadata, cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) })); d != "" {
					t.Error(d)
				}
				first, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				second, err := os.ReadFile(write(t, o))
				if err != nil || !bytes.Equal(first, second) {
					t.Errorf("the same content gave other bytes, %v", err)
				}
			})
		}
	}
}

// TestXPAKMagic: Portage finds out how an XPAK is compressed from its first bytes, and
// knows bzip2 only by "BZh9".
func TestXPAKMagic(t *testing.T) {
	for c, magic := range map[binpkg.Compression]string{
		binpkg.Gzip: "\x1f\x8b", binpkg.Bzip2: "BZh9", binpkg.XZ: "\xfd7zXZ\x00", binpkg.Zstd: "\x28\xb5\x2f\xfd", binpkg.LZ4: "\x04\x22\x4d\x18",
	} {
		for _, level := range []int{0, 1} {
			data, err := os.ReadFile(write(t, Options{Format: binpkg.XPAK, Compression: c, Level: level}))
			if err != nil || !bytes.HasPrefix(data, []byte(magic)) {
				t.Errorf("%v, level %d: %x, %v", c, level, data[:min(len(data), 8)], err)
			}
		}
	}
}

func TestPlainHasNoPAX(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gpkg.tar")
	r, err := Write(context.Background(), path, values(), &list{files: files()}, Options{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, []byte("SCHILY")) || r.LostXattrs != 1 {
		t.Errorf("%d entries lost their attributes, want 1; %v", r.LostXattrs, err)
	}
	_, got := read(t, path, binpkg.VerifyOptions{})
	for _, f := range got {
		if f.ModTime.Nanosecond() != 0 || f.Xattrs != nil {
			t.Errorf("%s: %v %v", f.Name, f.ModTime, f.Xattrs)
		}
	}
}

func TestSigned(t *testing.T) {
	s, err := sign.NewSigner("Test", "test@example.invalid", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, Options{Format: binpkg.GPKG, Compression: binpkg.Zstd, Signer: s})
	v, _ := read(t, path, binpkg.VerifyOptions{Signatures: binpkg.SignatureRequired, Keys: s.Keyring()})
	if v.Signature == nil || v.Signature.Fingerprint != s.Fingerprint() {
		t.Errorf("signed by %v", v.Signature)
	}
	names := []string{}
	for _, m := range v.File.Members {
		names = append(names, strings.TrimPrefix(m.Name, "app-1-3/"))
	}
	want := []string{"gpkg-1", "metadata.tar.zst", "metadata.tar.zst.sig", "image.tar.zst", "image.tar.zst.sig", "Manifest"}
	if !slices.Equal(names, want) {
		t.Errorf("members %q", names)
	}
	if _, err := binpkg.OpenVerified(context.Background(), path, binpkg.VerifyOptions{}); binpkg.ReasonOf(err) != binpkg.ReasonSignature {
		t.Errorf("without keys: %v", err)
	}
	if _, err := Write(context.Background(), path, values(), &list{}, Options{Format: binpkg.XPAK, Signer: s}); err == nil {
		t.Error("an XPAK was signed")
	}
	gpgVerifies(t, path, s)
}

// A package gets signatures, others, and none again; metadata and image stay the same bytes.
func TestSign(t *testing.T) {
	path := write(t, Options{Format: binpkg.GPKG, Compression: binpkg.XZ})
	before, _ := read(t, path, binpkg.VerifyOptions{})
	_, image := before.Content(binpkg.ImageMember)
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"One", "Two", ""} {
		o := Options{NoSync: true}
		check := binpkg.VerifyOptions{}
		if name != "" {
			if o.Signer, err = sign.NewSigner(name, "test@example.invalid", time.Now().Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
			check = binpkg.VerifyOptions{Signatures: binpkg.SignatureRequired, Keys: o.Signer.Keyring()}
		}
		v, err := binpkg.OpenVerified(context.Background(), path, binpkg.VerifyOptions{Signatures: binpkg.SignatureIgnored})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Sign(context.Background(), v, path, o); err != nil {
			t.Fatal(err)
		}
		v.Close()
		after, got := read(t, path, check)
		if _, sum := after.Content(binpkg.ImageMember); sum != image || len(got) != len(files()) || (after.Signature != nil) != (name != "") {
			t.Errorf("%q: %v", name, after.Signature)
		}
	}
	if last, err := os.ReadFile(path); err != nil || !bytes.Equal(last, first) {
		t.Errorf("without signatures it is not what it was: %v", err)
	}
	// What was changed since it was verified is not signed.
	v, err := binpkg.OpenVerified(context.Background(), path, binpkg.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), v.File.Member(binpkg.ImageMember).Offset+20); err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(context.Background(), v, path+".new", Options{}); !errors.Is(err, errChanged) {
		t.Error(err)
	}
	x, _ := read(t, write(t, Options{Format: binpkg.XPAK}), binpkg.VerifyOptions{})
	if _, err := Sign(context.Background(), x, path, Options{}); err == nil {
		t.Error("an XPAK was signed")
	}
}

// gpgVerifies lets gpg check what we signed.
func gpgVerifies(t *testing.T, path string, s *sign.Signer) {
	for _, tool := range []string{"gpg", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir, err := os.MkdirTemp("", "gpg") // the agent's socket needs a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	run := func(name string, args ...string) string {
		t.Helper()
		c := exec.Command(name, args...)
		c.Env = append(os.Environ(), "GNUPGHOME="+dir)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	var key bytes.Buffer
	if err := s.PublicKey(&key); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key.asc"), key.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	run("gpg", "--batch", "--import", "key.asc")
	run("tar", "-xf", path)
	for _, args := range [][]string{{"app-1-3/Manifest"}, {"app-1-3/image.tar.zst.sig", "app-1-3/image.tar.zst"}, {"app-1-3/metadata.tar.zst.sig", "app-1-3/metadata.tar.zst"}} {
		out := run("gpg", append([]string{"--batch", "--status-fd", "1", "--verify"}, args...)...)
		if !strings.Contains(out, "GOODSIG") {
			t.Errorf("%q: %s", args, out)
		}
	}
}

// GNU tar lists and unpacks both containers and the image in them.
func TestTarReadsIt(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("tar is not installed")
	}
	dir := t.TempDir()
	untar := func(archive string, args ...string) string {
		t.Helper()
		c := exec.Command("tar", append(args, "-f", archive)...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("tar %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	untar(write(t, Options{Format: binpkg.GPKG}), "-x")
	checkTree := func(root string) {
		t.Helper()
		for _, f := range files() {
			if f.Type != binpkg.Regular {
				continue
			}
			data, err := os.ReadFile(filepath.Join(root, f.Name))
			if err != nil || string(data) != f.data {
				t.Errorf("%s: %q, %v", f.Name, data, err)
			}
		}
		if to, err := os.Readlink(filepath.Join(root, "usr/link")); to != "/etc/passwd" {
			t.Errorf("%q, %v", to, err)
		}
		if st, err := os.Stat(filepath.Join(root, "usr/exact")); err != nil || !st.ModTime().Equal(built.Add(123456789)) {
			t.Errorf("%v, %v", st, err)
		}
	}
	untar(filepath.Join(dir, "app-1-3", "image.tar"), "-x", "--no-same-owner")
	checkTree(filepath.Join(dir, "image"))
	if list := untar(filepath.Join(dir, "app-1-3", "metadata.tar"), "-t"); !strings.HasPrefix(list, "metadata/CATEGORY\nmetadata/PF\n") {
		t.Errorf("metadata: %s", list)
	}
	// tar takes the tar in front of an XPAK block as it is.
	dir = t.TempDir()
	untar(write(t, Options{Format: binpkg.XPAK}), "-x", "--no-same-owner")
	checkTree(dir)
}

// broken fails in the middle of an image.
type broken struct{ list }

func (b *broken) Next() (*binpkg.Entry, error) {
	e, err := b.list.Next()
	if err == io.EOF {
		err = fs.ErrPermission
	}
	return e, err
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app-1-3.gpkg.tar")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	one := func(size int64, data string, kind binpkg.EntryType) Image {
		return &list{files: []file{{binpkg.Entry{Name: "f", Type: kind, Size: size}, data}}}
	}
	for name, image := range map[string]func() Image{
		"unreadable": func() Image { return &broken{list{files: files()}} },
		"grown":      func() Image { return one(1, "longer", binpkg.Regular) },
		"shrunk":     func() Image { return one(9, "short", binpkg.Regular) },
		"socket":     func() Image { return one(0, "", 0) },
	} {
		for _, o := range []Options{{Format: binpkg.GPKG}, {Format: binpkg.XPAK, Compression: binpkg.Zstd}} {
			if _, err := Write(context.Background(), path, values(), image(), o); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Write(ctx, path, values(), &list{files: files()}, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, bad := range [][]binpkg.Value{nil, append(values(), binpkg.Value{Name: "../evil"}), append(values(), values()[0])} {
		if _, err := Write(context.Background(), path, bad, &list{}, Options{}); err == nil {
			t.Errorf("metadata %v was written", bad)
		}
	}
	if _, err := Write(context.Background(), path, values(), &list{}, Options{Compression: binpkg.Lzop}); err == nil || !strings.Contains(err.Error(), "lzop cannot be written") {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if data, _ := os.ReadFile(path); err != nil || len(left) != 1 || string(data) != "old" {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Every good package of the shared data is written again, mostly in both formats.
func TestSharedRoundTrip(t *testing.T) {
	dir := shareddata.Path()
	if _, err := os.Stat(filepath.Join(dir, "binpkgs")); err != nil {
		t.Skipf("no shared data: %v", err)
	}
	var paths []string
	for _, sub := range []string{"single/*/*", "merge-pkgdir/*/*/*"} {
		found, err := filepath.Glob(filepath.Join(dir, "binpkgs", sub))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	n := 0
	for _, path := range paths {
		if strings.Contains(path, "-lzop/") || !binpkg.IsPackageName(path) {
			continue // cannot be unpacked here
		}
		v, want := read(t, path, binpkg.VerifyOptions{Signatures: binpkg.SignatureIgnored})
		formats := []binpkg.Format{binpkg.XPAK, binpkg.GPKG}
		if strings.Contains(path, "merge-pkgdir") {
			formats = formats[:1] // all are GPKG
		}
		for _, format := range formats {
			image, err := v.Image(binpkg.ImageOptions{Special: true})
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(t.TempDir(), "x")
			if _, err := Write(context.Background(), to, v.Metadata, image, Options{Format: format, Compression: binpkg.LZ4, NoSync: true}); err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			back, got := read(t, to, binpkg.VerifyOptions{Expect: v.CPV, BuildID: v.BuildID, Signatures: binpkg.SignatureIgnored})
			if !slices.EqualFunc(v.Metadata, back.Metadata, func(a, b binpkg.Value) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }) {
				t.Errorf("%s as %v: other metadata", path, format)
			}
			if len(got) > 0 && len(want) > 0 && got[0].Name == "." && want[0].Name != "." {
				got = got[1:] // made up for quickpkg's images, which lack it
			}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(file{})); d != "" {
				t.Errorf("%s as %v: %s", path, format, d)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d packages", n)
	}
}
