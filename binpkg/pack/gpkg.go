package pack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/crypto/blake2b"

	"github.com/portsolve/portsolve/binpkg"
)

// tarRecord is the size to which a tar is padded, tarBlock its unit.
const (
	tarRecord = 10240
	tarBlock  = 512
)

// container is the outer tar of a GPKG. Its members are written with an empty
// header first, because the size of a compressed one is known only afterwards.
type container struct {
	w        *writer
	at       int64
	manifest bytes.Buffer
}

// gpkg packs metadata and image.
func (w *writer) gpkg() error {
	suffix := ""
	if w.o.Compression != binpkg.None {
		suffix = "." + string(w.o.Compression)
	}
	return w.container(
		part{"metadata.tar" + suffix, w.metadataTar},
		part{"image.tar" + suffix, func(out io.Writer) error { return w.packImage(out, "image") }})
}

// part is a member with what writes its content.
type part struct {
	name  string
	write func(io.Writer) error
}

// container writes the members in the order of GLEP 78.
func (w *writer) container(metadata, image part) error {
	c := &container{w: w}
	if err := c.add("gpkg-1", func(io.Writer) error { return nil }, false); err != nil {
		return err
	}
	for _, p := range []part{metadata, image} {
		if err := c.add(p.name, p.write, true); err != nil {
			return err
		}
	}
	text := c.manifest.Bytes()
	if w.o.Signer != nil {
		var err error
		if text, err = w.o.Signer.Clear(text); err != nil {
			return fmt.Errorf("signing the Manifest: %w", err)
		}
	}
	if err := c.member("Manifest", bytesOf(text), nil); err != nil {
		return err
	}
	return c.finish()
}

func bytesOf(data []byte) func(io.Writer) error {
	return func(out io.Writer) error {
		_, err := out.Write(data)
		return err
	}
}

// add writes a member with its line in the Manifest, and its signature.
func (c *container) add(name string, content func(io.Writer) error, signed bool) error {
	start := c.at
	size := int64(0)
	if err := c.member(name, content, &size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !signed || c.w.o.Signer == nil {
		return nil
	}
	header := c.at - start - roundUp(size, tarBlock)
	signature, err := c.w.o.Signer.Detached(io.NewSectionReader(c.w.file, start+header, size))
	if err != nil {
		return fmt.Errorf("%s: signing: %w", name, err)
	}
	return c.member(name+".sig", bytesOf(signature), &size)
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// member writes header and content, then the header again with the right size.
// With size it also gets a line in the Manifest.
func (c *container) member(name string, content func(io.Writer) error, size *int64) error {
	head, err := c.header(name, 0)
	if err != nil {
		return err
	}
	start := c.at + int64(len(head))
	if _, err := c.w.file.Seek(start, io.SeekStart); err != nil {
		return err
	}
	b2, err := blake2b.New512(nil)
	if err != nil {
		return err
	}
	s5 := sha512.New()
	counted := &countingWriter{}
	out := bufio.NewWriterSize(io.MultiWriter(c.w.file, s5, b2, counted), 256<<10)
	if err := content(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	final, err := c.header(name, counted.n)
	if err == nil && len(final) != len(head) {
		err = errors.New("the header does not fit its place")
	}
	if err != nil {
		return err
	}
	if _, err := c.w.file.WriteAt(final, c.at); err != nil {
		return err
	}
	c.at = roundUp(start+counted.n, tarBlock)
	if _, err := c.w.file.WriteAt(make([]byte, c.at-start-counted.n), start+counted.n); err != nil {
		return err
	}
	if size != nil {
		*size = counted.n
		c.line(name, counted.n, s5, b2)
	}
	return nil
}

type countingWriter struct{ n int64 }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func (c *container) line(name string, size int64, s5, b2 hash.Hash) {
	fmt.Fprintf(&c.manifest, "DATA %s %d SHA512 %x BLAKE2B %x\n", name, size, s5.Sum(nil), b2.Sum(nil))
}

// header encodes the header of a member.
func (c *container) header(name string, size int64) ([]byte, error) {
	var b bytes.Buffer
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: c.w.o.Name + "/" + name, Size: size, Mode: 0o644, ModTime: c.w.o.Time,
	}
	err := writeHeader(tar.NewWriter(&b), h)
	return b.Bytes(), err
}

// finish writes the end of the archive.
func (c *container) finish() error {
	_, err := c.w.file.WriteAt(make([]byte, roundUp(c.at+2*tarBlock, tarRecord)-c.at), c.at)
	return err
}

// metadataTar writes the values as files metadata/NAME.
func (w *writer) metadataTar(out io.Writer) error {
	z, err := compress(w.o.Compression, w.o.Level, out)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, v := range w.values {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: "metadata/" + v.Name, Size: int64(len(v.Data)), Mode: 0o644, ModTime: w.o.Time}
		if err := writeHeader(t, h); err != nil {
			return fmt.Errorf("%s: %w", v.Name, err)
		}
		if _, err := t.Write(v.Data); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}
