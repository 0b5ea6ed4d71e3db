package pack

import (
	"fmt"
	"io"

	"github.com/dsnet/compress/bzip2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"github.com/portsolve/portsolve/binpkg"
)

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// compress wraps w. All encoders are used in a way that gives the same bytes every time.
func compress(c binpkg.Compression, level int, w io.Writer) (io.WriteCloser, error) {
	switch c {
	case binpkg.None:
		return nopCloser{w}, nil
	case binpkg.Gzip:
		if level == 0 {
			level = gzip.DefaultCompression
		}
		return gzip.NewWriterLevel(w, level)
	case binpkg.Bzip2:
		if level == 0 {
			level = bzip2.BestCompression // bzip2's own default
		}
		return bzip2.NewWriter(w, &bzip2.WriterConfig{Level: level})
	case binpkg.XZ:
		return xz.NewWriter(w)
	case binpkg.Zstd:
		l := zstd.SpeedDefault
		if level != 0 {
			l = zstd.EncoderLevelFromZstd(level)
		}
		return zstd.NewWriter(w, zstd.WithEncoderLevel(l), zstd.WithEncoderConcurrency(1))
	case binpkg.LZ4:
		return lz4.NewWriter(w), nil
	}
	return nil, fmt.Errorf("%s cannot be written; choose one of zstd, xz, gzip, bzip2, lz4, none", c)
}
