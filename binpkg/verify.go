package binpkg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg/sign"
)

// SignaturePolicy is what is asked of a package's OpenPGP signatures.
type SignaturePolicy uint8

// Policies; docs/binpkg.md says which settings lead to which.
const (
	// SignatureIfPresent verifies a signed package, and takes an unsigned one unless
	// it says itself that it was built with FEATURES=binpkg-signing: then its
	// signatures have been stripped.
	SignatureIfPresent SignaturePolicy = iota
	// SignatureRequired refuses unsigned packages, and XPAK, which cannot be signed
	// (FEATURES=binpkg-request-signature, or verify-signature of the binhost).
	SignatureRequired
	// SignatureIgnored looks at no signature (FEATURES=binpkg-ignore-signature).
	SignatureIgnored
)

// PolicyFor is the policy that FEATURES and a binhost's verify-signature (nil: not
// set) ask for. binpkg-ignore-signature is above all; verify-signature is above
// binpkg-request-signature, in both directions.
func PolicyFor(feature func(name string) bool, verifySignature *bool) SignaturePolicy {
	switch {
	case feature("binpkg-ignore-signature"):
		return SignatureIgnored
	case verifySignature != nil && *verifySignature:
		return SignatureRequired
	case verifySignature != nil:
		return SignatureIfPresent
	case feature("binpkg-request-signature"):
		return SignatureRequired
	}
	return SignatureIfPresent
}

// Digests are what an index says of a package file. Zero values are not compared.
type Digests struct {
	Size      int64  // in bytes
	MD5, SHA1 string // hexadecimal
}

// DigestsOf takes the digests out of a package that an index described.
func DigestsOf(p *metadata.Package) Digests {
	return Digests{Size: number(p.Var("SIZE")), MD5: p.Var("MD5"), SHA1: p.Var("SHA1")}
}

// VerifyOptions of Verify. The zero value accepts every sound unsigned package.
type VerifyOptions struct {
	// Expect is what the package must be; the zero CPV leaves it open.
	Expect atom.CPV
	// BuildID must be the package's, unless it is 0.
	BuildID int
	// Digests of the index. They are all that protects an XPAK.
	Digests Digests
	// Signatures is the policy, Keys the keys that count; nil has none.
	Signatures SignaturePolicy
	Keys       *sign.Keyring
	// Time at which keys must be valid; zero is now.
	Time time.Time
}

// Reason is the kind of a refusal.
type Reason string

// Reasons.
const (
	ReasonFormat    Reason = "format"    // the container is not as the format says
	ReasonChecksum  Reason = "checksum"  // Manifest or index say otherwise
	ReasonUnsigned  Reason = "unsigned"  // signatures are missing
	ReasonSignature Reason = "signature" // a signature is there and does not count
	ReasonIdentity  Reason = "identity"  // another package than expected
	ReasonMetadata  Reason = "metadata"  // values are missing or unusable
	ReasonImage     Reason = "image"     // an entry of the image is refused
	ReasonChanged   Reason = "changed"   // the file was changed while it was read
)

// VerifyError says why a package is refused.
type VerifyError struct {
	Path   string // of the package file
	Member string // of the container, "" the whole
	Entry  string // of the image, as it is called there
	Reason Reason
	Err    error // in words
}

func (e *VerifyError) Error() string {
	s := e.Path
	if e.Member != "" {
		s += ": " + e.Member
	}
	if e.Entry != "" {
		s += fmt.Sprintf(": %.200q", e.Entry)
	}
	return s + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *VerifyError) Unwrap() error { return e.Err }

// ReasonOf classifies an error of this package; "" if it is another one.
func ReasonOf(err error) Reason {
	var v *VerifyError
	if errors.As(err, &v) {
		return v.Reason
	}
	var f *FormatError
	if errors.As(err, &f) {
		return ReasonFormat
	}
	return ""
}

var errShrunk = errors.New("the file became shorter while it was read")

// Verified is a package whose checksums, signatures (as the policy asks) and
// metadata have been found good. Metadata is a copy in memory of the very bytes
// that were checked; Image checks its bytes again while they are used.
type Verified struct {
	File      *File // still open; Close closes it
	CPV       atom.CPV
	Package   *metadata.Package // as a resolver sees it
	BuildID   int               // 0 none
	Metadata  []Value           // in the order of the file
	MD5, SHA1 string            // of the whole file, hexadecimal; BINPKGMD5 is the first
	Signature *sign.Signature   // nil: unsigned, or not looked at

	guard guard    // of the packed image
	sums  []string // BLAKE2b of the members, as File.Members
}

// Content is the packed content of a member, and, for a GPKG, the BLAKE2b that it had
// when it was verified: whoever uses the content compares, because the file could have
// been changed since.
func (v *Verified) Content(kind MemberKind) (content *io.SectionReader, blake2b string) {
	for i := range v.File.Members {
		if m := &v.File.Members[i]; m.Kind == kind {
			return v.File.content(m), v.sums[i]
		}
	}
	return nil, ""
}

