package vdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/internal/shareddata"
)

// newStore is a Store on an empty ROOT.
func newStore(t testing.TB) (*Store, string) {
	t.Helper()
	root := t.TempDir()
	tree, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return NewStore(State{FS: tree}), root
}

func cpv(t testing.TB, s string) atom.CPV {
	t.Helper()
	c, err := atom.ParseCPV(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sample is an entry with a little of everything.
func sample(t testing.TB, name string, counter int64) *Entry {
	c := cpv(t, name)
	return &Entry{
		CPV: c, Counter: counter, BinpkgMD5: "1f6e40ecf7a72490c7d2fa1a90340499",
		Files: map[string][]byte{
			"SLOT": []byte("0/1\n"), "EAPI": []byte("8\n"), "IUSE": []byte("\n"), "RDEPEND": []byte("app-mc/tiny app-mc/empty\n"),
			"repository": []byte("mcrepo\n"), "BUILD_TIME": []byte("1795173129\n"), "BUILD_ID": []byte("3"),
			"environment.bz2": {'B', 'Z', 0, 0xff}, c.PF() + ".ebuild": []byte("EAPI=8\n"), "NEEDED.ELF.2": []byte("X86_64;/usr/bin/x;;;libc.so.6;x86_64\n"),
			"CONTENTS": []byte("obj /what/quickpkg/left\n"), "COUNTER": []byte("7"), "metadata": []byte("#format=1\n#dir_mtime=1\n"),
		},
		Contents: Contents{
			{Kind: ContentFile, Path: "/usr/bin/x", MD5: "d41d8cd98f00b204e9800998ecf8427e", MTime: 1700001000},
			{Kind: ContentDir, Path: "/usr"}, {Kind: ContentDir, Path: "/usr/bin"},
			{Kind: ContentLink, Path: "/usr/bin/y z", Target: "x", MTime: 1700001001},
		},
	}
}

func install(t testing.TB, s *Store, e *Entry) {
	t.Helper()
	if err := s.Stage(e); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(e.CPV, e.Counter); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, root, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEntryIsWrittenAsPortageDoes(t *testing.T) {
	s, root := newStore(t)
	e := sample(t, "app-mc/x-1.0-r0", 101)
	if err := s.Stage(e); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(e.CPV); err != nil {
		t.Fatal(err)
	}
	install(t, s, e) // staging again begins anew
	dir := "var/db/pkg/app-mc/x-1.0-r0/"
	for name, want := range map[string]string{
		"COUNTER":         "101",
		"BINPKGMD5":       "1f6e40ecf7a72490c7d2fa1a90340499\n",
		"environment.bz2": "BZ\x00\xff",
		"IUSE":            "\n",
		"CONTENTS": "dir /usr\ndir /usr/bin\nobj /usr/bin/x d41d8cd98f00b204e9800998ecf8427e 1700001000\n" +
			"sym /usr/bin/y z -> x 1700001001\n",
	} {
		if got := read(t, root, dir+name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	info, err := os.Stat(filepath.Join(root, dir))
	if err != nil {
		t.Fatal(err)
	}
	want := "#format=1\nBUILD_ID=3\nBUILD_TIME=1795173129\nCOUNTER=101\nEAPI=8\nIUSE=\n" +
		"RDEPEND=app-mc/tiny app-mc/empty\nSLOT=0/1\nrepository=mcrepo\n" + fmt.Sprintf("#dir_mtime=%d\n", info.ModTime().UnixNano())
	if diff := cmp.Diff(want, read(t, root, dir+"metadata")); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if left := s.Remains(); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// TestCacheAgainstRecorded makes the "metadata" file of every entry Portage wrote
// in the recorded merges from its other files.
func TestCacheAgainstRecorded(t *testing.T) {
	shared := shareddata.Path()
	states, _ := filepath.Glob(filepath.Join(shared, "merges/*/after-*.json"))
	if len(states) == 0 {
		t.Skipf("no recorded merges in %s (PORTSOLVE_SHARED)", shared)
	}
	compared := 0
	for _, name := range states {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var state struct {
			VDB map[string]struct{ Files map[string]any }
		}
		if err := json.Unmarshal(text, &state); err != nil {
			t.Fatal(err)
		}
		for cpv, entry := range state.VDB {
			want, ok := entry.Files["metadata"].(string)
			if !ok {
				continue
			}
			files := make(map[string][]byte)
			for name, v := range entry.Files {
				if v, ok := v.(string); ok {
					files[name] = []byte(v)
				}
			}
			for _, normalised := range []string{"BUILD_TIME", "COUNTER"} {
				files[normalised] = []byte("<normalised>")
			}
			got := strings.Replace(string(cacheText(files, 5)), "dir_mtime=5", "dir_mtime=<normalised>", 1)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (-Portage +ours):\n%s", name, cpv, diff)
			}
			compared++
		}
	}
	t.Logf("%d entries compared", compared)
}

func TestEntryReadsBack(t *testing.T) {
	s, root := newStore(t)
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[a-z][a-z0-9]{0,6}`)
		e := &Entry{
			CPV:     cpv(t, "app-mc/"+word.Draw(rt, "name")+"-"+rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,2})?(-r[0-9])?`).Draw(rt, "version")),
			Counter: rapid.Int64Range(1, maxCounter).Draw(rt, "counter"),
			Files: map[string][]byte{"SLOT": []byte(word.Draw(rt, "slot")), "EAPI": []byte("8\n"),
				"RDEPEND": []byte("app-mc/" + word.Draw(rt, "dependency")), "USE": []byte(word.Draw(rt, "use"))},
			Contents: drawContents(rt),
		}
		if e.Check() != nil {
			rt.Skip("names that only sometimes are possible")
		}
		install(t, s, e)
		got, problems, err := s.Contents(e.CPV)
		if err != nil || len(problems) > 0 {
			rt.Fatal(err, problems)
		}
		format := func(c Contents) string { b, _ := c.Format(); return string(b) }
		if format(got) != format(e.Contents) || len(got) != len(e.Contents) {
			rt.Fatalf("CONTENTS %q read back as %q", format(e.Contents), format(got))
		}
		db, err := Open(context.Background(), Options{Root: root, Workers: 1})
		if err != nil {
			rt.Fatal(err)
		}
		p := db.Packages(e.CPV.CP)
		if len(db.Problems()) > 0 || len(p) != 1 {
			rt.Fatal(p, db.Problems())
		}
		if p[0].CPV != e.CPV || p[0].Counter != e.Counter || p[0].Slot != string(e.Files["SLOT"]) ||
			p[0].Var("RDEPEND") != string(e.Files["RDEPEND"]) || strings.Join(p[0].Use, " ") != string(e.Files["USE"]) {
			rt.Fatalf("read back as %+v", p[0])
		}
		if err := s.Remove(e.CPV); err != nil {
			rt.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(root, "var/db/pkg/app-mc")); !errors.Is(err, os.ErrNotExist) {
			rt.Fatalf("the empty category is left: %v", err)
		}
	})
}

