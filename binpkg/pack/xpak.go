package pack

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/dsnet/compress/bzip2"

	"github.com/portsolve/portsolve/binpkg"
)

// xpak writes the packed image, the metadata block, its length and "STOP" (xpak(5)).
func (w *writer) xpak() error {
	out := bufio.NewWriterSize(w.file, 256<<10)
	if err := w.packImage(out, "."); err != nil {
		return err
	}
	block, err := xpakBlock(w.values)
	if err != nil {
		return err
	}
	if _, err := out.Write(block); err != nil {
		return err
	}
	return out.Flush()
}

// packImage writes the compressed image.
func (w *writer) packImage(out io.Writer, prefix string) error {
	level := w.o.Level
	if w.o.Compression == binpkg.Bzip2 {
		level = bzip2.BestCompression // Portage knows an XPAK's bzip2 by its level: "BZh9"
	}
	z, err := compress(w.o.Compression, level, out)
	if err != nil {
		return err
	}
	if err := w.imageTar(z, prefix); err != nil {
		z.Close()
		return err
	}
	return z.Close()
}

// xpakBlock joins index and data.
func xpakBlock(values []binpkg.Value) ([]byte, error) {
	var index, data []byte
	for _, v := range values {
		index = binary.BigEndian.AppendUint32(index, uint32(len(v.Name)))
		index = append(index, v.Name...)
		index = binary.BigEndian.AppendUint32(index, uint32(len(data)))
		index = binary.BigEndian.AppendUint32(index, uint32(len(v.Data)))
		if data = append(data, v.Data...); len(data) > math.MaxInt32 {
			return nil, fmt.Errorf("the metadata is larger than %d bytes", math.MaxInt32)
		}
	}
	block := binary.BigEndian.AppendUint32([]byte("XPAKPACK"), uint32(len(index)))
	block = binary.BigEndian.AppendUint32(block, uint32(len(data)))
	block = append(append(append(block, index...), data...), "XPAKSTOP"...)
	n := uint32(len(block))
	return append(binary.BigEndian.AppendUint32(block, n), "STOP"...), nil
}
