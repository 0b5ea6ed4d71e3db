package sign

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ProtonMail/go-crypto/openpgp"
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
// ID certified by a valid key of at least full trust.
func validity(keys openpgp.EntityList, owners map[string]ownership) map[string]bool {
	valid := map[string]bool{}
	var introducers []*openpgp.Entity
	for _, e := range keys {
		if f := fingerprint(e); owners[f] == ownerUltimate {
			valid[f] = true
			introducers = append(introducers, e)
		}
	}
	for len(introducers) > 0 { // each key becomes an introducer at most once
		by := introducers[0]
		introducers = introducers[1:]
		for _, e := range keys {
			f := fingerprint(e)
			if valid[f] || !certifies(by, e) {
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

// certifies reports whether a key has signed a user ID of another one.
func certifies(by, e *openpgp.Entity) bool {
	for _, id := range e.Identities {
		for _, s := range id.Signatures {
			if s.IssuerKeyId == nil || *s.IssuerKeyId != by.PrimaryKey.KeyId {
				continue
			}
			if by.PrimaryKey.VerifyUserIdSignature(id.UserId.Id, e.PrimaryKey, s) == nil && !id.Revoked(s.CreationTime) {
				return true
			}
		}
	}
	return false
}