func drawContents(rt *rapid.T) Contents {
	path := rapid.StringMatching(`/[a-z >.\-"'\\é]{1,5}(/[a-z >\-é]{1,4})?`)
	return rapid.SliceOfNDistinct(rapid.Custom(func(rt *rapid.T) Content {
		c := Content{Path: path.Draw(rt, "path")}
		switch c.Kind = ContentKind(rapid.IntRange(0, 4).Draw(rt, "kind")); c.Kind {
		case ContentFile:
			c.MD5 = rapid.StringMatching(`[0-9a-f]{32}`).Draw(rt, "md5")
			c.MTime = rapid.Int64().Draw(rt, "mtime")
		case ContentLink:
			c.Target = rapid.StringMatching(`[a-z /.>\-]{1,8}`).Draw(rt, "target")
			c.MTime = rapid.Int64().Draw(rt, "mtime")
		}
		return c
	}), 0, 6, func(c Content) string { return c.Path }).Draw(rt, "contents")
}

func TestWhatCannotBeRecorded(t *testing.T) {
	s, root := newStore(t)
	for what, change := range map[string]func(*Entry){
		"newline in a name":        func(e *Entry) { e.Contents[0].Path = "/usr/a\nb" },
		"carriage return":          func(e *Entry) { e.Contents[0].Path = "/usr/a\rb" },
		"newline in a target":      func(e *Entry) { e.Contents[3].Target = "a\nb" },
		"link without target":      func(e *Entry) { e.Contents[3].Target = "" },
		"arrow in a link's name":   func(e *Entry) { e.Contents[3].Path = "/usr/a -> b" },
		"arrow at a link's end":    func(e *Entry) { e.Contents[3].Path = "/usr/a ->" },
		"path that is not one":     func(e *Entry) { e.Contents[0].Path = "usr/bin/x" },
		"path that leads upwards":  func(e *Entry) { e.Contents[0].Path = "/usr/../etc/shadow" },
		"no checksum":              func(e *Entry) { e.Contents[0].MD5 = "" },
		"path twice":               func(e *Entry) { e.Contents[0].Path = "/usr" },
		"no slot":                  func(e *Entry) { e.Files["SLOT"] = []byte(" \n") },
		"NUL in text":              func(e *Entry) { e.Files["RDEPEND"] = []byte("a\x00b") },
		"metadata outside":         func(e *Entry) { e.Files["../evil"] = nil },
		"metadata in a directory":  func(e *Entry) { e.Files["sub/evil"] = nil },
		"metadata named dot":       func(e *Entry) { e.Files["."] = nil },
		"more than a reader reads": func(e *Entry) { e.Files["RDEPEND"] = make([]byte, maxEntryBytes+1) },
	} {
		e := sample(t, "app-mc/x-1", 1)
		change(e)
		if err := s.Stage(e); err == nil {
			t.Errorf("%s: no error", what)
		} else {
			t.Logf("%s: %.300v", what, err)
		}
		if names, _ := filepath.Glob(filepath.Join(root, "var/db/pkg/*")); len(names) > 0 {
			t.Fatalf("%s: left %s", what, names)
		}
	}
}

