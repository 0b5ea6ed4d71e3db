package binpkg

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxManifest bounds a GPKG's Manifest: each of at most maxMembers lines has some 350 bytes.
const maxManifest = 256 << 10

// manifestEntry is a line "DATA name size SHA512 … BLAKE2B …" (GLEP 74, GLEP 78).
type manifestEntry struct {
	name            string // without the directory
	size            int64
	sha512, blake2b string // hexadecimal
}

// parseManifest reads the text of a GPKG's Manifest. Both hashes must be there,
// as Portage wants it; hashes that it does not know are passed over.
func parseManifest(text []byte) ([]manifestEntry, error) {
	var out []manifestEntry
	seen := map[string]bool{}
	in := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; in.Scan(); n++ {
		words := strings.Fields(in.Text())
		if len(words) == 0 {
			continue
		}
		e, err := parseManifestLine(words)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case seen[e.name]:
			return nil, fmt.Errorf("line %d: %.80q is listed twice", n, e.name)
		case len(out) == maxMembers:
			return nil, fmt.Errorf("it lists more than %d members", maxMembers)
		}
		seen[e.name] = true
		out = append(out, e)
	}
	return out, in.Err()
}

func parseManifestLine(words []string) (e manifestEntry, err error) {
	if words[0] != "DATA" || len(words) < 3 || len(words)%2 == 0 {
		return e, errors.New("is not of the form \"DATA NAME SIZE HASH VALUE…\"")
	}
	e.name = words[1]
	if e.size, err = strconv.ParseInt(words[2], 10, 64); err != nil || e.size < 0 {
		return e, fmt.Errorf("%.80q is no size", words[2])
	}
	for i := 3; i < len(words); i += 2 {
		var to *string
		switch words[i] {
		case "SHA512":
			to = &e.sha512
		case "BLAKE2B":
			to = &e.blake2b
		default:
			continue
		}
		if sum, err := hex.DecodeString(words[i+1]); err != nil || len(sum) != 64 || *to != "" {
			return e, fmt.Errorf("the %s of %.80q is no such checksum", words[i], e.name)
		}
		*to = strings.ToLower(words[i+1])
	}
	if e.sha512 == "" || e.blake2b == "" {
		return e, fmt.Errorf("%.80q needs both SHA512 and BLAKE2B", e.name)
	}
	return e, nil
}
