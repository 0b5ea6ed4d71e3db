package binpkg

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// Compression is a codec by the suffix that GPKG members have for it.
type Compression string

// Codecs that packages are made with; None is an uncompressed tar.
const (
	None  Compression = ""
	Gzip  Compression = "gz"
	Bzip2 Compression = "bz2"
	XZ    Compression = "xz"
	Zstd  Compression = "zst"
	LZ4   Compression = "lz4"
	Lzip  Compression = "lz"
	Lzop  Compression = "lzo"
)

// String is the codec's name.
func (c Compression) String() string {
	switch c {
	case None:
		return "none"
	case Gzip:
		return "gzip"
	case Bzip2:
		return "bzip2"
	case Zstd:
		return "zstd"
	case Lzip:
		return "lzip"
	case Lzop:
		return "lzop"
	}
	return string(c)
}

// CodecError says that a package is packed in a way that this program cannot read.
type CodecError struct{ Compression Compression }

func (e *CodecError) Error() string {
	return fmt.Sprintf("compressed with %s, which this program cannot read; build the package with another "+
		"BINPKG_COMPRESS (zstd, xz, gzip, bzip2, lz4)", e.Compression)
}

// maxWindow bounds what a decoder may reserve on the word of a file's header:
// 128 MiB is the most that zstd(1) itself accepts unless told otherwise.
const maxWindow = 128 << 20

// magics are the first bytes by which XPAK's compression is told; of a tar, the
// first member's name comes first, hence None is what nothing else matches.
var magics = [...]struct {
	codec Compression
	bytes string
}{
	{Gzip, "\x1f\x8b"},
	{Bzip2, "BZh"},
	{XZ, "\xfd7zXZ\x00"},
	{Zstd, "\x28\xb5\x2f\xfd"},
	{LZ4, "\x04\x22\x4d\x18"},
	{Lzip, "LZIP"},
	{Lzop, "\x89LZO\x00\r\n\x1a\n"},
}

// sniff tells the codec of a stream from its first bytes.
func sniff(start []byte) Compression {
	for _, m := range magics {
		if bytes.HasPrefix(start, []byte(m.bytes)) {
			return m.codec
		}
	}
	return None
}

// known reports whether the suffix is one of the codecs.
func (c Compression) known() bool {
	switch c {
	case None, Gzip, Bzip2, XZ, Zstd, LZ4, Lzip, Lzop:
		return true
	}
	return false
}

// decompress wraps r. Closing the result frees the decoder, not r.
func decompress(c Compression, r io.Reader) (io.ReadCloser, error) {
	switch c {
	case None:
		return io.NopCloser(bufio.NewReaderSize(r, 128<<10)), nil // tar reads in pieces of 512 bytes
	case Gzip:
		return gzip.NewReader(r)
	case Bzip2:
		return io.NopCloser(bzip2.NewReader(r)), nil
	case XZ:
		return newXZ(r)
	case Zstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case LZ4:
		return io.NopCloser(lz4.NewReader(r)), nil
	case Lzip:
		return newLzip(r)
	}
	return nil, &CodecError{c}
}

// newXZ refuses a dictionary that is too large before the decoder reserves it.
func newXZ(r io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReader(r)
	start, _ := b.Peek(40) // what is missing is found by the decoder
	if size := xzDictionary(start); size > maxWindow {
		return nil, fmt.Errorf("xz: the dictionary is larger than %d MiB", maxWindow>>20)
	}
	d, err := xz.NewReader(b)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(d), nil
}

// xzDictionary is the dictionary size in the header of the first block, 0 if
// there is none (xz file format 3.1 and 5.3.1).
func xzDictionary(start []byte) int64 {
	const streamHeader, lzma2 = 12, 0x21
	if len(start) < streamHeader+2 || start[streamHeader] == 0 {
		return 0
	}
	flags, rest := start[streamHeader+1], start[streamHeader+2:]
	for _, has := range [...]byte{0x40, 0x80} { // compressed and uncompressed size
		if flags&has == 0 {
			continue
		}
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0
		}
		rest = rest[n:]
	}
	if len(rest) < 3 || rest[0] != lzma2 || rest[1] != 1 {
		return 0
	}
	bits := rest[2]
	return int64(2|bits&1) << (bits/2 + 11)
}

// ParseCompression is the codec that BINPKG_COMPRESS names (make.conf(5)); "none"
// and "" are None.
func ParseCompression(name string) (Compression, error) {
	for _, c := range [...]Compression{None, Gzip, Bzip2, XZ, Zstd, LZ4, Lzip, Lzop} {
		if name == c.String() {
			return c, nil
		}
	}
	if name == "" {
		return None, nil
	}
	return None, fmt.Errorf("%q is no way to compress a package; expected zstd, xz, gzip, bzip2, lz4, lzip, lzop or none", name)
}