func TestReplaceSameVersion(t *testing.T) {
	s, root := newStore(t)
	install(t, s, sample(t, "app-mc/x-1", 1))
	e := sample(t, "app-mc/x-1", 2)
	e.Contents = nil
	install(t, s, e)
	if err := s.Publish(e.CPV, 2); err != nil {
		t.Errorf("Publish again: %v", err)
	}
	if got := read(t, root, "var/db/pkg/app-mc/x-1/COUNTER") + read(t, root, "var/db/pkg/app-mc/x-1/CONTENTS"); got != "2" {
		t.Errorf("COUNTER and CONTENTS %q", got)
	}
	if left := s.Remains(); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
	if err := s.Publish(cpv(t, "app-mc/never-staged-1"), 3); err == nil {
		t.Error("an entry that was not staged was published")
	}
}

func TestSetContents(t *testing.T) {
	s, root := newStore(t)
	e := sample(t, "app-mc/x-1", 1)
	install(t, s, e)
	name := "var/db/pkg/app-mc/x-1/CONTENTS"
	writeFile(t, filepath.Join(root, name), read(t, root, name)+"obj /broken\n")
	list, problems, err := s.Contents(e.CPV)
	if err != nil || len(problems) != 1 || problems[0].Line != 5 {
		t.Fatal(problems, err)
	}
	if err := s.SetContents(e.CPV, list.Without("/usr/bin/x", "/usr")); err != nil {
		t.Fatal(err)
	}
	want := "dir /usr/bin\nsym /usr/bin/y z -> x 1700001001\nobj /broken\n"
	if got := read(t, root, name); got != want {
		t.Errorf("CONTENTS = %q, want %q", got, want)
	}
	if err := s.SetContents(cpv(t, "app-mc/gone-1"), nil); err == nil {
		t.Error("contents of a package that is not installed were set")
	}
}

