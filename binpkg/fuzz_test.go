package binpkg

import (
	"io"
	"testing"
)

// FuzzFile: no input makes reading panic, hang or take more memory than the limits allow.
func FuzzFile(f *testing.F) {
	f.Add(makeXPAK([]byte("BZh9"), vars()))
	for _, c := range []Compression{None, Gzip, XZ, Zstd, LZ4, Lzip} {
		f.Add(makeGPKG(f, c, vars()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := open(data)
		if err != nil {
			return
		}
		values, err := in.Metadata()
		total := 0
		for _, v := range values {
			total += len(v.Data)
			if checkName(v.Name) != nil {
				t.Errorf("a value is called %q", v.Name)
			}
		}
		if err == nil && total > maxMetadata+maxValues*1536 {
			t.Errorf("%d bytes of metadata", total)
		}
		if p, err := in.Package(); err == nil && p.CPV.Version.IsZero() {
			t.Error("a package without version")
		}
		if r, err := in.RawImage(); err == nil {
			_, _ = io.CopyN(io.Discard, r, 1<<20)
			r.Close()
		}
	})
}
