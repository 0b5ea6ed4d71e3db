package sign

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A keybox (GnuPG's kbx/keybox-blob.c describes it) is a row of blobs, each with
// its length (big-endian) and type in front. OpenPGP blobs hold the key as packets,
// at an offset that the blob's header gives.
const (
	keyboxHeader    = 20 // of an OpenPGP blob, up to the length of the key block
	keyboxFirst     = 1
	keyboxOpenPGP   = 2
	keyboxMagic     = "KBXf"
	keyboxMagicAt   = 8
	keyboxMinLength = 5
)

// isKeybox recognises the first blob.
func isKeybox(data []byte) bool {
	return len(data) >= keyboxMagicAt+len(keyboxMagic) && data[4] == keyboxFirst &&
		string(data[keyboxMagicAt:keyboxMagicAt+len(keyboxMagic)]) == keyboxMagic
}

// addKeybox reads the OpenPGP keys of a keybox; deleted and X.509 ones are passed over.
func (k *Keyring) addKeybox(data []byte) error {
	for at := 0; at < len(data); {
		rest := data[at:]
		if len(rest) < keyboxMinLength {
			return errors.New("the keybox ends in the middle")
		}
		length := int64(binary.BigEndian.Uint32(rest))
		if length < keyboxMinLength || length > int64(len(rest)) {
			return fmt.Errorf("the keybox is damaged: a blob of %d bytes at offset %d", length, at)
		}
		if rest[4] == keyboxOpenPGP {
			block, err := keyboxKey(rest[:length])
			if err != nil {
				return fmt.Errorf("the keybox is damaged at offset %d: %w", at, err)
			}
			k.addPackets(block)
		}
		if len(k.entities) > maxKeys {
			return errors.New("too many keys")
		}
		at += int(length)
	}
	return nil
}

// keyboxKey cuts the packets out of a blob.
func keyboxKey(blob []byte) ([]byte, error) {
	if len(blob) < keyboxHeader {
		return nil, errors.New("a blob is too short")
	}
	offset, length := int64(binary.BigEndian.Uint32(blob[8:])), int64(binary.BigEndian.Uint32(blob[12:]))
	if offset < keyboxHeader || offset+length > int64(len(blob)) {
		return nil, errors.New("a key lies outside of its blob")
	}
	return blob[offset : offset+length], nil
}
