package binpkg

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve/atom"
)

// open verifies content that is not in a file.
func verifyBytes(data []byte, o VerifyOptions) (*Verified, error) {
	f, err := NewFile(bytes.NewReader(data), int64(len(data)), "p")
	if err != nil {
		return nil, err
	}
	return f.Verify(context.Background(), o)
}

// entriesOfImage reads an image to its end.
func entriesOfImage(v *Verified, o ImageOptions) ([]*Entry, error) {
	image, err := v.Image(o)
	if err != nil {
		return nil, err
	}
	defer image.Close()
	var out []*Entry
	for {
		e, err := image.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
}

// Whatever bit of a GPKG's members changes is noticed before anything is unpacked.
func TestEveryChangedByteIsNoticed(t *testing.T) {
	good := sealed(t, Zstd, vars())
	if _, err := verifyBytes(good, VerifyOptions{}); err != nil {
		t.Fatal(err)
	}
	f, err := NewFile(bytes.NewReader(good), int64(len(good)), "p")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range f.Members {
		for at := m.Offset; at < m.Offset+m.Size; at += 7 {
			bad := bytes.Clone(good)
			bad[at] ^= 0x20
			if _, err := verifyBytes(bad, VerifyOptions{}); err == nil {
				// A Manifest may change in white space and in the case of hexadecimal digits.
				if m.Kind != ManifestMember || !bytes.EqualFold(bad, good) {
					t.Errorf("%s: byte %d changed, and nothing was noticed", m.Name, at-m.Offset)
				}
			}
		}
	}
	for cut := len(good) - 1; cut > 0; cut -= 97 {
		v, err := verifyBytes(good[:cut], VerifyOptions{})
		if err == nil && cut < int(f.Members[3].Offset+f.Members[3].Size) {
			t.Errorf("cut at %d: %v", cut, v.CPV)
		}
	}
}

func TestIndexDigests(t *testing.T) {
	data := makeXPAK(makeTar(t, tarFile{name: "./f"}), vars())
	good, err := verifyBytes(data, VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		d    Digests
		want Reason
	}{
		"all":        {Digests{int64(len(data)), strings.ToUpper(good.MD5), good.SHA1}, ""},
		"other size": {Digests{Size: 5}, ReasonChecksum},
		"other MD5":  {Digests{MD5: strings.Repeat("0", 32)}, ReasonChecksum},
		"other SHA1": {Digests{MD5: good.MD5, SHA1: "x"}, ReasonChecksum},
	} {
		if _, err := verifyBytes(data, VerifyOptions{Digests: tt.d}); ReasonOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestIdentityAndMetadata(t *testing.T) {
	other := atom.CPV{CP: atom.CP{Category: "cat", Package: "app"}}
	for name, tt := range map[string]struct {
		values []Value
		o      VerifyOptions
		want   Reason
	}{
		"as expected":    {vars(), VerifyOptions{Expect: mustCPV(t, "cat/app-1"), BuildID: 4}, ""},
		"other version":  {vars(), VerifyOptions{Expect: mustCPV(t, "cat/app-2")}, ReasonIdentity},
		"no version":     {vars(), VerifyOptions{Expect: other}, ReasonIdentity},
		"other build":    {vars(Value{"BUILD_ID", []byte("3")}), VerifyOptions{BuildID: 4}, ReasonIdentity},
		"no SLOT":        {vars(Value{"SLOT", []byte("\n")}), VerifyOptions{}, ReasonMetadata},
		"no environment": {vars(Value{"environment.bz2", nil}), VerifyOptions{}, ReasonMetadata},
		"unknown EAPI":   {vars(Value{"EAPI", []byte("99")}), VerifyOptions{}, ReasonMetadata},
		"broken SLOT":    {vars(Value{"SLOT", []byte("a b c")}), VerifyOptions{}, ReasonMetadata},
		"bad PF":         {vars(Value{"PF", []byte("..")}), VerifyOptions{}, ReasonFormat},
		"stripped":       {vars(Value{"FEATURES", []byte("x binpkg-signing y")}), VerifyOptions{}, ReasonUnsigned},
		"ignored":        {vars(Value{"FEATURES", []byte("x binpkg-signing y")}), VerifyOptions{Signatures: SignatureIgnored}, ""},
		"from ROOT":      {vars(Value{"FEATURES", []byte("binpkg-signing")}, Value{"COUNTER", []byte("7")}), VerifyOptions{}, ""},
		"required":       {vars(), VerifyOptions{Signatures: SignatureRequired}, ReasonUnsigned},
	} {
		if _, err := verifyBytes(sealed(t, None, tt.values), tt.o); ReasonOf(err) != tt.want || tt.want == "" && err != nil {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestPolicyFor(t *testing.T) {
	yes, no := true, false
	for _, tt := range []struct {
		features string
		host     *bool
		want     SignaturePolicy
	}{
		{"", nil, SignatureIfPresent}, {"binpkg-request-signature", nil, SignatureRequired}, {"", &yes, SignatureRequired},
		{"binpkg-request-signature", &no, SignatureIfPresent}, {"binpkg-ignore-signature", &yes, SignatureIgnored},
		{"binpkg-request-signature binpkg-ignore-signature", nil, SignatureIgnored},
	} {
		has := func(name string) bool { return strings.Contains(" "+tt.features+" ", " "+name+" ") }
		if got := PolicyFor(has, tt.host); got != tt.want {
			t.Errorf("%q, %v: %d, want %d", tt.features, tt.host, got, tt.want)
		}
	}
}

// A file that is changed after it was verified is noticed at the latest when its
// image ends, whatever was changed and however.
func TestChangedWhileUnpacking(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	for _, c := range []Compression{None, Gzip, Zstd, LZ4, XZ} {
		path := filepath.Join(t.TempDir(), "app-1.tbz2")
		image := compress(t, c, makeTar(t, tarFile{name: "./a", data: content}, tarFile{name: "./b", data: []byte("end")}))
		other := bytes.Clone(content)
		other[len(other)/2] ^= 1
		changed := compress(t, c, makeTar(t, tarFile{name: "./a", data: other}, tarFile{name: "./b", data: []byte("end")}))
		if err := os.WriteFile(path, makeXPAK(image, vars(Value{"SIZE", []byte("2000000")})), 0o644); err != nil {
			t.Fatal(err)
		}
		v, err := OpenVerified(context.Background(), path, VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entriesOfImage(v, ImageOptions{}); err != nil {
			t.Errorf("%v: %v", c, err)
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(changed[:min(len(changed), len(image))], 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
		_, err = entriesOfImage(v, ImageOptions{})
		if len(changed) == len(image) && ReasonOf(err) != ReasonChanged || err == nil {
			t.Errorf("%v: %v", c, err)
		}
		if err := os.Truncate(path, 100); err != nil {
			t.Fatal(err)
		}
		if _, err := entriesOfImage(v, ImageOptions{}); err == nil {
			t.Errorf("%v: a truncated file was read to its end", c)
		}
		if _, err := v.File.Verify(context.Background(), VerifyOptions{}); ReasonOf(err) != ReasonChanged {
			t.Errorf("%v: %v", c, err)
		}
		v.Close()
	}
}

// tree makes an XPAK of tar headers.
func imageOf(t testing.TB, size string, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Mode == 0 && h.Typeflag != tar.TypeXGlobalHeader {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return makeXPAK(compress(t, Zstd, b.Bytes()), vars(Value{"SIZE", []byte(size)}))
}

func TestEntries(t *testing.T) {
	reg := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeReg} }
	dir := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeDir} }
	sym := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
	}
	hard := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
	}
	long := strings.Repeat("n", 256)
	tests := map[string]struct {
		headers []*tar.Header
		want    string // part of the error, "" none
	}{
		"plain":                  {[]*tar.Header{dir("./"), dir("./usr/"), reg("./usr//a"), hard("./b", "./usr/a"), sym("c", "../../etc")}, ""},
		"no directories":         {[]*tar.Header{reg("usr/share/a"), dir("usr/share"), reg("usr/b")}, ""},
		"link to a link":         {[]*tar.Header{sym("a", "/etc/passwd"), hard("b", "a")}, ""},
		"up":                     {[]*tar.Header{reg("a/../../b")}, `"a/../../b": a name with ".."`},
		"up at the end":          {[]*tar.Header{dir("a/..")}, `a name with ".."`},
		"absolute":               {[]*tar.Header{reg("/etc/x")}, "absolute name"},
		"twice":                  {[]*tar.Header{reg("a"), reg("./a")}, "twice"},
		"directory twice":        {[]*tar.Header{dir("a"), dir("a/")}, "twice"},
		"root twice":             {[]*tar.Header{dir("./"), dir(".")}, "twice"},
		"below a link":           {[]*tar.Header{sym("l", "/tmp"), reg("l/x")}, `it lies below "l", which is a symbolic link`},
		"deep below a link":      {[]*tar.Header{dir("a"), sym("a/l", "."), reg("a/l/b/c/d")}, `it lies below "a/l"`},
		"below a file":           {[]*tar.Header{reg("f"), reg("f/x")}, `it lies below "f", which is a file`},
		"a link behind":          {[]*tar.Header{reg("l/x"), sym("l", "/tmp")}, "a symbolic link where other entries need a directory"},
		"root is a link":         {[]*tar.Header{sym(".", "/tmp")}, "the root cannot be a symbolic link"},
		"hard link to nothing":   {[]*tar.Header{hard("a", "b")}, `a hard link to "b", which is not in the image before it`},
		"hard link to itself":    {[]*tar.Header{hard("a", "a")}, "not in the image before it"},
		"hard link outside":      {[]*tar.Header{hard("a", "/etc/shadow")}, "not in the image"},
		"hard link up":           {[]*tar.Header{hard("a", "../x")}, "not in the image"},
		"hard link to directory": {[]*tar.Header{dir("d"), hard("a", "d")}, "a hard link to the directory"},
		"device":                 {[]*tar.Header{{Name: "null", Typeflag: tar.TypeChar, Devmajor: 1}}, "hardware"},
		"long name":              {[]*tar.Header{reg(long)}, "no file name may have more than 255"},
		"long path":              {[]*tar.Header{reg(strings.Repeat("d/", 2100) + "x")}, "no path may have more than 4095"},
		"many bytes":             {[]*tar.Header{{Name: "big", Typeflag: tar.TypeReg, Size: 64<<20 + 900}}, "larger than"},
		"global header":          {[]*tar.Header{{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "x"}}}, "cannot be installed"},
		"user ID":                {[]*tar.Header{{Name: "a", Typeflag: tar.TypeReg, Uid: 1<<32 - 1}}, "no user or group ID"},
	}
	for name, tt := range tests {
		v, err := verifyBytes(imageOf(t, "100", tt.headers...), VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = entriesOfImage(v, ImageOptions{})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || ReasonOf(err) != ReasonImage):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// What is refused can be allowed, and more can be refused.
func TestImageOptions(t *testing.T) {
	var headers []*tar.Header
	for i := range 10 {
		headers = append(headers, &tar.Header{Name: fmt.Sprintf("d/f%d", i), Typeflag: tar.TypeReg, Size: 1000})
	}
	headers = append(headers, &tar.Header{Name: "null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3})
	v, err := verifyBytes(imageOf(t, "x", headers...), VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := entriesOfImage(v, ImageOptions{Special: true, MaxBytes: 10000})
	if err != nil || len(all) != 11 || all[10].Minor != 3 || all[10].Type != CharDevice {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := entriesOfImage(v, ImageOptions{Special: true, MaxBytes: 9999}); err == nil || !strings.Contains(err.Error(), "larger than the 9999 bytes") {
		t.Error(err)
	}
	if _, err := entriesOfImage(v, ImageOptions{Special: true, MaxEntries: 5}); err == nil || !strings.Contains(err.Error(), "more than 5 entries") {
		t.Error(err)
	}
}

// A few KiB that unpack to headers without end.
func TestHeaderBomb(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range 70 {
		h := &tar.Header{Name: fmt.Sprint(i), Typeflag: tar.TypeReg, Format: tar.FormatPAX, PAXRecords: map[string]string{"X.y": strings.Repeat("a", 1<<20-100)}}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	v, err := verifyBytes(makeXPAK(compress(t, Zstd, b.Bytes()), vars(Value{"SIZE", []byte("0")})), VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entriesOfImage(v, ImageOptions{}); err == nil || !strings.Contains(err.Error(), "far more than the package says") {
		t.Error(err)
	}
}

func TestManifest(t *testing.T) {
	sum := strings.Repeat("0a", 64)
	good := "DATA a 5 SHA512 " + sum + " BLAKE2B " + strings.ToUpper(sum)
	for text, want := range map[string]string{
		"": "", good + "\n": "", "\n" + good + " MD5 x\n\n": "",
		good + "\n" + good:                      "line 2: \"a\" is listed twice",
		"MISC" + good[4:]:                       "is not of the form",
		"DATA a":                                "is not of the form",
		good + " MD5":                           "is not of the form",
		strings.Replace(good, " 5 ", " -5 ", 1): "is no size",
		strings.Replace(good, " 5 ", " x ", 1):  "is no size",
		"DATA a 5 SHA512 " + sum:                "needs both",
		strings.Replace(good, "0a", "zz", 1):    "no such checksum",
		good + " SHA512 " + sum:                 "no such checksum",
		"DATA a 5 SHA512 0a BLAKE2B " + sum:     "no such checksum",
	} {
		_, err := parseManifest([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
}

func TestVerifyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := filepath.Join(t.TempDir(), "app-1.tbz2")
	if err := os.WriteFile(path, makeXPAK(makeTar(t, tarFile{name: "./f"}), vars()), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVerified(ctx, path, VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(manifestLine("gpkg-1", nil) + manifestLine("image.tar", []byte("x"))))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := parseManifest(text)
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.size < 0 || len(e.sha512) != 128 || len(e.blake2b) != 128 || e.name == "" {
				t.Errorf("%+v", e)
			}
		}
	})
}

// FuzzImage: no tar gives names that lead out of ROOT, come twice, or lie below a link.
func FuzzImage(f *testing.F) {
	f.Add(makeTar(f, tarFile{name: "./a/b", data: []byte("x")}, tarFile{name: "./l", data: []byte("/etc"), kind: tar.TypeSymlink}))
	f.Add(makeTar(f, tarFile{name: "a", data: []byte("b"), kind: tar.TypeLink}))
	f.Fuzz(func(t *testing.T, image []byte) {
		v, err := verifyBytes(makeXPAK(image, vars(Value{"SIZE", []byte("100")})), VerifyOptions{Time: time.Unix(1, 0)})
		if err != nil {
			return
		}
		entries, _ := entriesOfImage(v, ImageOptions{MaxEntries: 100})
		seen := map[string]EntryType{}
		for _, e := range entries {
			if _, twice := seen[e.Name]; twice || e.Name != "." && !filepath.IsLocal(e.Name) || filepath.Clean(e.Name) != e.Name {
				t.Errorf("entry %q", e.Name)
			}
			seen[e.Name] = e.Type
			for dir := filepath.Dir(e.Name); dir != "."; dir = filepath.Dir(dir) {
				if kind, there := seen[dir]; there && kind != Directory {
					t.Errorf("%q lies below the %v %q", e.Name, kind, dir)
				}
			}
		}
	})
}
