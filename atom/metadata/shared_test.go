package metadata

import (
	"archive/tar"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/depend"
	"github.com/portsolve/portsolve/internal/shareddata"
)

// Every cache entry of a whole Gentoo repository is valid, and every
// dependency in it round-trips. One entry in seven is enough for a quick run.
func TestGentooTree(t *testing.T) {
	const every = 7
	f, err := os.Open(shareddata.Path("gentoo-2021.tar.zst"))
	if err != nil {
		t.Skipf("shared data not found (set PORTSOLVE_SHARED): %v", err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	seen := 0
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		category, pf := path.Split(h.Name)
		category, ok := cutParent(category)
		if !ok || h.Typeflag != tar.TypeReg {
			continue
		}
		if seen++; seen%every != 0 {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		checkEntry(t, category, pf, string(text))
	}
	if seen < 29000 {
		t.Errorf("only %d entries", seen)
	}
}

// cutParent finds the category in ".../metadata/md5-cache/category/".
func cutParent(dir string) (category string, ok bool) {
	parent, category := path.Split(strings.TrimSuffix(dir, "/"))
	return category, strings.HasSuffix(parent, "metadata/md5-cache/")
}

func checkEntry(t *testing.T, category, pf, text string) {
	c, err := atom.MakeCPV(category, pf)
	if err != nil {
		t.Error(err)
		return
	}
	p := FromText(c, Ebuild, text)
	if err := p.Validate(); err != nil {
		t.Error(err)
		return
	}
	for k := range NumDepKinds {
		n, _ := p.Deps(k)
		again, err := depend.Depend(n.String(), p.EAPI)
		if err != nil || !again.Equal(n) {
			t.Errorf("%s of %s does not round-trip: %v", k, c, err)
		}
		e := n.Evaluate(func(flag string) bool { return len(flag)%2 == 0 })
		if e.Evaluate(nil) != e {
			t.Errorf("%s of %s: not settled: %s", k, c, e)
		}
	}
}