// TestBrokenNeighbours writes beside entries that nobody can read.
func TestBrokenNeighbours(t *testing.T) {
	s, root := newStore(t)
	pkg := filepath.Join(root, "var/db/pkg")
	writeEntry(t, root, "app-mc/half-1", files{"CONTENTS": "obj"})
	writeEntry(t, root, "app-mc/-MERGING-other-1", files{"junk": "j\n"})
	writeEntry(t, root, "app-mc/-MERGING-x-1", files{"junk": "j\n"})
	writeEntry(t, root, "app-mc/-MERGING-old-1.removed", files{"SLOT": "0\n"})
	writeEntry(t, root, "app-mc/number-1", files{"SLOT": "0\n", "COUNTER": "99999999999999999999\n"})
	writeFile(t, filepath.Join(pkg, "app-mc/.x-1.portage_lockfile"), "")
	writeFile(t, filepath.Join(pkg, "app-other"), "a file where a category should be")
	for _, link := range []string{"app-mc/loop-1", "app-mc/dangling-1"} {
		if err := os.Symlink(filepath.Base(link), filepath.Join(pkg, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(pkg, "app-mc/dir-1/COUNTER"), 0o755); err != nil {
		t.Fatal(err)
	}
	if n, err := s.NextCounter(); n != 1 || err != nil {
		t.Errorf("NextCounter = %d, %v", n, err)
	}
	install(t, s, sample(t, "app-mc/x-1", 1))
	if err := s.CleanRemains(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"var/db/pkg/app-mc/-MERGING-other-1"}, s.Remains()); diff != "" {
		t.Errorf("remains (-want +got):\n%s", diff)
	}
	if got := cpvs(open(t, root).All()); !strings.Contains(strings.Join(got, " "), "app-mc/x-1") {
		t.Errorf("not installed: %s", got)
	}
}

// TestCounter is what Portage does (scenario 122 of the recorded merges, and more).
func TestCounter(t *testing.T) {
	for _, c := range []struct {
		what, file string // "-" = no file
		installed  []string
		want       int64
	}{
		{"nothing yet", "-", nil, 1},
		{"as it should be", "100", []string{"99", "100"}, 101},
		{"with a newline", "100\n", nil, 101},
		{"file lost", "-", []string{"101"}, 102},
		{"file too low", "5", []string{"101", "102"}, 103},
		{"file damaged", "x\n", []string{"103"}, 104},
		{"file empty", "", []string{"103"}, 104},
		{"file negative", "-7", []string{"3"}, 4},
		{"file larger than any counter", "9223372036854775807", []string{"3"}, 4},
		{"file ahead", "500", []string{"3"}, 501},
		{"an entry damaged", "-", []string{"x", "", "7"}, 8},
	} {
		s, root := newStore(t)
		if c.file != "-" {
			writeFile(t, filepath.Join(root, "var/cache/edb/counter"), c.file)
		}
		for i, n := range c.installed {
			writeEntry(t, root, fmt.Sprintf("app-mc/p-%d", i), files{"SLOT": "0", "COUNTER": n})
		}
		for _, want := range []int64{c.want, c.want + 1} {
			got, err := s.NextCounter()
			if err != nil || got != want {
				t.Errorf("%s: %d, %v; want %d", c.what, got, err, want)
			}
			if text := read(t, root, "var/cache/edb/counter"); text != fmt.Sprint(want) {
				t.Errorf("%s: the file says %q, want %d", c.what, text, want)
			}
		}
	}
}

// TestCounterOfTwo gives no number twice when another program works on the same ROOT.
func TestCounterOfTwo(t *testing.T) {
	a, root := newStore(t)
	tree, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	b := NewStore(State{FS: tree})
	taken := make(map[int64]bool)
	for range 5 {
		for _, s := range []*Store{a, b} {
			n, err := s.NextCounter()
			if err != nil || taken[n] {
				t.Fatalf("%d again, %v", n, err)
			}
			taken[n] = true
		}
	}
	if err := os.Remove(filepath.Join(root, "var/cache/edb/counter")); err != nil {
		t.Fatal(err)
	}
	if n, err := b.NextCounter(); taken[n] || err != nil {
		t.Errorf("%d again after the file was lost, %v", n, err)
	}
}

func TestLock(t *testing.T) {
	s, root := newStore(t)
	unlock, err := s.Lock(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "var/db/.pkg.portage_lockfile")); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	holder := "not asked"
	_, err = s.Lock(ctx, func(h string) { holder = h; cancel() })
	var locked *rootfs.LockedError
	if !errors.As(err, &locked) || !errors.Is(err, context.Canceled) {
		t.Errorf("second lock: %v", err)
	}
	if holder == "not asked" {
		t.Error("waiting was not announced")
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(root, "var/db/.pkg.portage_lockfile")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file is left: %v", err)
	}
}

