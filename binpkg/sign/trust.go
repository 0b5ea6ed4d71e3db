package sign

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// ownership is how much a key's owner is trusted to certify others (GnuPG's
// doc/DETAILS, "ownertrust"). Lower values than full do not count here.
type ownership byte

const (
	ownerFull     ownership = 5
	ownerUltimate ownership = 6
	ownerMask     ownership = 15
)

// A trust database is a row of records of 40 bytes (GnuPG's doc/DETAILS, "Layout
// of the TrustDB"). Only the trust records matter: type, reserved, fingerprint, trust.
const (
	trustRecord  = 40
	trustVersion = 1
	trustOwner   = 12
)

// readTrust reads the ownertrust by fingerprint. Without a database nobody is trusted.
func readTrust(path string) (map[string]ownership, error) {
	data, err := readLimited(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]ownership{}, nil
	}
	if err != nil {
		return nil, err
	}
	owners, err := parseTrust(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return owners, nil
}

func parseTrust(data []byte) (map[string]ownership, error) {
	if len(data) < trustRecord || data[0] != trustVersion || string(data[1:4]) != "gpg" {
		return nil, errors.New("is not a GnuPG trust database")
	}
	owners := map[string]ownership{}
	for ; len(data) >= trustRecord; data = data[trustRecord:] {
		if data[0] == trustOwner {
			owners[fmt.Sprintf("%X", data[2:22])] = ownership(data[22]) & ownerMask
		}
	}
	return owners, nil
}

// validity is which keys are valid: those of ultimate trust, and those with a user
// ID certified by a valid key of at least full trust that is not revoked.
func validity(k *Keyring, owners map[string]ownership, now time.Time) map[string]bool {
	valid := map[string]bool{}
	var introducers []*openpgp.Entity
	for _, e := range k.entities {
		if f := fingerprint(e); owners[f] == ownerUltimate {
			valid[f] = true
			introducers = append(introducers, e)
		}
	}
	for len(introducers) > 0 { // each key becomes an introducer at most once
		by := introducers[0]
		introducers = introducers[1:]
		for _, e := range k.entities {
			f := fingerprint(e)
			if valid[f] || by.Revoked(now) || !certifies(by, e, k.certs[f], now) {
				continue
			}
			valid[f] = true
			if owners[f] >= ownerFull {
				introducers = append(introducers, e)
			}
		}
	}
	return valid
}

// certifies reports whether a key has signed a user ID of another one, and not
// taken that back since.
func certifies(by, e *openpgp.Entity, certs []certification, now time.Time) bool {
	latest := map[string]*packet.Signature{}
	for _, c := range certs {
		if *c.sig.IssuerKeyId != by.PrimaryKey.KeyId || c.sig.SigExpired(now) {
			continue
		}
		if old := latest[c.userID]; old != nil && old.CreationTime.After(c.sig.CreationTime) {
			continue
		}
		if id := e.Identities[c.userID]; id == nil || id.Revoked(now) {
			continue
		}
		if by.PrimaryKey.VerifyUserIdSignature(c.userID, e.PrimaryKey, c.sig) == nil {
			latest[c.userID] = c.sig
		}
	}
	for _, s := range latest {
		if s.SigType != packet.SigTypeCertificationRevocation {
			return true
		}
	}
	return false
}
