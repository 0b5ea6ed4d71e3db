package sign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// DefaultHome is the GnuPG home that Portage verifies packages with, unless
// BINPKG_GPG_VERIFY_GPG_HOME names another one (make.conf(5)).
const DefaultHome = "/etc/portage/gnupg"

// ErrNoKeys says that a keyring can be read and is empty.
var ErrNoKeys = errors.New("holds no OpenPGP public key")

// maxKeyring bounds what is read of a keyring.
const maxKeyring = 64 << 20

// Keyring is public keys and which of them are trusted. A nil one is empty. It
// never changes and is safe for concurrent use.
type Keyring struct {
	path     string
	entities openpgp.EntityList
	certs    map[string][]certification // of others, by fingerprint of the certified key
	trust    map[string]bool            // by fingerprint; nil: every key
	skipped  []error
}

// Key is a key of a keyring, for display.
type Key struct {
	Fingerprint string // of the primary key, upper-case hexadecimal
	UserID      string // the primary one, "" if it has none
	Trusted     bool   // its signatures count
}

// Keys lists the keys, sorted by fingerprint.
func (k *Keyring) Keys() []Key {
	var out []Key
	for _, e := range k.list() {
		out = append(out, Key{fingerprint(e), userID(e), k.trusted(e)})
	}
	slices.SortFunc(out, func(a, b Key) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return out
}

// Skipped are keys that could not be used.
func (k *Keyring) Skipped() []error {
	if k == nil {
		return nil
	}
	return k.skipped
}

func (k *Keyring) list() openpgp.EntityList {
	if k == nil {
		return nil
	}
	return k.entities
}

func (k *Keyring) where() string {
	if k == nil {
		return "none"
	}
	return k.path
}

func (k *Keyring) trusted(e *openpgp.Entity) bool {
	return k != nil && (k.trust == nil || k.trust[fingerprint(e)])
}

// Open reads a keyring: a GnuPG home directory as ReadHome does, or a file as
// ReadFile does.
func Open(path string) (*Keyring, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return ReadHome(path)
	}
	return ReadFile(path)
}

// ReadFile reads a file of public keys: armored, binary, or a keybox. Whoever
// names such a file vouches for its keys: all are trusted.
func ReadFile(path string) (*Keyring, error) {
	data, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse is ReadFile for content; path is for messages.
func Parse(path string, data []byte) (*Keyring, error) {
	k := &Keyring{path: path}
	switch {
	case isKeybox(data):
		if err := k.addKeybox(data); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")):
		if err := k.addArmored(data); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	default:
		k.addPackets(data)
	}
	if len(k.entities) == 0 {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(append([]error{ErrNoKeys}, k.skipped...)...))
	}
	return k, nil
}

// ReadHome reads the public keys of a GnuPG home (pubring.kbx, or pubring.gpg)
// with the trust that trustdb.gpg gives them. As with gpg, a key counts if it has
// ultimate trust itself, or a certification by such a key, or by one that is valid
// and has full trust. With "trust-model always" in gpg.conf all keys count.
func ReadHome(dir string) (*Keyring, error) {
	k := &Keyring{path: dir}
	for _, name := range [...]string{"pubring.kbx", "pubring.gpg"} {
		data, err := readLimited(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if isKeybox(data) {
			err = k.addKeybox(data)
		} else {
			k.addPackets(data)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
	}
	if len(k.entities) == 0 {
		if _, err := os.Stat(filepath.Join(dir, "public-keys.d", "pubring.db")); err == nil {
			return nil, fmt.Errorf("%s: the keys are in a keyboxd database, which this program cannot read; "+
				"export them with gpg --export > FILE and name that file", dir)
		}
		return nil, fmt.Errorf("%s: %w (neither pubring.kbx nor pubring.gpg has any)", dir, ErrNoKeys)
	}
	if trustsAll(dir) {
		return k, nil
	}
	owners, err := readTrust(filepath.Join(dir, "trustdb.gpg"))
	if err != nil {
		return nil, err
	}
	k.trust = validity(k, owners, time.Now())
	return k, nil
}

// trustsAll looks for "trust-model always" and its older name in gpg.conf.
func trustsAll(dir string) bool {
	data, err := readLimited(filepath.Join(dir, "gpg.conf"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(strings.TrimLeft(strings.TrimSpace(line), "-"))
		if len(words) == 1 && words[0] == "always-trust" || len(words) >= 2 && words[0] == "trust-model" && words[1] == "always" {
			return true
		}
	}
	return false
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyring+1))
	if err == nil && len(data) > maxKeyring {
		err = fmt.Errorf("%s: larger than %d MiB", path, maxKeyring>>20)
	}
	return data, err
}

// addArmored reads one or more armored blocks; text around them does not matter.
func (k *Keyring) addArmored(data []byte) error {
	begin := []byte("-----BEGIN PGP ")
	for start := bytes.Index(data, begin); start >= 0; {
		data = data[start:]
		start = bytes.Index(data[1:], begin)
		one := data
		if start >= 0 {
			start++
			one = data[:start]
		}
		block, err := armor.Decode(bytes.NewReader(one))
		if err != nil {
			return fmt.Errorf("broken armor: %w", err)
		}
		if block.Type != openpgp.PublicKeyType {
			return fmt.Errorf("is a %s, not public keys", block.Type)
		}
		body, err := io.ReadAll(block.Body)
		if err != nil {
			return fmt.Errorf("broken armor: %w", err)
		}
		k.addPackets(body)
		if len(k.entities) > maxKeys {
			return errors.New("too many keys")
		}
	}
	return nil
}

// maxKeys bounds a keyring.
const maxKeys = 10000
