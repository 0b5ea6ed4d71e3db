package sign

import (
	"bytes"
	"fmt"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Packet tags (RFC 9580, 5).
const (
	tagSignature = 2
	tagSecretKey = 5
	tagPublicKey = 6
	tagRingTrust = 12 // GnuPG's own notes
	tagUserID    = 13
)

// certification is a signature of another key on a user ID.
type certification struct {
	userID string
	sig    *packet.Signature
}

// addPackets reads keys one after the other. One that the library does not
// understand is skipped with its reason; the others stay usable.
func (k *Keyring) addPackets(data []byte) {
	in := packet.NewOpaqueReader(bytes.NewReader(data))
	var key []*packet.OpaquePacket
	for len(k.entities) <= maxKeys {
		p, err := in.Next()
		if err != nil || p.Tag == tagPublicKey || p.Tag == tagSecretKey {
			k.addKey(key)
			key = nil
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			k.skipped = append(k.skipped, fmt.Errorf("not OpenPGP packets: %w", err))
			return
		}
		key = append(key, p)
	}
}

// addKey adds the key of one row of packets.
func (k *Keyring) addKey(packets []*packet.OpaquePacket) {
	if len(packets) == 0 {
		return
	}
	var b bytes.Buffer
	for _, p := range packets {
		if err := p.Serialize(&b); err != nil {
			return // a buffer takes everything
		}
	}
	e, err := openpgp.ReadEntity(packet.NewReader(&b))
	if err != nil {
		k.skipped = append(k.skipped, fmt.Errorf("a key is skipped: %w", err))
		return
	}
	f := fingerprint(e)
	if self, _ := e.PrimarySelfSignature(); self == nil {
		k.skipped = append(k.skipped, fmt.Errorf("key %s is skipped: it has no signature of its own", f))
		return
	}
	if e.PrivateKey != nil {
		k.skipped = append(k.skipped, fmt.Errorf("key %s is skipped: it is a secret key", f))
		return
	}
	k.entities = append(k.entities, e)
	if k.certs == nil {
		k.certs = map[string][]certification{}
	}
	k.certs[f] = append(k.certs[f], certifications(packets, e.PrimaryKey.KeyId)...)
}

// certifications collects the signatures of other keys on user IDs.
func certifications(packets []*packet.OpaquePacket, own uint64) []certification {
	var out []certification
	user, known := "", false
	for _, p := range packets {
		switch {
		case p.Tag == tagUserID:
			user, known = string(p.Contents), true
		case p.Tag == tagRingTrust:
		case p.Tag != tagSignature:
			known = false
		case known:
			if s := parseCertification(p); s != nil && s.IssuerKeyId != nil && *s.IssuerKeyId != own {
				out = append(out, certification{user, s})
			}
		}
	}
	return out
}

// exportable is the subpacket "exportable certification" (RFC 9580, 5.2.3.19). With
// the value 0 it marks a local certification, as gpg --lsign-key and getuto make them.
// The library refuses those.
const exportable = 4

// parseCertification reads a signature packet. The library gets to see a 1 in that
// subpacket; what is hashed is put right afterwards. nil is a signature that cannot be
// used.
func parseCertification(p *packet.OpaquePacket) *packet.Signature {
	body := bytes.Clone(p.Contents)
	marks := markedSubpackets(body)
	for _, at := range marks {
		body[at] = 1
	}
	var b bytes.Buffer
	if (&packet.OpaquePacket{Tag: tagSignature, Contents: body}).Serialize(&b) != nil {
		return nil
	}
	parsed, err := packet.Read(&b)
	if err != nil {
		return nil
	}
	s, ok := parsed.(*packet.Signature)
	if !ok || len(marks) > 0 && len(s.HashSuffix) <= marks[len(marks)-1] {
		return nil
	}
	for _, at := range marks { // the suffix begins as the packet does
		s.HashSuffix[at] = 0
	}
	return s
}

// markedSubpackets are the positions of the zeros of such subpackets in the
// hashed part of a version 4 signature (RFC 9580, 5.2.3).
func markedSubpackets(body []byte) []int {
	const start = 6
	if len(body) < start || body[0] != 4 {
		return nil
	}
	end := start + int(body[4])<<8 + int(body[5])
	if end > len(body) {
		return nil
	}
	var out []int
	for at := start; at < end; {
		length, size := 0, 1
		switch b := int(body[at]); {
		case b < 192:
			length = b
		case b < 255:
			if at+1 >= end {
				return out
			}
			length, size = (b-192)<<8+int(body[at+1])+192, 2
		default:
			return out // longer than any subpacket here
		}
		if at += size; length == 0 || at+length > end {
			return out
		}
		if body[at]&0x7f == exportable && length == 2 && body[at+1] == 0 {
			out = append(out, at+1)
		}
		at += length
	}
	return out
}
