package cfgmem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

func file(name string) *Object { o := Object{MD5: sum(name)}; return &o }
func link(name string) *Object { o := Symlink(name); return &o }

// sum is the MD5 sum of a text.
func sum(text string) string { return Symlink(text).MD5 }

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		what       string
		q          Question
		remembered string
		want       Action
		remember   string
	}{
		{"fresh install", Question{New: *file("A")}, "", Merge, ""},
		{"fresh install, offered long ago", Question{New: *file("A")}, sum("A"), Merge, sum("A")},
		{"the administrator removed it", Question{New: *file("A"), Recorded: file("A"), IfModified: true}, "", Offer, ""},
		{"unmodified", Question{New: *file("B"), Live: file("A"), Recorded: file("A"), IfModified: true}, "", Merge, ""},
		{"unmodified, but that does not count", Question{New: *file("B"), Live: file("A"), Recorded: file("A")}, "", Offer, sum("B")},
		{"unmodified link", Question{New: *link("B"), Live: link("A"), Recorded: link("A"), IfModified: true}, "", Merge, ""},
		{"unmodified file becomes a link", Question{New: *link("B"), Live: file("A"), Recorded: file("A"), IfModified: true}, "", Merge, ""},
		{"modified", Question{New: *file("B"), Live: file("U"), Recorded: file("A"), IfModified: true}, "", Offer, sum("B")},
		{"modified, same offer again", Question{New: *file("B"), Live: file("U"), Recorded: file("B"), IfModified: true}, sum("B"), Keep, sum("B")},
		{"the same with --noconfmem or in a downgrade", Question{New: *file("B"), Live: file("U"), Recorded: file("B"), IfModified: true, IgnoreMemory: true}, sum("B"), Offer, sum("B")},
		{"modified, A after B was offered", Question{New: *file("A"), Live: file("U"), Recorded: file("B"), IfModified: true}, sum("B"), Offer, sum("A")},
		{"the user has made the new one already", Question{New: *file("B"), Live: file("B"), Recorded: file("A"), IfModified: true}, "", Merge, sum("B")},
		{"unowned and different", Question{New: *file("A"), Live: file("U"), IfModified: true}, "", Offer, sum("A")},
		{"unowned and the same", Question{New: *file("A"), Live: file("A"), IfModified: true}, "", Merge, sum("A")},
		{"modified link", Question{New: *link("B"), Live: link("U"), Recorded: link("A"), IfModified: true}, "", Offer, sum("B")},
		{"file where a link was, user's", Question{New: *link("B"), Live: file("U"), Recorded: link("A"), IfModified: true}, "", Offer, sum("B")},
		{"a link to what the file's text is", Question{New: *link("B"), Live: file("B"), IfModified: true}, "", Offer, sum("B")},
		{"a directory in its place", Question{New: *file("B"), Live: &Object{}, Recorded: file("A"), IfModified: true}, "", Offer, sum("B")},
		{"a directory that was recorded without a sum", Question{New: *file("B"), Live: &Object{}, Recorded: &Object{}, IfModified: true}, "", Offer, sum("B")},
	} {
		got, remember := Decide(c.q, c.remembered)
		if got != c.want || remember != c.remember {
			t.Errorf("%s: %s and remember %q; want %s, %q", c.what, got, remember, c.want, c.remember)
		}
	}
}

// TestModifiedIsNeverReplaced holds for every question: content that is neither the
// package's old nor its new one stays.
func TestModifiedIsNeverReplaced(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		object := rapid.Custom(func(rt *rapid.T) *Object {
			name := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(rt, "content")
			if rapid.Bool().Draw(rt, "link") {
				return link(name)
			}
			return file(name)
		})
		maybe := rapid.OneOf(object, rapid.Just[*Object](nil))
		q := Question{New: *object.Draw(rt, "new"), Live: maybe.Draw(rt, "live"), Recorded: maybe.Draw(rt, "recorded"),
			IfModified: rapid.Bool().Draw(rt, "if modified"), IgnoreMemory: rapid.Bool().Draw(rt, "ignore memory")}
		remembered := rapid.SampledFrom([]string{"", sum("A"), sum("B")}).Draw(rt, "remembered")
		action, remember := Decide(q, remembered)
		if action == Merge && q.Live != nil && *q.Live != q.New && (q.Recorded == nil || *q.Live != *q.Recorded || !q.IfModified) {
			rt.Errorf("%+v: replaced", q)
		}
		if again, _ := Decide(q, remember); action == Offer && again == Offer && !q.IgnoreMemory && q.Live != nil {
			rt.Errorf("%+v: offered twice", q)
		}
	})
}

func TestMemoryText(t *testing.T) {
	a, b := sum("a"), sum("b")
	m := Parse([]byte("/etc/z " + a + "\n/etc/with space " + b + "\nnonsense\n\n/etc/a\t" + a + "\n/etc/z " + b + "\n"))
	if m.Changed() {
		t.Error("changed by reading")
	}
	if m.Get("/etc/z") != b || m.Get("/etc/with space") != b || m.Get("/etc/a") != a {
		t.Errorf("read as %+v", m)
	}
	m.Set("/etc/with space", a)
	m.Set("/etc/new", a)
	m.Set("/etc/new\nline", a)
	m.Forget("/etc/z", "/etc/not there")
	want := "/etc/with space " + a + "\nnonsense\n/etc/a " + a + "\n/etc/new " + a + "\n"
	if diff := cmp.Diff(want, string(m.Format())); diff != "" || !m.Changed() {
		t.Errorf("changed %t (-want +got):\n%s", m.Changed(), diff)
	}
}

