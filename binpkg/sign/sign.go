// Package sign verifies and makes the OpenPGP signatures of binary packages
// (GLEP 78): clear-signed Manifests and detached signatures, in this process, with
// keys from a keyring file or a GnuPG home directory.
package sign

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Signature is a good one: made by a trusted key that is neither expired nor revoked.
type Signature struct {
	Fingerprint string    // of the primary key, upper-case hexadecimal
	UserID      string    // the key's primary one, "" if it has none
	Created     time.Time // in UTC, to the second
}

// String names the signer for people.
func (s *Signature) String() string {
	if s.UserID == "" {
		return s.Fingerprint
	}
	return s.Fingerprint + " (" + s.UserID + ")"
}

// Fault is why a signature does not count.
type Fault string

// Faults, in the words that a message uses.
const (
	Bad              Fault = "the signature does not fit the content"
	Malformed        Fault = "is no OpenPGP signature"
	UnknownKey       Fault = "the signer's key is not in the keyring"
	UntrustedKey     Fault = "the signer's key is in the keyring, but not trusted"
	ExpiredKey       Fault = "the signer's key has expired"
	RevokedKey       Fault = "the signer's key has been revoked"
	ExpiredSignature Fault = "the signature has expired"
	FutureSignature  Fault = "the signature was made in the future; is the clock of this machine right?"
	WeakHash         Fault = "the signature uses a broken hash algorithm"
)

