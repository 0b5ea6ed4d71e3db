package envupdate

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/portsolve/portsolve/vdb"
)

const page = "This is tar.info, produced by makeinfo.\n\nINFO-DIR-SECTION Archiving\nSTART-INFO-DIR-ENTRY\n" +
	"* Tar: (tar).                   Making tape archives.\n* Restore: (tar)Restore.  From\n                          backups.\n" +
	"END-INFO-DIR-ENTRY\n\n\x1f\nFile: tar.info,  Node: Top\n\n* not an entry\n"

// packed is a page as packages ship it.
func packed(t *testing.T, text string, pack func(io.Writer) (io.WriteCloser, error)) string {
	t.Helper()
	var b bytes.Buffer
	w, err := pack(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteInfo(t *testing.T) {
	gz := func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
	xzip := func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }
	zst := func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }
	tree, dir := root(t, map[string]string{
		"usr/share/info/tar.info":       page,
		"usr/share/info/b.info.gz":      packed(t, strings.ReplaceAll(strings.ReplaceAll(page, "ar", "b"), "Tb", "Ab"), gz),
		"usr/share/info/z.info.xz":      packed(t, strings.ReplaceAll(page, "INFO-DIR-SECTION Archiving\n", ""), xzip),
		"usr/share/info/y.info.zst":     packed(t, "nothing about itself\n", zst),
		"usr/share/info/tar.info-1":     "\x1f\nFile: tar.info\nSTART-INFO-DIR-ENTRY\n* late\n",
		"usr/share/info/broken.info.gz": "\x1f\x8b\x08broken",
		"usr/share/info/picture.png":    "\x89PNG\x00",
		"usr/share/info/dir":            "old",
		"usr/share/info/.keepinfodir":   "", "usr/share/none/dir": "index",
	})
	s := vdb.State{FS: tree}
	written, problems, err := WriteInfo(s, []string{"/usr/share/info", "/usr/share/none", "/nowhere"})
	if err != nil || !slices.Equal(written, []string{"/usr/share/info/dir"}) || len(problems) != 2 {
		t.Errorf("%q, %q, %v", written, problems, err)
	}
	text, _ := os.ReadFile(filepath.Join(dir, "usr/share/info/dir"))
	want := infoHead + `
Archiving
* Ab: (tb).                   Making tape bchives.
* Restore: (tar)Restore.  From
                          backups.
* Restore: (tb)Restore.  From
                          backups.
* Tar: (tar).                   Making tape archives.

Miscellaneous
* Restore: (tar)Restore.  From
                          backups.
* Tar: (tar).                   Making tape archives.
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if written, _, err := WriteInfo(s, []string{"/usr/share/info"}); err != nil || len(written) > 0 {
		t.Errorf("again: %q, %v", written, err)
	}
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(page))
	f.Add([]byte("\x28\xb5\x2f\xfd\x00"))
	f.Add([]byte("BZh9"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tree, _ := root(t, map[string]string{"x.info": string(text)})
		entries, _ := pageEntries(tree, "x.info")
		for _, e := range entries {
			if !strings.HasPrefix(e.text, "* ") || !strings.HasSuffix(e.text, "\n") || e.section == "" {
				t.Errorf("%q: %+v", text, e)
			}
		}
	})
}