func tree(t testing.TB) (rootfs.FS, string) {
	t.Helper()
	root := t.TempDir()
	fsys, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fsys.Close() })
	return fsys, root
}

func write(t testing.TB, root, name, text string) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryIsWrittenOnlyIfChanged(t *testing.T) {
	fsys, root := tree(t)
	m, err := Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Write(vdb.State{FS: fsys}); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(root, File))
	if err != nil || before.Size() != 0 || before.Mode().Perm() != 0o660 {
		t.Fatal(before, err)
	}
	m.Decide("/etc/x", Question{New: *file("A")})
	if err := m.Write(vdb.State{FS: fsys}); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(filepath.Join(root, File)); err != nil || !os.SameFile(before, after) {
		t.Error("written without a change", err)
	}
	m.Decide("/etc/x", Question{New: *file("A"), Live: file("U")})
	if err := m.Write(vdb.State{FS: fsys}); err != nil {
		t.Fatal(err)
	}
	if m, err = Read(fsys); err != nil || m.Get("/etc/x") != sum("A") {
		t.Errorf("read back as %+v, %v", m, err)
	}
}

func TestPendingName(t *testing.T) {
	fsys, root := tree(t)
	write(t, root, "etc/._cfg0000_a.conf", "one")
	write(t, root, "etc/._cfg0003_a.conf", "three")
	write(t, root, "etc/._cfg0007_b.conf", "b")
	write(t, root, "etc/._cfg00x9_a.conf", "no number")
	write(t, root, "etc/._cfg9999_full", "")
	if err := os.Symlink("t", filepath.Join(root, "etc/._cfg0000_link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		o    Object
		want string
	}{
		{"etc/new", *file("x"), "etc/._cfg0000_new"},
		{"nowhere/new", *file("x"), "nowhere/._cfg0000_new"},
		{"top", *file("x"), "._cfg0000_top"},
		{"etc/a.conf", *file("x"), "etc/._cfg0004_a.conf"},
		{"etc/a.conf", *file("one"), "etc/._cfg0004_a.conf"}, // only the highest is used again
		{"etc/a.conf", *file("three"), "etc/._cfg0003_a.conf"},
		{"etc/link", *link("t"), "etc/._cfg0000_link"},
		{"etc/link", *link("u"), "etc/._cfg0001_link"},
		{"etc/link", *file("t"), "etc/._cfg0001_link"},
	} {
		got, err := PendingName(fsys, c.name, c.o)
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
	if got, err := PendingName(fsys, "etc/full", *file("x")); err == nil {
		t.Errorf("a name after 9999: %s", got)
	}
}

func TestPending(t *testing.T) {
	fsys, root := tree(t)
	write(t, root, "etc/._cfg0001_a.conf", "one")
	write(t, root, "etc/._cfg0000_a.conf", "zero")
	write(t, root, "etc/a.conf", "mine")
	write(t, root, "etc/deep/er/._cfg0000_b", "b")
	write(t, root, "opt/app/._cfg0000_conf", "c")
	write(t, root, "opt/app/._cfg0000_other", "not protected")
	write(t, root, "etc/._cfgXXXX_a.conf", "not an update")
	if err := os.Symlink("/etc", filepath.Join(root, "etc/loop")); err != nil {
		t.Fatal(err)
	}
	updates, errs := Pending(fsys, []string{"/etc", "/etc/deep", "/opt/app/conf", "/not/there", "/a/../b"})
	var got []string
	for _, u := range updates {
		got = append(got, u.Name+" "+u.Target)
	}
	want := []string{"etc/._cfg0000_a.conf etc/a.conf", "etc/._cfg0001_a.conf etc/a.conf",
		"etc/deep/er/._cfg0000_b etc/deep/er/b", "opt/app/._cfg0000_conf opt/app/conf"}
	if diff := cmp.Diff(want, got); diff != "" || len(errs) != 1 {
		t.Errorf("%v (-want +got):\n%s", errs, diff)
	}
	if err := Accept(fsys, updates[1]); err != nil {
		t.Fatal(err)
	}
	if err := Reject(fsys, updates[2]); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(root, "etc/a.conf")); string(text) != "one" {
		t.Errorf("accepted, and the file is %q", text)
	}
	if left, _ := Pending(fsys, []string{"/etc"}); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	for _, u := range []Update{updates[0], {Name: "etc/a.conf", Target: "etc/a.conf"}, {Name: "opt/app/._cfg0000_conf", Target: "etc/passwd"}} {
		if Accept(fsys, u) == nil || Reject(fsys, u) == nil {
			t.Errorf("%v: accepted or rejected", u)
		}
	}
}

func FuzzMemory(f *testing.F) {
	f.Add("/etc/a " + sum("a") + "\n")
	f.Add("/etc/a b\t" + sum("a") + "\r\nx\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		once := Parse([]byte(text)).Format()
		if twice := Parse(once).Format(); string(once) != string(twice) {
			t.Errorf("%q, then %q", once, twice)
		}
		if strings.Count(string(once), "\n") > strings.Count(text, "\n")+1 {
			t.Errorf("%q grew to %q", text, once)
		}
	})
}
