package sign

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "crypto/sha1" // for the signature that must not count

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// signedAt is shortly after the signatures of testdata were made.
var signedAt = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func load(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func open(t *testing.T, name string) *Keyring {
	t.Helper()
	k, err := Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func faultOf(err error) Fault {
	var e *Error
	if errors.As(err, &e) {
		return e.Fault
	}
	return ""
}

// What gpg says of the same signatures stands in testdata/README.
func TestDetachedByKeyring(t *testing.T) {
	fromHome := map[string]Fault{"root": "", "signer": "", "introducer": "", "deep": "", "stranger": UntrustedKey, "revoked": RevokedKey, "expired": ExpiredKey}
	fromFile := map[string]Fault{"root": "", "signer": "", "introducer": "", "deep": "", "stranger": "", "revoked": RevokedKey, "expired": ExpiredKey}
	fromTwo := map[string]Fault{"root": UnknownKey, "signer": "", "introducer": UnknownKey, "deep": UnknownKey, "stranger": "", "revoked": UnknownKey, "expired": UnknownKey}
	for _, tt := range []struct {
		keyring string
		want    map[string]Fault
	}{{"home", fromHome}, {"oldhome", fromHome}, {"keys.gpg", fromFile}, {"home/pubring.kbx", fromFile}, {"two.asc", fromTwo}} {
		k := open(t, tt.keyring)
		for who, want := range tt.want {
			s, err := k.VerifyDetached(bytes.NewReader(load(t, "text")), load(t, who+".sig"), signedAt)
			if got := faultOf(err); got != want || want == "" && err != nil {
				t.Errorf("%s by %s: %v, want %q", tt.keyring, who, err, want)
			}
			if err == nil && s.UserID != who+" <"+who+"@example.invalid>" {
				t.Errorf("%s by %s: signed by %v", tt.keyring, who, s)
			}
		}
	}
}

func TestTrustModelAlways(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{"pubring.kbx": load(t, "home/pubring.kbx"), "gpg.conf": []byte("# c\ntrust-model  always\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want Fault) {
		t.Helper()
		k, err := ReadHome(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.VerifyDetached(bytes.NewReader(load(t, "text")), load(t, "stranger.sig"), signedAt); faultOf(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	check("")
	if err := os.Remove(filepath.Join(dir, "gpg.conf")); err != nil {
		t.Fatal(err)
	}
	check(UntrustedKey) // and no trust database: nobody is trusted
}

func TestContentAndSignatureMustFit(t *testing.T) {
	k := open(t, "home")
	text, sig := load(t, "text"), load(t, "signer.sig")
	tests := map[string]struct {
		text, sig []byte
		want      Fault
	}{
		"other text":       {[]byte("hullo\n"), sig, Bad},
		"no signature":     {text, nil, UnknownKey},
		"text":             {text, []byte("hello"), Malformed},
		"a key":            {text, load(t, "signer.asc"), Malformed},
		"cut":              {text, sig[:len(sig)/2], Malformed},
		"a text signature": {[]byte("hello"), clearPart(load(t, "signer.clear")), Malformed},
		"huge":             {text, bytes.Repeat([]byte{0x88}, maxSignature+1), Malformed},
	}
	for name, tt := range tests {
		if _, err := k.VerifyDetached(bytes.NewReader(tt.text), tt.sig, signedAt); faultOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	var none *Keyring
	if _, err := none.VerifyDetached(bytes.NewReader(text), sig, signedAt); faultOf(err) != UnknownKey {
		t.Errorf("no keyring: %v", err)
	}
	if _, err := k.VerifyDetached(failing{}, sig, signedAt); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("an unreadable content: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fs.ErrPermission }

// clearPart is the signature of a clear-signed message, which is one over a text.
func clearPart(b []byte) []byte { return b[bytes.Index(b, []byte(sigBegin)):] }

func TestClearSigned(t *testing.T) {
	k := open(t, "home")
	message := load(t, "signer.clear")
	text, s, err := k.VerifyClear(message, signedAt)
	if err != nil || string(text) != "hello" || s.UserID != "signer <signer@example.invalid>" {
		t.Fatalf("%q, %v, %v", text, s, err)
	}
	for name, tt := range map[string]struct {
		data []byte
		want Fault
	}{
		"changed":         {bytes.Replace(message, []byte("hello"), []byte("hullo"), 1), Bad},
		"text behind":     {append(bytes.Clone(message), "DATA evil 1\n"...), Malformed},
		"text before":     {append([]byte("DATA evil 1\n"), message...), Malformed},
		"cut":             {message[:len(message)-60], Malformed},
		"no message":      {[]byte("hello\n"), Malformed},
		"two messages":    {append(bytes.Clone(message), message...), Malformed},
		"other signature": {bytes.Replace(message, clearPart(message), load(t, "stranger.sig"), 1), Bad},
	} {
		text, _, err := k.VerifyClear(tt.data, signedAt)
		if faultOf(err) != tt.want || text != nil {
			t.Errorf("%s: %q, %v, want %q", name, text, err, tt.want)
		}
	}
}

func TestSignerRoundTrip(t *testing.T) {
	now := time.Now()
	s, err := NewSigner("Builder", "b@example.invalid", now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	again := readBack(t, s)
	for _, signer := range []*Signer{s, again} {
		text := "DATA a 1\n- dashed\nDATA b 2\n"
		message, err := signer.Clear([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := s.Keyring().VerifyClear(message, now.Add(time.Hour)); err != nil || string(got)+"\n" != text { // the last line end does not belong to it
			t.Errorf("%q, %v", got, err)
		}
		sig, err := signer.Detached(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Keyring().VerifyDetached(strings.NewReader(text), sig, now.Add(time.Hour)); err != nil {
			t.Error(err)
		}
		if _, err := s.Keyring().VerifyDetached(strings.NewReader(text), sig, now.Add(-time.Minute)); faultOf(err) != FutureSignature {
			t.Errorf("a clock that is late: %v", err)
		}
		if _, err := open(t, "home").VerifyDetached(strings.NewReader(text), sig, now.Add(time.Hour)); faultOf(err) != UnknownKey {
			t.Error(err)
		}
	}
}

// readBack goes through a file of secret keys, protected by a passphrase.
func readBack(t *testing.T, s *Signer) *Signer {
	t.Helper()
	c := s.config()
	if err := s.entity.EncryptPrivateKeys([]byte("secret"), c); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.entity.SerializePrivateWithoutSigning(&b, c); err != nil {
		t.Fatal(err)
	}
	if err := s.entity.DecryptPrivateKeys([]byte("secret")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "secret.gpg")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"no passphrase":    func() error { _, err := ReadSigner(path, "", nil); return err },
		"wrong passphrase": func() error { _, err := ReadSigner(path, "", []byte("wrong")); return err },
		"another key":      func() error { _, err := ReadSigner(path, "AAAA", []byte("secret")); return err },
		"public keys":      func() error { _, err := ReadSigner("testdata/keys.gpg", "", nil); return err },
		"text":             func() error { _, err := ReadSigner("testdata/text", "", nil); return err },
		"missing":          func() error { _, err := ReadSigner("testdata/nothing", "", nil); return err },
	} {
		if try() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	out, err := ReadSigner(path, s.Fingerprint()[20:], []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a file of secret keys was taken for a keyring")
	}
	return out
}

// The same signature by hand with two hashes: the one that is broken does not count, whatever the library thinks of it.
func TestWeakHash(t *testing.T) {
	e, err := openpgp.NewEntity("Old", "", "old@example.invalid", &packet.Config{
		Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048, Time: func() time.Time { return signedAt.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	s := &Signer{entity: e}
	if _, err := s.Keyring().VerifyDetached(strings.NewReader("text"), signWith(t, e, crypto.SHA256, 8), signedAt); err != nil {
		t.Error(err)
	}
	_, err = s.Keyring().VerifyDetached(strings.NewReader("text"), signWith(t, e, crypto.SHA1, 2), signedAt)
	if err == nil {
		t.Error("a SHA-1 signature counts")
	} else if got := faultOf(err); got != WeakHash {
		t.Errorf("%v: %v", got, err)
	}
}

// signWith makes an RSA signature of "text" (RFC 4880, section 5.2.3), which the library no longer does for old hashes.
func signWith(t *testing.T, e *openpgp.Entity, hash crypto.Hash, id byte) []byte {
	t.Helper()
	made := binary.BigEndian.AppendUint32([]byte{5, 2}, uint32(signedAt.Add(-time.Minute).Unix())) // its creation time
	head := append([]byte{4, byte(packet.SigTypeBinary), byte(packet.PubKeyAlgoRSA), id, 0, byte(len(made))}, made...)
	h := hash.New()
	io.WriteString(h, "text")
	h.Write(binary.BigEndian.AppendUint32(append(bytes.Clone(head), 4, 0xff), uint32(len(head))))
	digest := h.Sum(nil)
	number, err := e.PrivateKey.PrivateKey.(*rsa.PrivateKey).Sign(rand.Reader, digest, hash)
	if err != nil {
		t.Fatal(err)
	}
	issuer := binary.BigEndian.AppendUint64([]byte{9, 16}, e.PrimaryKey.KeyId)
	body := append(append(append(head, 0, byte(len(issuer))), issuer...), digest[:2]...)
	body = binary.BigEndian.AppendUint16(body, uint16(new(big.Int).SetBytes(number).BitLen()))
	body = append(body, bytes.TrimLeft(number, "\x00")...)
	return append(binary.BigEndian.AppendUint16([]byte{0x89}, uint16(len(body))), body...) // an old packet, type 2
}

func TestBrokenKeyrings(t *testing.T) {
	box := load(t, "home/pubring.kbx")
	cut := func(n int) []byte { return box[:n] }
	poke := func(at int, b byte) []byte {
		out := bytes.Clone(box)
		out[at] = b
		return out
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "cut box": cut(len(box) - 100), "only a header": cut(32),
		"blob of length 0": poke(3, 0), "long blob": poke(32, 0xff), "key outside of its blob": poke(40, 0xff),
		"broken armor": []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxx\n"), "a signature": load(t, "signer.sig"),
	} {
		if k, err := Parse("ring", data); err == nil || !strings.HasPrefix(err.Error(), "ring: ") {
			t.Errorf("%s: %v keys, %v", name, len(k.Keys()), err)
		}
	}
	dir := t.TempDir()
	if _, err := ReadHome(dir); err == nil {
		t.Error("an empty home is no error")
	}
	if err := os.WriteFile(filepath.Join(dir, "pubring.kbx"), box, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "trustdb.gpg"), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadHome(dir); err == nil || !strings.Contains(err.Error(), "trustdb.gpg: is not a GnuPG trust database") {
		t.Error(err)
	}
	if keys := open(t, "home").Keys(); len(keys) != 7 {
		t.Errorf("%d keys", len(keys))
	}
}

func FuzzKeyring(f *testing.F) {
	for _, name := range []string{"home/pubring.kbx", "keys.gpg", "two.asc"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 1200)])
	}
	sig, err := os.ReadFile("testdata/signer.sig")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := Parse("ring", data)
		if err != nil {
			return
		}
		k.Keys()
		if _, err := k.VerifyDetached(strings.NewReader("hullo"), sig, signedAt); err == nil {
			t.Error("a wrong text is good")
		}
		validity(k, map[string]ownership{}, signedAt)
	})
}

func FuzzSignature(f *testing.F) {
	for _, name := range []string{"signer.sig", "signer.clear", "expired.sig"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	k, err := Open("testdata/home")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := k.VerifyDetached(strings.NewReader("hullo"), data, signedAt); err == nil {
			t.Error("a wrong text is good")
		}
		if text, _, err := k.VerifyClear(data, signedAt); err == nil && !bytes.Equal(bytes.TrimSpace(text), []byte("hello")) {
			t.Errorf("%q is signed", text)
		}
	})
}

func FuzzTrust(f *testing.F) {
	data, err := os.ReadFile("testdata/home/trustdb.gpg")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		if owners, err := parseTrust(data); err == nil && len(owners) > len(data)/trustRecord {
			t.Error("more owners than records")
		}
	})
}
