package binpkg

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/maphash"
	"io"
	"slices"
	"sync"

	"golang.org/x/crypto/blake2b"
)

// scanned is what one sequential reading of a package file has seen: checksums of
// the whole and of each member, and the content of the small ones. What is used of
// those later is this copy in memory, not the file.
type scanned struct {
	md5, sha1 string
	members   []scannedMember // as File.Members
}

type scannedMember struct {
	sha512, blake2b string // "" for XPAK, which has no such checksums
	guard           guard
	content         []byte // nil for images and members without meaning
}

// guard tells, when a member is read again, whether it is what was verified. The hash
// is a keyed one: nobody knows the seed of this process, so that nobody can make a
// file that passes. A zero guard lets everything pass.
type guard struct {
	seed maphash.Seed
	sum  uint64
	set  bool
}

// hash begins to hash what is read again.
func (g guard) hash() *maphash.Hash {
	h := new(maphash.Hash)
	if g.set {
		h.SetSeed(g.seed)
	}
	return h
}

func (g guard) ok(h *maphash.Hash) bool { return !g.set || h.Sum64() == g.sum }

// maxKept bounds the members that are kept in memory.
func maxKept(kind MemberKind) int64 {
	switch kind {
	case MetadataMember:
		return maxMetadata + maxValues*(maxName+12) + 64
	case ManifestMember:
		return maxManifest
	case SignatureMember:
		return maxSignature
	}
	return 0
}

// maxSignature bounds a detached signature.
const maxSignature = 64 << 10

// scanChunk is how much is hashed at a time: large enough that starting the second
// goroutine does not count, and small enough that the garbage collector, which cannot
// interrupt a hash, does not wait long for it.
const scanChunk = 128 << 10

// scanBuffers are kept: one for each package would keep the garbage collector busy.
var scanBuffers = sync.Pool{New: func() any { b := make([]byte, scanChunk); return &b }}

// scan reads the file once.
func (f *File) scan(ctx context.Context) (*scanned, error) {
	out := &scanned{members: make([]scannedMember, len(f.Members))}
	order := make([]int, len(f.Members))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(f.Members[a].Offset, f.Members[b].Offset) })
	whole := &wholeSums{md5.New(), sha1.New()}
	var at int64
	for _, i := range order {
		m := &f.Members[i]
		if limit := maxKept(m.Kind); limit > 0 && m.Size > limit {
			return nil, &FormatError{f.Path, f.Format, m.Name, fmt.Errorf("is larger than %d KiB", limit>>10)}
		}
		if err := f.feed(ctx, at, m.Offset, []io.Writer{whole.md5}, []io.Writer{whole.sha1}); err != nil {
			return nil, err
		}
		at = m.Offset + m.Size
		if err := f.scanMember(ctx, m, &out.members[i], whole); err != nil {
			return nil, err
		}
	}
	if err := f.feed(ctx, at, f.Size, []io.Writer{whole.md5}, []io.Writer{whole.sha1}); err != nil {
		return nil, err
	}
	out.md5, out.sha1 = hexSum(whole.md5), hexSum(whole.sha1)
	return out, nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// wholeSums are those of the file. The two groups of writers are meant to take the
// same time.
type wholeSums struct{ md5, sha1 hash.Hash }

func (f *File) scanMember(ctx context.Context, m *Member, out *scannedMember, whole *wholeSums) error {
	with := []io.Writer{whole.md5}
	beside := []io.Writer{whole.sha1}
	b, s := newBLAKE2b(), sha512.New()
	if f.Format == GPKG {
		with, beside = append(with, b), append(beside, s)
	}
	var g maphash.Hash
	beside = append(beside, &g)
	var kept bytes.Buffer
	if maxKept(m.Kind) > 0 {
		kept.Grow(int(m.Size))
		with = append(with, &kept)
	}
	if err := f.feed(ctx, m.Offset, m.Offset+m.Size, with, beside); err != nil {
		return err
	}
	out.guard = guard{g.Seed(), g.Sum64(), true}
	if f.Format == GPKG {
		out.sha512, out.blake2b = hexSum(s), hexSum(b)
	}
	if maxKept(m.Kind) > 0 {
		out.content = kept.Bytes()
	}
	return nil
}

func newBLAKE2b() hash.Hash {
	h, err := blake2b.New512(nil)
	if err != nil {
		panic(err) // only for keys that are too long
	}
	return h
}

// feed gives the bytes from..to of the file to both groups of writers, which run
// beside each other. A file that has become shorter is an error.
func (f *File) feed(ctx context.Context, from, to int64, a, b []io.Writer) error {
	if from >= to {
		return nil
	}
	kept := scanBuffers.Get().(*[]byte)
	defer scanBuffers.Put(kept)
	buf := *kept
	for from < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(int64(len(buf)), to-from))
		if got, err := f.in.ReadAt(buf[:n], from); got < n {
			if err == nil || err == io.EOF {
				err = errShrunk
			}
			return &VerifyError{Path: f.Path, Reason: ReasonChanged, Err: err}
		}
		if err := writeAll(a, b, buf[:n]); err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

// smallChunk is what is not worth a second goroutine.
const smallChunk = 32 << 10

func writeAll(a, b []io.Writer, p []byte) error {
	write := func(group []io.Writer) error {
		for _, w := range group {
			if _, err := w.Write(p); err != nil {
				return err
			}
		}
		return nil
	}
	if len(b) == 0 || len(p) < smallChunk {
		if err := write(a); err != nil {
			return err
		}
		return write(b)
	}
	var wg sync.WaitGroup
	var err error
	wg.Add(1)
	go func() {
		defer wg.Done()
		err = write(b)
	}()
	errA := write(a)
	wg.Wait()
	if errA != nil {
		return errA
	}
	return err
}
