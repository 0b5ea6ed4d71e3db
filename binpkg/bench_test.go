package binpkg

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// bigPackage is a GPKG of 64 MiB in 500 files, half of it compressible.
func bigPackage(b *testing.B) string {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var image bytes.Buffer
	w := tar.NewWriter(&image)
	data := make([]byte, 128<<10)
	for i := range 500 {
		for j := range data {
			data[j] = byte('a' + j%7)
			if j&1 == 0 {
				data[j] = byte(r.Uint32())
			}
		}
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("image/usr/lib/f%d", i), Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(data))}); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	members := gpkgMembers(b, Zstd, vars(Value{"SIZE", []byte("64000000")}))
	members[2].data = compress(b, Zstd, image.Bytes())
	manifest := ""
	for _, m := range members[:3] {
		manifest += manifestLine(m.name[len("app-1/"):], m.data)
	}
	members[3].data = []byte(manifest)
	path := filepath.Join(b.TempDir(), "app-1.gpkg.tar")
	if err := os.WriteFile(path, makeTar(b, members...), 0o644); err != nil {
		b.Fatal(err)
	}
	return path
}

func BenchmarkVerify(b *testing.B) {
	path := bigPackage(b)
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(st.Size())
	for b.Loop() {
		v, err := OpenVerified(context.Background(), path, VerifyOptions{})
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
	}
}

// BenchmarkImage is the second reading, in bytes of the unpacked image.
func BenchmarkImage(b *testing.B) {
	v, err := OpenVerified(context.Background(), bigPackage(b), VerifyOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	b.SetBytes(500 * 128 << 10)
	b.ReportAllocs()
	buf := make([]byte, 256<<10)
	for b.Loop() {
		image, err := v.Image(ImageOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := image.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			if _, err := io.CopyBuffer(io.Discard, onlyReader{image}, buf); err != nil {
				b.Fatal(err)
			}
		}
		image.Close()
	}
}
