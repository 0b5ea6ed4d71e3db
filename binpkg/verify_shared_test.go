package binpkg

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/binpkg/sign"
)

var update = flag.Bool("update", false, "rewrite docs/binpkg-verdicts.md")

// sharedTime is shortly after the shared packages were signed.
var sharedTime = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func signerKeys(t *testing.T, dir string) *sign.Keyring {
	t.Helper()
	keys, err := sign.ReadFile(filepath.Join(dir, "keys", "signer.pub.asc"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// readAll verifies a package and reads its image to the end, as a merge would.
func readAll(path string, o VerifyOptions, special bool) (*Verified, []*Entry, error) {
	v, err := OpenVerified(context.Background(), path, o)
	if err != nil {
		return nil, nil, err
	}
	defer v.Close()
	image, err := v.Image(ImageOptions{Special: special})
	if err != nil {
		return nil, nil, err
	}
	defer image.Close()
	var out []*Entry
	for {
		e, err := image.Next()
		if err == io.EOF {
			return v, out, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if n, err := io.Copy(io.Discard, image); err != nil || n != e.Size {
			return nil, nil, fmt.Errorf("%s: %d of %d bytes: %w", e.Name, n, e.Size, err)
		}
		out = append(out, e)
	}
}

// Every good package is read to the content that expected.json lists, with the
// checksums of its index where it has one.
func TestVerifyGoldenPackages(t *testing.T) {
	dir := shared(t, "binpkgs")
	keys := signerKeys(t, dir)
	for name, want := range readGolden(t, dir) {
		o := VerifyOptions{Digests: Digests{Size: want.Size, MD5: want.MD5}, Keys: keys, Time: sharedTime}
		if strings.Contains(name, "stranger") {
			o.Signatures = SignatureIgnored
		}
		v, entries, err := readAll(filepath.Join(dir, name), o, true)
		var codec *CodecError
		if errors.As(err, &codec) && codec.Compression == Lzop && strings.Contains(name, "-lzop/") {
			continue // the one codec that is only named
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if signed := strings.Contains(name, "gpkg-signed/"); signed != (v.Signature != nil) {
			t.Errorf("%s: signature %v", name, v.Signature)
		}
		compareEntries(t, name, v.File.Format, entries, want.Image)
		if x := want.Xattrs; len(x) > 0 {
			compareXattrs(t, name, entries, x)
		}
	}
}

// compareEntries compares all fields with [name, type, mode, uid, gid, size, mtime, linkname].
func compareEntries(t *testing.T, name string, format Format, entries []*Entry, want [][]any) {
	t.Helper()
	local := func(s string) string {
		s = filepath.Clean(s)
		if format == GPKG && s == "image" {
			return "."
		}
		if format == GPKG {
			s = strings.TrimPrefix(s, "image/")
		}
		return s
	}
	kinds := map[EntryType]string{Regular: "file", Directory: "dir", Symlink: "sym", Hardlink: "hard", FIFO: "fifo"}
	var have, expected []string
	for _, m := range want {
		link := m[7].(string)
		if m[1] == "hard" {
			link = local(link)
		}
		mtime := "" // made at build time
		if f, ok := m[6].(float64); ok {
			mtime = strconv.FormatInt(int64(f), 10)
		}
		expected = append(expected, fmt.Sprintf("%s %s %s %v %v %v %s %s", local(m[0].(string)), m[1], m[2], m[3], m[4], int64(m[5].(float64)), mtime, link))
	}
	recorded := map[string]bool{}
	for _, m := range want {
		if _, ok := m[6].(float64); ok {
			recorded[local(m[0].(string))] = true
		}
	}
	for _, e := range entries {
		mtime := ""
		if recorded[e.Name] {
			mtime = strconv.FormatInt(e.ModTime.Unix(), 10)
		}
		have = append(have, fmt.Sprintf("%s %s %04o %d %d %d %s %s", e.Name, kinds[e.Type], e.Mode, e.UID, e.GID, e.Size, mtime, e.Linkname))
	}
	slices.Sort(have)
	slices.Sort(expected)
	if d := cmp.Diff(expected, have); d != "" {
		t.Errorf("%s: image (-want +have): %s", name, d)
	}
}

func compareXattrs(t *testing.T, name string, entries []*Entry, want map[string]map[string]string) {
	t.Helper()
	have := map[string]map[string]string{}
	for _, e := range entries {
		if e.Xattrs != nil {
			have["/"+e.Name] = e.Xattrs
		}
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("%s: xattrs: %s", name, d)
	}
}

// verdict is one row of docs/binpkg-verdicts.md.
type verdict struct {
	file, note       string
	portage          string
	plain, requested string
}

// TestVerdicts reads the 87 hand-made packages of the shared data and compares the
// table in docs/binpkg-verdicts.md; -update writes it.
func TestVerdicts(t *testing.T) {
	dir := shared(t, "binpkgs")
	keys := signerKeys(t, dir)
	var recorded map[string]struct {
		Note   string
		Emerge map[string]struct{ Exit any }
	}
	data, err := os.ReadFile(filepath.Join(dir, "negative", "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded) != 87 {
		t.Fatalf("%d files", len(recorded))
	}
	names := make([]string, 0, len(recorded))
	for name := range recorded {
		names = append(names, name)
	}
	slices.Sort(names)
	table := verdictHead
	for _, name := range names {
		r := recorded[name]
		path := filepath.Join(dir, "negative", name)
		expect := "app-mc/tiny-1"
		if strings.HasSuffix(name, ".xpak") {
			expect = "app-mc/basic-1"
		}
		o := VerifyOptions{Expect: mustCPV(t, expect), Keys: keys, Time: sharedTime}
		_, _, plain := readAll(path, o, false)
		o.Signatures = SignatureRequired
		_, _, requested := readAll(path, o, false)
		accepted := r.Emerge["plain"].Exit == float64(0)
		checkVerdict(t, name, accepted, plain)
		if want := name == "good-signed.gpkg.tar"; (requested == nil) != want {
			t.Errorf("%s with signatures required: %v", name, requested)
		}
		portage := "refuses"
		if accepted {
			portage = "accepts"
		} else if s, ok := r.Emerge["plain"].Exit.(string); ok {
			portage = s
		}
		table += verdictRow(verdict{name, r.Note, portage, verdictText(dir, plain), verdictText(dir, requested)})
	}
	compareDocument(t, filepath.Join("..", "docs", "binpkg-verdicts.md"), table)
}

// Refused although Portage takes them, each for a reason of its own.
var stricter = map[string]Reason{
	"symlink-escape-abs.gpkg.tar": ReasonImage, "symlink-escape-rel.gpkg.tar": ReasonImage,
	"traversal-end.gpkg.tar":            ReasonImage,
	"signed-stripped.gpkg.tar":          ReasonUnsigned,
	"signed-replaced-stripped.gpkg.tar": ReasonUnsigned,
	"xpak-index-out-of-range.xpak":      ReasonMetadata,
	"xpak-absolute.xpak":                ReasonImage, "xpak-device.xpak": ReasonImage, "xpak-duplicate.xpak": ReasonImage,
}

func checkVerdict(t *testing.T, name string, accepted bool, err error) {
	t.Helper()
	reason, isStricter := stricter[name]
	switch {
	case accepted && isStricter && ReasonOf(err) != reason:
		t.Errorf("%s: %v, want a refusal for %s", name, err, reason)
	case accepted && !isStricter && err != nil:
		t.Errorf("%s: %v; Portage accepts it", name, err)
	case !accepted && ReasonOf(err) == "":
		t.Errorf("%s: %v; it must be refused", name, err)
	}
}

const verdictHead = `# Verdicts on broken and hostile packages

Made by ` + "`go test ./binpkg -run Verdicts -update`" + ` from the 87 files of the shared corpus, and compared by every run of that test.
The package is expected to be what the place in PKGDIR says. "Portage" is emerge -K of Portage 3.0.82 without an index; our columns
are the default and FEATURES=binpkg-request-signature, each with the member and the reason. Signers: one trusted key.

| file | what is wrong | Portage | ours | ours, signatures required |
|---|---|---|---|---|
`

func verdictRow(v verdict) string {
	cell := func(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
	requested := v.requested
	if requested == v.plain {
		requested = "the same"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", v.file, cell(v.note), v.portage, cell(v.plain), cell(requested))
}

// verdictText is the error without the directory.
func verdictText(dir string, err error) string {
	if err == nil {
		return "**accepted**"
	}
	_, text, ok := strings.Cut(err.Error(), ".gpkg.tar: ")
	if !ok {
		_, text, _ = strings.Cut(err.Error(), ".xpak: ")
	}
	text = strings.ReplaceAll(text, dir+"/", "")
	text = regexp.MustCompile(`"/(?:[^"/]+/){2,}`).ReplaceAllString(text, `"/…/`) // where the corpus was made
	return "refused: " + text
}

func compareDocument(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, []byte(want)) {
		t.Errorf("%s is not up to date: go test ./binpkg -run Verdicts -update\n%s", path, cmp.Diff(string(have), want))
	}
}

func mustCPV(t *testing.T, s string) atom.CPV {
	t.Helper()
	cpv, err := atom.ParseCPV(s)
	if err != nil {
		t.Fatal(err)
	}
	return cpv
}
