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
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Signer makes signatures with one secret key.
type Signer struct {
	entity *openpgp.Entity
	// Time is when signatures are made; nil is time.Now. Tests and reproducible
	// builds set it.
	Time func() time.Time
}

// ReadSigner reads a secret key from a file as gpg --export-secret-keys writes it,
// armored or not. With several keys, key tells which: the end of a fingerprint, or a
// part of a user ID. passphrase is nil for a key without.
func ReadSigner(path, key string, passphrase []byte) (*Signer, error) {
	data, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	s, err := parseSigner(data, key, passphrase)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func parseSigner(data []byte, key string, passphrase []byte) (*Signer, error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		block, err := armor.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("broken armor: %w", err)
		}
		if data, err = io.ReadAll(block.Body); err != nil {
			return nil, fmt.Errorf("broken armor: %w", err)
		}
	}
	list, err := openpgp.ReadKeyRing(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("no usable secret key: %w", err)
	}
	var found []*openpgp.Entity
	for _, e := range list {
		if e.PrivateKey != nil && matches(e, key) {
			found = append(found, e)
		}
	}
	switch {
	case len(found) == 0 && key != "":
		return nil, fmt.Errorf("holds no secret key %q", key)
	case len(found) == 0:
		return nil, errors.New("holds no secret key; gpg --export-secret-keys writes one")
	case len(found) > 1:
		return nil, fmt.Errorf("holds %d secret keys that fit; name one by its fingerprint", len(found))
	}
	return newSigner(found[0], passphrase)
}

func matches(e *openpgp.Entity, key string) bool {
	if key == "" || strings.HasSuffix(fingerprint(e), strings.ToUpper(strings.TrimPrefix(key, "0x"))) {
		return true
	}
	for name := range e.Identities {
		if strings.Contains(name, key) {
			return true
		}
	}
	return false
}

func newSigner(e *openpgp.Entity, passphrase []byte) (*Signer, error) {
	s := &Signer{entity: e}
	k, ok := e.SigningKey(time.Now())
	if !ok || k.PrivateKey == nil {
		return nil, fmt.Errorf("key %s cannot sign: it has expired, was revoked, or is not meant for that", fingerprint(e))
	}
	if k.PrivateKey.Encrypted {
		if passphrase == nil {
			return nil, fmt.Errorf("key %s is protected by a passphrase", fingerprint(e))
		}
		if err := k.PrivateKey.Decrypt(passphrase); err != nil {
			return nil, fmt.Errorf("key %s: wrong passphrase: %w", fingerprint(e), err)
		}
	}
	return s, nil
}

// NewSigner makes a new key without passphrase, for tests and examples.
func NewSigner(name, email string, at time.Time) (*Signer, error) {
	c := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, DefaultHash: crypto.SHA512, Time: func() time.Time { return at }}
	e, err := openpgp.NewEntity(name, "", email, c)
	if err != nil {
		return nil, err
	}
	return &Signer{entity: e}, nil
}

// Fingerprint of the primary key.
func (s *Signer) Fingerprint() string { return fingerprint(s.entity) }

// Keyring holds the signer's public key and trusts it.
func (s *Signer) Keyring() *Keyring {
	return &Keyring{path: "the signer's own key", entities: openpgp.EntityList{s.entity}}
}

// PublicKey writes the armored public key.
func (s *Signer) PublicKey(w io.Writer) error {
	a, err := armor.Encode(w, openpgp.PublicKeyType, nil)
	if err != nil {
		return err
	}
	if err := s.entity.Serialize(a); err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}

func (s *Signer) config() *packet.Config {
	plain := false // a random notation would only make signatures longer
	return &packet.Config{DefaultHash: crypto.SHA512, Time: s.Time, NonDeterministicSignaturesViaNotation: &plain}
}

// Clear clear-signs a text.
func (s *Signer) Clear(text []byte) ([]byte, error) {
	c := s.config()
	k, ok := s.entity.SigningKey(c.Now())
	if !ok {
		return nil, fmt.Errorf("key %s cannot sign now", s.Fingerprint())
	}
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, k.PrivateKey, c)
	if err != nil {
		return nil, err
	}
	// The line end before the signature is not part of the text (RFC 4880, 7.1).
	if _, err := w.Write(bytes.TrimSuffix(text, []byte("\n"))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return rearmor(out.Bytes())
}

// rearmor gives the signature of a clear-signed message the checksum that the
// library leaves out, and without which GnuPG 2.2 complains.
func rearmor(message []byte) ([]byte, error) {
	at := bytes.LastIndex(message, []byte(sigBegin))
	block, err := armor.Decode(bytes.NewReader(message[max(at, 0):]))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(block.Body)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(bytes.Clone(message[:at]))
	a, err := armor.Encode(out, openpgp.SignatureType, nil)
	if err != nil {
		return nil, err
	}
	if _, err := a.Write(raw); err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), nil
}

// Detached makes an armored detached signature of a content.
func (s *Signer) Detached(content io.Reader) ([]byte, error) {
	var out bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&out, s.entity, content, s.config()); err != nil {
		return nil, err
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), nil
}