// Error says why a signature does not count.
type Error struct {
	Fault Fault
	KeyID string // of the key that made it, as far as known
	Where string // the keyring that was asked, "" none
	Err   error  // the library's reason, may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Fault))
	if e.KeyID != "" {
		fmt.Fprintf(&b, " (key %s", e.KeyID)
		if e.Where != "" && (e.Fault == UnknownKey || e.Fault == UntrustedKey) {
			fmt.Fprintf(&b, ", keyring %s", e.Where)
		}
		b.WriteString(")")
	}
	if e.Err != nil && (e.Fault == Malformed || e.Fault == WeakHash) {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

const (
	clearBegin = "-----BEGIN PGP SIGNED MESSAGE-----"
	sigBegin   = "-----BEGIN PGP SIGNATURE-----"
)

// IsClearSigned reports whether a text carries marks of a clear-signed message,
// be they damaged.
func IsClearSigned(text []byte) bool {
	return bytes.Contains(text, []byte(clearBegin)) || bytes.Contains(text, []byte(sigBegin))
}

// ClearText takes the signed text out of a clear-signed message without
// verifying it. Text outside of the message is refused: nobody signed it. The
// error is an *Error.
func ClearText(data []byte) ([]byte, error) {
	b, err := decodeClear(data)
	if err != nil {
		return nil, err
	}
	return b.Plaintext, nil
}

func decodeClear(data []byte) (*clearsign.Block, error) {
	if !bytes.HasPrefix(data, []byte(clearBegin)) {
		return nil, &Error{Fault: Malformed, Err: errors.New("it does not begin with " + clearBegin)}
	}
	b, rest := clearsign.Decode(data)
	if b == nil {
		return nil, &Error{Fault: Malformed, Err: errors.New("the clear-signed message is damaged")}
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, &Error{Fault: Malformed, Err: errors.New("there is text behind the signature, which nobody signed")}
	}
	return b, nil
}

// VerifyClear checks a clear-signed message and returns the text that was signed,
// without its last line end, which does not belong to it.
// at is the time at which keys must be valid. The error is an *Error.
func (k *Keyring) VerifyClear(data []byte, at time.Time) ([]byte, *Signature, error) {
	b, err := decodeClear(data)
	if err != nil {
		return nil, nil, err
	}
	s, err := k.check(bytes.NewReader(b.Bytes), b.ArmoredSignature.Body, packet.SigTypeText, at)
	if err != nil {
		return nil, nil, err
	}
	return b.Plaintext, s, nil
}

// VerifyDetached checks an armored or binary detached signature of a content,
// which is read once, to its end unless the signature is unusable. The error is an
// *Error, or the content's.
func (k *Keyring) VerifyDetached(content io.Reader, signature []byte, at time.Time) (*Signature, error) {
	var in io.Reader = bytes.NewReader(signature)
	if bytes.HasPrefix(bytes.TrimSpace(signature), []byte("-----")) {
		block, err := armor.Decode(in)
		if err != nil {
			return nil, &Error{Fault: Malformed, Err: err}
		}
		if block.Type != openpgp.SignatureType {
			return nil, &Error{Fault: Malformed, Err: fmt.Errorf("it is a %s", block.Type)}
		}
		in = block.Body
	}
	return k.check(content, in, packet.SigTypeBinary, at)
}

// readError tells an error of the content from one of the signature.
type readError struct{ error }

// guarded marks the errors of a content.
type guarded struct{ in io.Reader }

func (g guarded) Read(p []byte) (int, error) {
	n, err := g.in.Read(p)
	if err != nil && err != io.EOF {
		err = readError{err}
	}
	return n, err
}

func (k *Keyring) check(content, signature io.Reader, kind packet.SignatureType, at time.Time) (*Signature, error) {
	raw, err := io.ReadAll(io.LimitReader(signature, maxSignature+1))
	if err != nil || len(raw) > maxSignature {
		return nil, &Error{Fault: Malformed, Err: err}
	}
	issuer, made := firstIssuer(raw)
	config := &packet.Config{Time: func() time.Time { return at }}
	sig, entity, err := openpgp.VerifyDetachedSignature(k.list(), guarded{content}, bytes.NewReader(raw), config)
	var broken readError
	if errors.As(err, &broken) {
		return nil, broken.error
	}
	if err != nil {
		f := fault(err)
		if f == ExpiredSignature && made.After(at) {
			f = FutureSignature
		}
		return nil, &Error{Fault: f, KeyID: issuer, Where: k.where(), Err: err}
	}
	switch {
	case sig.SigType != kind:
		return nil, &Error{Fault: Malformed, KeyID: issuer, Err: fmt.Errorf("it is of type %#x", sig.SigType)}
	case sig.Hash == crypto.MD5 || sig.Hash == crypto.SHA1 || sig.Hash == crypto.RIPEMD160:
		return nil, &Error{Fault: WeakHash, KeyID: issuer, Err: errors.New(sig.Hash.String())}
	case !k.trusted(entity):
		return nil, &Error{Fault: UntrustedKey, KeyID: issuer, Where: k.where()}
	}
	return &Signature{fingerprint(entity), userID(entity), sig.CreationTime.UTC()}, nil
}

// maxSignature bounds a signature; they have some hundred bytes.
const maxSignature = 64 << 10

// fault classifies what the library says.
func fault(err error) Fault {
	var structural pgperrors.StructuralError
	var unsupported pgperrors.UnsupportedError
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return UnknownKey
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return RevokedKey
	case errors.Is(err, pgperrors.ErrKeyExpired):
		return ExpiredKey
	case errors.Is(err, pgperrors.ErrSignatureExpired):
		return ExpiredSignature
	case errors.As(err, &structural), errors.As(err, &unsupported), errors.Is(err, io.ErrUnexpectedEOF):
		return Malformed
	}
	return Bad
}

// firstIssuer is the ID of the key that the first signature names, "" if there is
// none, and when that says it was made.
func firstIssuer(raw []byte) (string, time.Time) {
	p, err := packet.NewReader(bytes.NewReader(raw)).Next()
	if err != nil {
		return "", time.Time{}
	}
	if s, ok := p.(*packet.Signature); ok && s.IssuerKeyId != nil {
		return fmt.Sprintf("%016X", *s.IssuerKeyId), s.CreationTime
	}
	return "", time.Time{}
}

func fingerprint(e *openpgp.Entity) string { return fmt.Sprintf("%X", e.PrimaryKey.Fingerprint) }

func userID(e *openpgp.Entity) string {
	if id := e.PrimaryIdentity(); id != nil {
		return id.Name
	}
	return ""
}
