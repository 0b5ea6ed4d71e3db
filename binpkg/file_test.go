package binpkg

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(data []byte) (*File, error) { return NewFile(bytes.NewReader(data), int64(len(data)), "x") }

func sameValues(a, b []Value) bool {
	return slices.EqualFunc(a, b, func(x, y Value) bool { return x.Name == y.Name && bytes.Equal(x.Data, y.Data) })
}

func TestFormatsAndCodecs(t *testing.T) {
	values := vars()
	for _, c := range []Compression{None, Gzip, XZ, Zstd, LZ4, Lzip} {
		image := compress(t, c, makeTar(t, tarFile{name: "./etc/f", data: []byte("text")}))
		for format, data := range map[Format][]byte{XPAK: makeXPAK(image, values), GPKG: makeGPKG(t, c, values)} {
			f, err := open(data)
			if err != nil {
				t.Errorf("%v, %v: %v", format, c, err)
				continue
			}
			got, err := f.Metadata()
			if err != nil || !sameValues(got, values) {
				t.Errorf("%v, %v: values %v, %v", format, c, got, err)
			}
			if f.Format != format || f.Member(ImageMember).Compression != c {
				t.Errorf("%v, %v: told as %v, %v", format, c, f.Format, f.Member(ImageMember).Compression)
			}
			r, err := f.RawImage()
			if err != nil {
				t.Error(err)
				continue
			}
			h, err := tar.NewReader(r).Next()
			if err != nil || !strings.HasSuffix(h.Name, "/etc/f") {
				t.Errorf("%v, %v: image %v, %v", format, c, h, err)
			}
			r.Close()
		}
	}
}