// TestWorldElsewhere keeps the link of a world file that is kept elsewhere.
func TestWorldElsewhere(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "etc/portage/world.git/world"), "a/b\n")
	if err := os.MkdirAll(filepath.Join(root, "var/lib/portage"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"var/lib/portage/world": "/etc/portage/linked", "etc/portage/linked": "world.git/../world.git/world", "var/lib/portage/world_sets": "world_sets",
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenState(root, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.EditWorld(context.Background(), WorldEdit{Add: []string{"c/d"}}, nil)
	if err == nil || !strings.Contains(err.Error(), "symbolic links") {
		t.Errorf("world_sets leads to itself: %v", err)
	}
	if got := read(t, root, "etc/portage/world.git/world"); got != "a/b\nc/d\n" {
		t.Errorf("world is %q", got)
	}
	if _, err := os.Readlink(filepath.Join(root, "var/lib/portage/world")); err != nil {
		t.Errorf("the link went: %v", err)
	}
}

// BenchmarkInstall records packages as an engine does that syncs ROOT itself.
func BenchmarkInstall(b *testing.B) {
	s, _ := newStore(b)
	s.FS = noSync{s.FS}
	e := sample(b, "app-mc/x-1", 1)
	for i := range 200 {
		e.Contents = append(e.Contents, Content{Kind: ContentFile, Path: fmt.Sprintf("/usr/share/x/file-%d", i), MD5: strings.Repeat("0", 32)})
	}
	for b.Loop() {
		e.Counter++
		install(b, s, e)
	}
}

type noSync struct{ rootfs.FS }

func (noSync) SyncDir(string) error { return nil }

// TestGroup gives what is Portage's to its group, and nothing else.
// TestPortageGroup: ROOT's own group of that name comes first.
func TestPortageGroup(t *testing.T) {
	s, dir := newStore(t)
	writeFile(t, filepath.Join(dir, "etc/group"), "root:x:0:\nportage:x\nportage:x:-1:\nportage:x:4711:portage\n")
	if got := PortageGroup(s.FS); got != 4711 {
		t.Errorf("%d", got)
	}
}

func TestGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	s, root := newStore(t)
	s.Group = 250
	if err := errors.Join(s.Write("var/lib/portage/config", nil, 0o660), s.Write("usr/share/info/dir", []byte("x"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NextCounter(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"var/lib/portage": "2755 250", "var/lib/portage/config": "660 250", "var/cache/edb/counter": "644 250", "var/cache": "755 0",
		"usr/share/info": "755 0", "usr/share/info/dir": "644 0",
	} {
		i, err := s.FS.Lstat(name)
		if got := fmt.Sprintf("%o %d", i.Perm(), i.GID); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", filepath.Join(root, name), got, err, want)
		}
	}
}
