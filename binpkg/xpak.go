package binpkg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The end of an XPAK package (xpak(5)): the block "XPAKPACK" … "XPAKSTOP", its
// length as a big-endian number, "STOP".
const (
	xpakBegin   = "XPAKPACK"
	xpakEnd     = "XPAKSTOP"
	xpakStop    = "STOP"
	xpakTrailer = int64(len(xpakEnd) + 4 + len(xpakStop))
	xpakHeader  = int64(len(xpakBegin) + 4 + 4)
)

// openXPAK recognises an XPAK package by its last 16 bytes.
func (f *File) openXPAK() (bool, error) {
	if f.Size < xpakTrailer {
		return false, nil
	}
	var tail [xpakTrailer]byte
	if _, err := f.in.ReadAt(tail[:], f.Size-xpakTrailer); err != nil {
		return false, err
	}
	if string(tail[:8]) != xpakEnd || string(tail[12:]) != xpakStop {
		return false, nil
	}
	f.Format = XPAK
	length := int64(binary.BigEndian.Uint32(tail[8:]))
	start := f.Size - int64(len(xpakStop)) - 4 - length
	if start < 0 || length < xpakHeader+int64(len(xpakEnd)) {
		return false, &FormatError{f.Path, XPAK, "metadata", fmt.Errorf(
			"its length is given as %d bytes, which does not fit a file of %d", length, f.Size)}
	}
	image := Member{Name: "image", Size: start, Kind: ImageMember}
	var first [16]byte
	n, err := f.in.ReadAt(first[:min(start, int64(len(first)))], 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	image.Compression = sniff(first[:n])
	f.Members = []Member{image, {Name: "metadata", Offset: start, Size: length, Kind: MetadataMember}}
	return true, nil
}

// xpakValues reads the index, and of the data only what is wanted.
func xpakValues(block io.ReaderAt, size int64, want func(string) bool) ([]Value, error) {
	var head [xpakHeader]byte
	if _, err := block.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	if string(head[:8]) != xpakBegin {
		return nil, errors.New("it does not begin with " + xpakBegin)
	}
	indexLength := int64(binary.BigEndian.Uint32(head[8:]))
	dataLength := int64(binary.BigEndian.Uint32(head[12:]))
	if xpakHeader+indexLength+dataLength+int64(len(xpakEnd)) != size {
		return nil, fmt.Errorf("index (%d bytes) and data (%d bytes) do not fill its %d bytes", indexLength, dataLength, size)
	}
	if indexLength > maxValues*(maxName+12) || dataLength > maxMetadata {
		return nil, errTooMuch
	}
	index := make([]byte, indexLength)
	if _, err := block.ReadAt(index, xpakHeader); err != nil {
		return nil, err
	}
	entries, err := parseXPAKIndex(index, dataLength)
	if err != nil {
		return nil, err
	}
	var out []Value
	var total int64
	for _, e := range entries {
		if !want(e.name) {
			continue
		}
		if total += e.length; total > maxMetadata { // entries may overlap
			return nil, errTooMuch
		}
		v := Value{Name: e.name, Data: make([]byte, e.length)}
		if _, err := block.ReadAt(v.Data, xpakHeader+indexLength+e.offset); err != nil && e.length > 0 {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// xpakEntry is where a value is in the data.
type xpakEntry struct {
	name           string
	offset, length int64
}

// parseXPAKIndex reads entries: length of the name, name, offset and length.
func parseXPAKIndex(index []byte, dataLength int64) ([]xpakEntry, error) {
	var out []xpakEntry
	seen := map[string]bool{}
	for len(index) > 0 {
		if len(index) < 4 {
			return nil, errors.New("the index ends in the middle of an entry")
		}
		n := int64(binary.BigEndian.Uint32(index))
		if n+12 > int64(len(index)) {
			return nil, errors.New("the index ends in the middle of an entry")
		}
		e := xpakEntry{
			name:   string(index[4 : 4+n]),
			offset: int64(binary.BigEndian.Uint32(index[4+n:])),
			length: int64(binary.BigEndian.Uint32(index[8+n:])),
		}
		index = index[12+n:]
		if err := checkName(e.name); err != nil {
			return nil, err
		}
		switch {
		case e.offset+e.length > dataLength:
			return nil, fmt.Errorf("%s lies outside of the data", e.name)
		case seen[e.name]:
			return nil, fmt.Errorf("%s is there twice", e.name)
		case len(out) == maxValues:
			return nil, fmt.Errorf("there are more than %d values", maxValues)
		}
		seen[e.name] = true
		out = append(out, e)
	}
	return out, nil
}