func TestPackage(t *testing.T) {
	for _, data := range [][]byte{makeXPAK(nil, vars()), makeGPKG(t, Zstd, vars())} {
		f, err := open(data)
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Package()
		if err != nil {
			t.Fatal(err)
		}
		got := []any{p.CPV.String(), p.Slot, p.SubSlot, p.Repo, []string(p.Use), p.BuildTime, p.Var("RDEPEND"), p.Var("environment.bz2"), p.Invalid}
		want := []any{"cat/app-1", "2", "3", "test", []string{"b"}, int64(1700000000), "cat/lib cat/other:=", "", nil}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

// Every lzip member counts, and its trailer is checked.
func TestLzipMembers(t *testing.T) {
	one, two := makeLzip(t, []byte("one ")), makeLzip(t, []byte("two"))
	read := func(data []byte) (string, error) {
		r, err := decompress(Lzip, bytes.NewReader(data))
		if err != nil {
			return "", err
		}
		b, err := io.ReadAll(r)
		return string(b), err
	}
	if s, err := read(slices.Concat(one, two)); s != "one two" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if s, err := read(slices.Concat(one, []byte("something else"))); s != "one " || err != nil {
		t.Errorf("trailing data: %q, %v", s, err)
	}
	wrong := bytes.Clone(one)
	wrong[len(wrong)-20]++
	for name, data := range map[string][]byte{
		"empty": nil, "header only": one[:6], "no trailer": one[:len(one)-20], "wrong checksum": wrong,
		"wrong version": append([]byte("LZIP\x02"), one[5:]...), "dictionary": append([]byte("LZIP\x01\x1d"), one[6:]...),
	} {
		if s, err := read(data); err == nil {
			t.Errorf("%s: read as %q", name, s)
		}
	}
}

func TestUnknownCodec(t *testing.T) {
	for c, want := range map[Compression]string{Lzop: "lzop", "rot13": "rot13"} {
		members := gpkgMembers(t, None, vars())
		members[1].name += "." + string(c)
		f, err := open(makeTar(t, members...))
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Metadata()
		var codec *CodecError
		if !errors.As(err, &codec) || codec.Compression != c || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", c, err)
		}
	}
}

// What a header promises is not reserved.
func TestOversizedDictionaries(t *testing.T) {
	xz := compress(t, XZ, []byte("text"))
	xz[16] = 40                                            // 4 GiB - 1
	zstd := []byte("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00") // window of 2 GiB
	for c, data := range map[Compression][]byte{XZ: xz, Zstd: zstd} {
		r, err := decompress(c, bytes.NewReader(data))
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if err == nil {
			t.Errorf("%v: no error", c)
		}
	}
}

// A package whose metadata unpacks to more than the limit ends in an error.
func TestMetadataBomb(t *testing.T) {
	huge := make([]byte, maxMetadata+maxValues*1536)
	f, err := open(makeGPKG(t, Zstd, vars(Value{"DESCRIPTION", huge})))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Metadata(); !errors.Is(err, errTooMuch) {
		t.Errorf("Metadata: %v", err)
	}
	if _, err := f.Package(); !errors.Is(err, errTooMuch) {
		t.Errorf("Package: %v", err)
	}
	long := Value{"RDEPEND", bytes.Repeat([]byte("a"), maxVariable+1)}
	if f, err = open(makeXPAK(nil, vars(long))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Package(); err == nil {
		t.Error("a dependency string of more than a MiB was accepted")
	}
}

func TestRefusedXPAK(t *testing.T) {
	entry := func(name string, offset, length uint32) []byte {
		b := append(binary.BigEndian.AppendUint32(nil, uint32(len(name))), name...)
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, offset), length)
	}
	many := []byte(nil)
	overlapping := []byte(nil)
	for i := range maxValues + 1 {
		many = append(many, entry(strings.Repeat("A", 1+i%250)+string(rune('a'+i/250)), 0, 1)...)
		if i < 20 {
			overlapping = append(overlapping, entry("V"+string(rune('a'+i)), 0, maxMetadata/16)...)
		}
	}
	for name, data := range map[string][]byte{
		"name with ..":     joinXPAK(nil, entry("../../evil", 0, 1), []byte("x")),
		"absolute name":    joinXPAK(nil, entry("/etc/evil", 0, 1), []byte("x")),
		"directory":        joinXPAK(nil, entry("a/b", 0, 1), []byte("x")),
		"dot":              joinXPAK(nil, entry("..", 0, 1), []byte("x")),
		"empty name":       joinXPAK(nil, entry("", 0, 1), []byte("x")),
		"long name":        joinXPAK(nil, entry(strings.Repeat("a", 256), 0, 1), []byte("x")),
		"beyond the data":  joinXPAK(nil, entry("SLOT", 1, 1), []byte("x")),
		"huge offset":      joinXPAK(nil, entry("SLOT", 1<<32-1, 1<<32-1), []byte("x")),
		"twice":            joinXPAK(nil, append(entry("SLOT", 0, 1), entry("SLOT", 0, 1)...), []byte("x")),
		"half an entry":    joinXPAK(nil, entry("SLOT", 0, 1)[:9], []byte("x")),
		"name too long":    joinXPAK(nil, []byte{255, 255, 255, 255, 'A'}, []byte("x")),
		"too many":         joinXPAK(nil, many, []byte("x")),
		"overlapping":      joinXPAK(nil, overlapping, make([]byte, maxMetadata/16)),
		"no CATEGORY":      makeXPAK(nil, []Value{{"PF", []byte("app-1")}}),
		"PF of no package": makeXPAK(nil, vars(Value{"PF", []byte("app")})),
	} {
		f, err := open(data)
		if err == nil {
			if _, err = f.Metadata(); err == nil {
				_, err = f.Package()
			}
		}
		var format *FormatError
		if !errors.As(err, &format) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusedGPKG(t *testing.T) {
	good := gpkgMembers(t, None, vars())
	with := func(change func(m []tarFile) []tarFile) []byte { return makeTar(t, change(slices.Clone(good))...) }
	inner := func(files ...tarFile) []byte {
		return with(func(m []tarFile) []tarFile { m[1].data = makeTar(t, files...); return m })
	}
	value := func(name string) []byte { return inner(tarFile{name: name, data: []byte("x")}) }
	for name, data := range map[string][]byte{
		"no version":       with(func(m []tarFile) []tarFile { return m[1:] }),
		"other version":    with(func(m []tarFile) []tarFile { m[0].name = "app-1/gpkg-2"; return m }),
		"no metadata":      with(func(m []tarFile) []tarFile { return append(m[:1], m[2:]...) }),
		"no image":         with(func(m []tarFile) []tarFile { return append(m[:2], m[3:]...) }),
		"no Manifest":      with(func(m []tarFile) []tarFile { return m[:3] }),
		"member twice":     with(func(m []tarFile) []tarFile { return append(m, m[2]) }),
		"two images":       with(func(m []tarFile) []tarFile { return append(m, tarFile{name: "app-1/image.tar.gz"}) }),
		"two directories":  with(func(m []tarFile) []tarFile { m[3].name = "app-2/Manifest"; return m }),
		"no directory":     with(func(m []tarFile) []tarFile { m[0].name = "gpkg-1"; return m }),
		"nested":           with(func(m []tarFile) []tarFile { m[0].name = "a/app-1/gpkg-1"; return m }),
		"absolute":         with(func(m []tarFile) []tarFile { m[0].name = "/app-1/gpkg-1"; return m }),
		"parent directory": with(func(m []tarFile) []tarFile { m[0].name = "../gpkg-1"; return m }),
		"member is a link": with(func(m []tarFile) []tarFile {
			m[3] = tarFile{"app-1/Manifest", []byte("/etc/passwd"), tar.TypeSymlink}
			return m
		}),
		"too many members": with(func(m []tarFile) []tarFile {
			for i := range maxMembers {
				m = append(m, tarFile{name: "app-1/" + strings.Repeat("x", i+1)})
			}
			return m
		}),
		"value with ..":       value("metadata/../evil"),
		"value in directory":  value("metadata/a/b"),
		"value twice":         inner(tarFile{name: "metadata/SLOT"}, tarFile{name: "./metadata/SLOT"}),
		"value is a link":     inner(tarFile{"metadata/SLOT", []byte("/etc/passwd"), tar.TypeSymlink}),
		"value is a hardlink": inner(tarFile{"metadata/SLOT", []byte("/etc/passwd"), tar.TypeLink}),
		"value is a device":   inner(tarFile{"metadata/SLOT", nil, tar.TypeChar}),
		"subdirectory":        inner(tarFile{"metadata/a/", nil, tar.TypeDir}),
		"no values":           inner(),
	} {
		f, err := open(data)
		if err == nil {
			if _, err = f.Metadata(); err == nil {
				_, err = f.Package()
			}
		}
		var format *FormatError
		if !errors.As(err, &format) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What Portage installs, odd as it is, is read (merges/README, "Accepted although odd").
func TestAcceptedGPKG(t *testing.T) {
	good := gpkgMembers(t, Gzip, vars())
	order := slices.Clone(good)
	slices.Reverse(order)
	renamed := slices.Clone(good)
	for i := range renamed {
		renamed[i].name = strings.Replace(renamed[i].name, "app-1/", "other/", 1)
	}
	plain := makeTar(t, good...)
	for name, data := range map[string][]byte{
		"order":            makeTar(t, order...),
		"other directory":  makeTar(t, renamed...),
		"no end mark":      plain[:len(plain)-1024],
		"trailing garbage": append(bytes.Clone(plain), bytes.Repeat([]byte("garbage"), 500)...),
		"garbage, no mark": append(bytes.Clone(plain[:len(plain)-1024]), bytes.Repeat([]byte("garbage"), 500)...),
		"./ in names": makeTar(t, good[0], tarFile{name: "app-1/metadata.tar", data: func() []byte {
			var files []tarFile
			for _, v := range vars() {
				files = append(files, tarFile{name: "./metadata/" + v.Name, data: v.Data})
			}
			return makeTar(t, append(files, tarFile{name: "elsewhere/SLOT"}, tarFile{"./metadata/", nil, tar.TypeDir})...)
		}()}, good[2], good[3]),
	} {
		f, err := open(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := f.Metadata(); err != nil || !sameValues(got, vars()) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A file that was cut anywhere is refused, as long as any of its content is missing.
func TestTruncatedFiles(t *testing.T) {
	gpkg := makeGPKG(t, None, vars())
	for name, data := range map[string][]byte{"xpak": makeXPAK([]byte("image"), vars()), "gpkg": gpkg[:len(gpkg)-1024]} {
		for n := range data {
			f, err := open(data[:n])
			if err == nil {
				_, err = f.Metadata()
			}
			if err == nil {
				t.Fatalf("%s: the first %d of %d bytes were accepted", name, n, len(data))
			}
		}
	}
}