// Value finds a value of the metadata as it is in the file; nil if it is not there.
func (v *Verified) Value(name string) []byte {
	for i := range v.Metadata {
		if v.Metadata[i].Name == name {
			return v.Metadata[i].Data
		}
	}
	return nil
}

// Close closes the file.
func (v *Verified) Close() error { return v.File.Close() }

// OpenVerified opens and verifies a package file. The error is an *fs.PathError, a
// *FormatError, a *VerifyError, or ctx's.
func OpenVerified(ctx context.Context, path string, o VerifyOptions) (*Verified, error) {
	f, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	v, err := f.Verify(ctx, o)
	if err != nil {
		f.Close()
		return nil, err
	}
	return v, nil
}

// Verify reads the whole file once and checks everything but the entries of the
// image. Nothing of the content is unpacked before its checksums and signatures are
// known to be good. The errors are those of OpenVerified.
func (f *File) Verify(ctx context.Context, o VerifyOptions) (*Verified, error) {
	if o.Time.IsZero() {
		o.Time = time.Now()
	}
	if o.Digests.Size > 0 && o.Digests.Size != f.Size {
		return nil, f.refuse("", ReasonChecksum, "it has %d bytes, but the index says %d", f.Size, o.Digests.Size)
	}
	s, err := f.scan(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.checkDigests(s, o.Digests); err != nil {
		return nil, err
	}
	v := &Verified{File: f, MD5: s.md5, SHA1: s.sha1}
	if f.Format == GPKG {
		v.Signature, err = f.checkManifest(ctx, s, &o)
	} else if o.Signatures == SignatureRequired {
		err = f.refuse("", ReasonUnsigned, "an XPAK package cannot be signed, and signatures are required")
	}
	if err != nil {
		return nil, err
	}
	for i := range f.Members {
		v.sums = append(v.sums, s.members[i].blake2b)
		switch f.Members[i].Kind {
		case ImageMember:
			v.guard = s.members[i].guard
		case MetadataMember:
			err = v.readMetadata(&f.Members[i], s.members[i].content)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := v.checkIdentity(&o); err != nil {
		return nil, err
	}
	return v, nil
}

func (f *File) refuse(member string, reason Reason, format string, args ...any) error {
	return &VerifyError{Path: f.Path, Member: member, Reason: reason, Err: fmt.Errorf(format, args...)}
}

func (f *File) checkDigests(s *scanned, d Digests) error {
	for _, c := range [...]struct{ name, want, have string }{{"MD5", d.MD5, s.md5}, {"SHA1", d.SHA1, s.sha1}} {
		if c.want != "" && !strings.EqualFold(c.want, c.have) {
			return f.refuse("", ReasonChecksum, "its %s is %s, but the index says %s", c.name, c.have, c.want)
		}
	}
	return nil
}

// checkManifest checks signatures and checksums of a GPKG. A signature anywhere
// makes all of them mandatory.
func (f *File) checkManifest(ctx context.Context, s *scanned, o *VerifyOptions) (*sign.Signature, error) {
	at := slices.IndexFunc(f.Members, func(m Member) bool { return m.Kind == ManifestMember })
	text := s.members[at].content
	clearSigned := sign.IsClearSigned(text)
	isSigned := clearSigned || f.Member(SignatureMember) != nil
	var signature *sign.Signature
	var err error
	switch {
	case isSigned && o.Signatures != SignatureIgnored:
		if !clearSigned {
			return nil, f.refuse(f.Members[at].Name, ReasonUnsigned, "is not signed, although other members are")
		}
		if text, signature, err = o.Keys.VerifyClear(text, o.Time); err != nil {
			return nil, &VerifyError{Path: f.Path, Member: f.Members[at].Name, Reason: ReasonSignature, Err: err}
		}
	case clearSigned:
		if text, err = sign.ClearText(text); err != nil {
			return nil, &VerifyError{Path: f.Path, Member: f.Members[at].Name, Reason: ReasonSignature, Err: err}
		}
	case o.Signatures == SignatureRequired:
		return nil, f.refuse("", ReasonUnsigned, "is not signed, and signatures are required")
	}
	entries, err := parseManifest(text)
	if err != nil {
		return nil, &VerifyError{Path: f.Path, Member: f.Members[at].Name, Reason: ReasonFormat, Err: err}
	}
	if err := f.checkSums(s, entries); err != nil {
		return nil, err
	}
	if signature != nil {
		err = f.checkDetached(ctx, s, o)
	}
	return signature, err
}

// checkSums compares every member with its line, and asks for a member for every line.
func (f *File) checkSums(s *scanned, entries []manifestEntry) error {
	byName := map[string]*manifestEntry{}
	for i := range entries {
		byName[entries[i].name] = &entries[i]
	}
	for i := range f.Members {
		m, sums := &f.Members[i], &s.members[i]
		if m.Kind == ManifestMember {
			continue
		}
		e := byName[baseName(m.Name)]
		switch {
		case e == nil:
			return f.refuse(m.Name, ReasonChecksum, "is not listed in the Manifest")
		case e.size != m.Size:
			return f.refuse(m.Name, ReasonChecksum, "has %d bytes, but the Manifest says %d", m.Size, e.size)
		case e.sha512 != sums.sha512:
			return f.refuse(m.Name, ReasonChecksum, "its SHA512 is not the one in the Manifest; the file is damaged or was changed")
		case e.blake2b != sums.blake2b:
			return f.refuse(m.Name, ReasonChecksum, "its BLAKE2B is not the one in the Manifest; the file is damaged or was changed")
		}
		delete(byName, e.name)
	}
	for i := range entries {
		if byName[entries[i].name] != nil {
			return f.refuse(entries[i].name, ReasonChecksum, "is listed in the Manifest, but not there")
		}
	}
	return nil
}

func baseName(member string) string { return member[strings.LastIndexByte(member, '/')+1:] }

// checkDetached checks the signatures of metadata and image. Both have passed the
// signed Manifest by now; the image's bytes are read once more for its signature,
// and must still have the same checksum.
func (f *File) checkDetached(ctx context.Context, s *scanned, o *VerifyOptions) error {
	for i := range f.Members {
		m := &f.Members[i]
		if m.Kind != MetadataMember && m.Kind != ImageMember {
			continue
		}
		at := slices.IndexFunc(f.Members, func(sig Member) bool { return sig.Name == m.Name+".sig" })
		if at < 0 {
			return f.refuse(m.Name, ReasonUnsigned, "has no signature (%s.sig), although the Manifest is signed", baseName(m.Name))
		}
		sum := newBLAKE2b()
		in := io.TeeReader(&contextReader{ctx, f.content(m)}, sum)
		_, err := o.Keys.VerifyDetached(in, s.members[at].content, o.Time)
		var bad *sign.Error
		if errors.As(err, &bad) {
			return &VerifyError{Path: f.Path, Member: f.Members[at].Name, Reason: ReasonSignature, Err: err}
		}
		if err == nil && hexSum(sum) != s.members[i].blake2b {
			err = f.refuse(m.Name, ReasonChanged, "the file was changed while it was read")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.in.Read(p)
}

// readMetadata parses the metadata out of the checked copy.
func (v *Verified) readMetadata(m *Member, content []byte) error {
	everything := func(string) bool { return true }
	var err error
	if v.File.Format == XPAK {
		v.Metadata, err = xpakValues(bytes.NewReader(content), m.Size, everything)
	} else {
		v.Metadata, err = gpkgValues(m.Compression, bytes.NewReader(content), everything)
	}
	if err != nil {
		return &VerifyError{Path: v.File.Path, Member: m.Name, Reason: ReasonMetadata, Err: err}
	}
	for _, need := range [...]string{"CATEGORY", "PF", "SLOT", "environment.bz2"} {
		if len(bytes.TrimSpace(v.Value(need))) == 0 {
			return v.File.refuse(m.Name, ReasonMetadata, "has no %s; the package cannot be installed", need)
		}
	}
	return nil
}

// checkIdentity compares the package with what is expected.
func (v *Verified) checkIdentity(o *VerifyOptions) error {
	f := v.File
	p, err := f.packageOf(v.Metadata)
	if err != nil {
		return err
	}
	switch {
	case p.Invalid != nil:
		return f.refuse("", ReasonMetadata, "%w", p.Invalid)
	case p.EAPI == nil:
		return f.refuse("EAPI", ReasonMetadata, "%w", &metadata.UnsupportedEAPIError{EAPI: p.EAPIName})
	}
	v.Package, v.CPV, v.BuildID = p, p.CPV, p.BuildID
	switch {
	case o.Expect != atom.CPV{} && o.Expect != p.CPV:
		return f.refuse("", ReasonIdentity, "holds %s, not %s", p.CPV, o.Expect)
	case o.BuildID > 0 && p.BuildID > 0 && o.BuildID != p.BuildID:
		return f.refuse("", ReasonIdentity, "holds build %d of %s, not build %d", p.BuildID, p.CPV, o.BuildID)
	}
	if o.Signatures == SignatureIfPresent && v.Signature == nil && v.saysSigned() {
		return f.refuse("", ReasonUnsigned, "was built with FEATURES=binpkg-signing, but carries no signature: "+
			"it has been removed. Set FEATURES=binpkg-ignore-signature to use the package nevertheless")
	}
	return nil
}

// saysSigned reports whether the package was signed when it was built. One made of
// an installed package (it has a COUNTER) inherits FEATURES without being signed.
func (v *Verified) saysSigned() bool {
	return v.File.Format == GPKG && v.Value("COUNTER") == nil &&
		slices.Contains(strings.Fields(string(v.Value("FEATURES"))), "binpkg-signing")
}

// installedSize is what SIZE says of the unpacked image, -1 if nothing.
func (v *Verified) installedSize() int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(string(v.Value("SIZE"))), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
