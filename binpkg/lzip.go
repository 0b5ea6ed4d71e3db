package binpkg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// lzipReader reads lzip members (lzip manual, "File format"): a header of six
// bytes, an LZMA stream with end mark and fixed parameters, and a trailer with
// checksum and sizes.
type lzipReader struct {
	in      *countingReader
	member  *lzma.Reader // nil between members
	start   int64        // where the member began
	size    int64        // bytes decoded of it
	sum     hash.Hash32
	members int
}

const (
	lzipMagic   = "LZIP\x01"
	lzipHeader  = 6
	lzipTrailer = 20
	// lzipProperties is the one byte of lc=3, lp=0, pb=2.
	lzipProperties = 0x5d
)

var errLzipEnd = errors.New("lzip: the file ends in the middle")

func newLzip(r io.Reader) (io.ReadCloser, error) {
	z := &lzipReader{in: &countingReader{r: bufio.NewReader(r)}, sum: crc32.NewIEEE()}
	if err := z.next(); err != nil {
		if err == io.EOF {
			err = errLzipEnd
		}
		return nil, err
	}
	return io.NopCloser(z), nil
}

// next begins a member; io.EOF if there is none, be it that other bytes follow.
func (z *lzipReader) next() error {
	z.start = z.in.n
	var head [lzipHeader]byte
	if _, err := io.ReadFull(z.in, head[:]); err == io.EOF {
		return io.EOF
	} else if err != nil {
		return errLzipEnd
	}
	if string(head[:5]) != lzipMagic {
		if z.members > 0 {
			return io.EOF // trailing data is allowed
		}
		return errors.New("lzip: not a version 1 file")
	}
	bits := head[5]
	size := uint32(1) << (bits & 31)
	if bits&31 < 12 || bits&31 > 29 {
		return fmt.Errorf("lzip: invalid dictionary size %#x", bits)
	}
	size -= size / 16 * uint32(bits>>5)
	if size > maxWindow {
		return fmt.Errorf("lzip: the dictionary is larger than %d MiB", maxWindow>>20)
	}
	header := make([]byte, 13)
	header[0] = lzipProperties
	binary.LittleEndian.PutUint32(header[1:], size)
	binary.LittleEndian.PutUint64(header[5:], ^uint64(0)) // unknown: there is an end mark
	m, err := lzma.NewReader(&headed{header, z.in})
	if err != nil {
		return fmt.Errorf("lzip: %w", err)
	}
	z.member, z.size = m, 0
	z.members++
	z.sum.Reset()
	return nil
}

// Read implements io.Reader.
func (z *lzipReader) Read(p []byte) (int, error) {
	for {
		if z.member == nil {
			if err := z.next(); err != nil {
				return 0, err
			}
		}
		n, err := z.member.Read(p)
		z.sum.Write(p[:n])
		z.size += int64(n)
		switch {
		case err == io.EOF:
			if err := z.finish(); err != nil {
				return n, err
			}
		case err != nil:
			return n, fmt.Errorf("lzip: %w", err)
		}
		if n > 0 {
			return n, nil
		}
	}
}

// finish checks the trailer of a member.
func (z *lzipReader) finish() error {
	z.member = nil
	var tail [lzipTrailer]byte
	if _, err := io.ReadFull(z.in, tail[:]); err != nil {
		return errLzipEnd
	}
	switch {
	case binary.LittleEndian.Uint32(tail[:]) != z.sum.Sum32():
		return errors.New("lzip: wrong checksum")
	case binary.LittleEndian.Uint64(tail[4:]) != uint64(z.size):
		return errors.New("lzip: wrong size")
	case binary.LittleEndian.Uint64(tail[12:]) != uint64(z.in.n-z.start):
		return errors.New("lzip: wrong size of a member")
	}
	return nil
}

// countingReader counts what is read. It is a byte reader, so that the decoder
// takes no more than it needs.
type countingReader struct {
	r *bufio.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *countingReader) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// headed is a byte reader with bytes in front.
type headed struct {
	head []byte
	rest *countingReader
}

func (h *headed) Read(p []byte) (int, error) {
	if len(h.head) > 0 {
		n := copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	}
	return h.rest.Read(p)
}

func (h *headed) ReadByte() (byte, error) {
	if len(h.head) > 0 {
		b := h.head[0]
		h.head = h.head[1:]
		return b, nil
	}
	return h.rest.ReadByte()
}
