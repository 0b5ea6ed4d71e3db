package preserve

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/vdb"
)

// world is a ROOT in which packages come and go as the engine does it.
type world struct {
	t       *testing.T
	root    string
	tree    rootfs.FS
	state   vdb.State
	linkage *Linkage
	pkgs    map[string]*pkg
	counter int
}

// pkg is a package: files are "path" or "link -> target".
type pkg struct {
	cpv, key string
	files    []string
	needed   string
	counter  string
	owns     vdb.Contents
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root := t.TempDir()
	tree, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	l, err := Load(tree)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, root: root, tree: tree, state: vdb.State{FS: tree}, linkage: l, pkgs: map[string]*pkg{}, counter: 100}
}

func (p *pkg) contents() (c vdb.Contents) {
	for _, f := range p.files {
		if link, target, ok := strings.Cut(f, " -> "); ok {
			c = append(c, vdb.Content{Kind: vdb.ContentLink, Path: link, Target: target})
		} else {
			c = append(c, vdb.Content{Kind: vdb.ContentFile, Path: f, MD5: strings.Repeat("0", 32)})
		}
	}
	return c
}

func (w *world) registry() *Registry {
	w.t.Helper()
	r, err := Read(w.tree)
	if err != nil || r.Damaged() != nil {
		w.t.Fatal(err, r.Damaged())
	}
	return r
}

// merge installs p and takes what it replaces away (the package of the same key).
func (w *world) merge(p pkg) {
	w.t.Helper()
	w.counter++
	p.counter = string([]byte{byte('0' + w.counter/100), byte('0' + w.counter/10%10), byte('0' + w.counter%10)})
	p.owns = p.contents()
	r := w.registry()
	var image []string
	for _, c := range p.owns {
		image = append(image, c.Path)
		w.put(c)
	}
	w.disown(r.Release(image...))
	w.linkage.Set(p.cpv, []byte(p.needed))
	for cpv, old := range w.pkgs {
		if old.key == p.key {
			keep := w.linkage.Keep(cpv, old.owns, p.owns, r)
			r.Register(p.key, p.cpv, p.counter, keep)
			for _, c := range old.owns {
				if slices.Contains(keep, c.Path) {
					p.owns = append(p.owns, c)
				}
			}
			w.take(old.owns, p.owns)
			if cpv != p.cpv {
				w.linkage.Delete(cpv)
			}
			delete(w.pkgs, cpv)
		}
	}
	w.pkgs[p.cpv] = &p
	w.finish(r)
}

func (w *world) unmerge(cpv string) {
	w.t.Helper()
	r, p := w.registry(), w.pkgs[cpv]
	keep := w.linkage.Keep(cpv, p.owns, nil, r)
	r.Register(p.key, p.cpv, p.counter, keep)
	var stay vdb.Contents
	for _, path := range keep {
		stay = append(stay, vdb.Content{Path: path})
	}
	w.take(p.owns, stay)
	w.linkage.Delete(cpv)
	delete(w.pkgs, cpv)
	w.finish(r)
}

// finish prunes and writes the registry.
func (w *world) finish(r *Registry) {
	w.t.Helper()
	r.Vanished(w.tree)
	for _, u := range w.linkage.Unneeded(r) {
		for _, p := range u.Paths {
			if err := w.tree.Unlink(p); err != nil {
				w.t.Error(err)
			}
		}
		w.disown(r.Release(u.Paths...))
	}
	if err := r.Write(w.state); err != nil {
		w.t.Fatal(err)
	}
}

// disown takes released paths out of their owner's contents.
func (w *world) disown(released []Owned) {
	for _, o := range released {
		if p := w.pkgs[o.CPV]; p != nil && p.counter == o.Counter {
			p.owns = p.owns.Without(o.Paths...)
		}
	}
}

func (w *world) put(c vdb.Content) {
	w.t.Helper()
	name := filepath.Join(w.root, c.Path)
	_ = os.Remove(name)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil && c.Kind == vdb.ContentLink {
		err = os.Symlink(c.Target, name)
	} else if err == nil {
		err = os.WriteFile(name, []byte("not ELF"), 0o755)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) take(owned, stay vdb.Contents) {
	for _, c := range owned {
		stays := slices.ContainsFunc(stay, func(s vdb.Content) bool { return w.linkage.resolve(s.Path) == w.linkage.resolve(c.Path) })
		if !stays {
			_ = os.Remove(filepath.Join(w.root, c.Path))
		}
	}
}

// check compares all files and links in ROOT, and the text of the registry.
func (w *world) check(step, registry string, want ...string) {
	w.t.Helper()
	var got []string
	_ = filepath.Walk(w.root, func(name string, i os.FileInfo, err error) error {
		rel, _ := filepath.Rel(w.root, name)
		if err == nil && !i.IsDir() && !strings.HasPrefix(rel, "var/") {
			got = append(got, "/"+rel)
		}
		return nil
	})
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: files (-want +got):\n%s", step, diff)
	}
	text, err := os.ReadFile(filepath.Join(w.root, File))
	if diff := cmp.Diff(registry, string(text)); diff != "" || err != nil {
		w.t.Errorf("%s: registry %v (-want +got):\n%s", step, err, diff)
	}
}

// lib is the library of the recorded merges in a version; it installs so.VERSION.0
// with links.
func lib(version string) pkg {
	so := "/usr/lib/libmc.so"
	return pkg{cpv: "lib-mc/libmc-" + version, key: "lib-mc/libmc:0", needed: "X86_64;" + so + "." + version + ".0;libmc.so." + version + ";;;x86_64\n",
		files: []string{so + "." + version + ".0", so + "." + version + " -> libmc.so." + version + ".0", so + " -> libmc.so." + version}}
}

func app(version, needs string) pkg {
	p := pkg{cpv: "app-mc/mcapp-" + version, key: "app-mc/mcapp:0", files: []string{"/usr/bin/mcapp"}}
	if needs != "" {
		p.needed = "X86_64;/usr/bin/mcapp;;;" + needs + ",libc.so.6;x86_64\n"
	}
	return p
}

const (
	so  = "/usr/lib/libmc.so"
	bin = "/usr/bin/mcapp"
	// kept2 and kept1 are the registry after the upgrade to 2 and after the uninstall of 1.
	kept2 = "{\n\t\"lib-mc/libmc:0\": [\n\t\t\"lib-mc/libmc-2\",\n\t\t\"103\",\n\t\t[\n\t\t\t\"/usr/lib/libmc.so.1.0\",\n\t\t\t\"/usr/lib/libmc.so.1\"\n\t\t]\n\t]\n}"
	kept1 = "{\n\t\"lib-mc/libmc:0\": [\n\t\t\"lib-mc/libmc-1\",\n\t\t\"101\",\n\t\t[\n\t\t\t\"/usr/lib/libmc.so.1.0\",\n\t\t\t\"/usr/lib/libmc.so.1\"\n\t\t]\n\t]\n}"
)

// upgraded is a world in which libmc-1 was replaced by libmc-2 while mcapp-1 needs
// libmc.so.1 (the recorded merges 72, 76 and 77 begin so).
func upgraded(t *testing.T) *world {
	w := newWorld(t)
	w.merge(lib("1"))
	w.check("library", "", so, so+".1", so+".1.0")
	w.merge(app("1", "libmc.so.1"))
	w.merge(lib("2"))
	w.check("upgrade", kept2, so, so+".1", so+".1.0", so+".2", so+".2.0", bin)
	if c, ok := w.pkgs["lib-mc/libmc-2"].owns.Find(so + ".1"); !ok || c.Target != "libmc.so.1.0" {
		t.Error("the new version does not own what it preserves")
	}
	return w
}

func TestUpgradeKeepsUntilTheConsumerMovesOn(t *testing.T) {
	w := upgraded(t)
	w.merge(app("2", "libmc.so.2"))
	w.check("consumer moved on", "{}", so, so+".2", so+".2.0", bin)
	if _, ok := w.pkgs["lib-mc/libmc-2"].owns.Find(so + ".1"); ok {
		t.Error("libmc-2 still owns what was removed")
	}
}

func TestUpgradeKeepsUntilTheConsumerIsUninstalled(t *testing.T) {
	w := upgraded(t)
	w.unmerge("app-mc/mcapp-1")
	w.check("consumer uninstalled", "{}", so, so+".2", so+".2.0")
}

func TestUninstallKeeps(t *testing.T) {
	w := newWorld(t)
	w.merge(lib("1"))
	w.merge(app("1", "libmc.so.1"))
	w.unmerge("lib-mc/libmc-1")
	w.check("uninstall", kept1, so+".1", so+".1.0", bin)
	w.merge(app("3", ""))
	w.check("consumer needs it no more", "{}", bin)
}

func TestOwnerOfPreservedIsUninstalled(t *testing.T) {
	w := upgraded(t)
	w.unmerge("lib-mc/libmc-2")
	w.check("uninstall", kept2, so+".1", so+".1.0", bin)
}

func TestPreservedOverTwoUpgrades(t *testing.T) {
	w := upgraded(t)
	two := app("1", "libmc.so.2")
	two.cpv, two.key, two.files = "app-mc/two-1", "app-mc/two:0", []string{"/usr/bin/two"}
	two.needed = strings.ReplaceAll(two.needed, "mcapp", "two")
	w.merge(two)
	w.merge(lib("3"))
	w.check("second upgrade", strings.NewReplacer("libmc-2", "libmc-3", "103", "105", "so.1\"\n", "so.1\",\n\t\t\t\"/usr/lib/libmc.so.2.0\",\n\t\t\t\"/usr/lib/libmc.so.2\"\n").Replace(kept2),
		so, so+".1", so+".1.0", so+".2", so+".2.0", so+".3", so+".3.0", bin, "/usr/bin/two")
	w.unmerge("app-mc/mcapp-1")
	w.unmerge("app-mc/two-1")
	w.check("nobody left", "{}", so, so+".3", so+".3.0")
}

func TestPackageShipsItAgain(t *testing.T) {
	w := upgraded(t)
	if !w.registry().Has(so+".1.0") || w.registry().Has(so) {
		t.Errorf("registry: %s", w.registry())
	}
	w.merge(lib("1"))
	w.check("downgrade", "{}", so, so+".1", so+".1.0", bin)
}

func TestPreservedWasRemovedByHand(t *testing.T) {
	w := upgraded(t)
	for _, name := range []string{so + ".1", so + ".1.0"} {
		if err := os.Remove(filepath.Join(w.root, name)); err != nil {
			t.Fatal(err)
		}
	}
	w.merge(pkg{cpv: "app-mc/tiny-1", key: "app-mc/tiny:0", files: []string{"/usr/share/one"}})
	w.check("next merge", "{}", so, so+".2", so+".2.0", bin, "/usr/share/one")
}

// TestKeep has the rules of who counts as a consumer and who as a provider.
func TestKeep(t *testing.T) {
	for _, c := range []struct {
		what   string
		others []pkg // installed besides libmc-1
		files  []string
		old    pkg
		want   []string
	}{
		{what: "no consumer", old: lib("1")},
		{what: "consumer", old: lib("1"), others: []pkg{app("1", "libmc.so.1")}, want: []string{so + ".1.0", so + ".1"}},
		{what: "another ABI", old: lib("1"), others: []pkg{{cpv: "a/b-1", files: []string{"/b"}, needed: "386;/b;;;libmc.so.1;x86_32\n"}}},
		{what: "an ABI of the time before categories", old: lib("1"), want: []string{so + ".1.0", so + ".1"},
			others: []pkg{{cpv: "a/b-1", files: []string{"/b"}, needed: "X86_64;/b;;;libmc.so.1\n"}}},
		{what: "a consumer that is not there any more", old: lib("1"), others: []pkg{{cpv: "a/b-1", needed: "X86_64;/b;;;libmc.so.1;x86_64\n"}}},
		{what: "another provider", old: lib("1"), others: []pkg{app("1", "libmc.so.1"),
			{cpv: "a/b-1", files: []string{"/lib/libmc.so.1"}, needed: "X86_64;/lib/libmc.so.1;libmc.so.1;;;x86_64\n"}}},
		{what: "another provider where nobody looks", old: lib("1"), want: []string{so + ".1.0", so + ".1"}, others: []pkg{app("1", "libmc.so.1"),
			{cpv: "a/b-1", files: []string{"/opt/libmc.so.1"}, needed: "X86_64;/opt/libmc.so.1;libmc.so.1;;;x86_64\n"}}},
		{what: "its own program", old: pkg{cpv: "a/a-1", files: []string{"/usr/lib/liba.so.1", "/usr/bin/a"},
			needed: "X86_64;/usr/lib/liba.so.1;liba.so.1;;;x86_64\nX86_64;/usr/bin/a;;;liba.so.1;x86_64\n"}},
		{what: "a library behind a library", old: pkg{cpv: "a/a-1", files: []string{"/usr/lib/liba.so.1", "/usr/lib/libb.so.1", "/usr/lib/libc.so.1"},
			needed: "X86_64;/usr/lib/liba.so.1;liba.so.1;;libb.so.1;x86_64\nX86_64;/usr/lib/libb.so.1;libb.so.1;;;x86_64\nX86_64;/usr/lib/libc.so.1;libc.so.1;;;x86_64\n"},
			others: []pkg{app("1", "liba.so.1")}, want: []string{"/usr/lib/liba.so.1", "/usr/lib/libb.so.1"}},
		{what: "a plugin that only has a soname", old: pkg{cpv: "a/a-1", files: []string{"/usr/lib/app/libmc.so.1"},
			needed: "X86_64;/usr/lib/app/libmc.so.1;libmc.so.1;;;x86_64\n"}, others: []pkg{app("1", "libmc.so.1")}},
		{what: "found by RPATH", old: pkg{cpv: "a/a-1", files: []string{"/opt/a/lib/liba.so.1"},
			needed: "X86_64;/opt/a/lib/liba.so.1;liba.so.1;;;x86_64\n"}, want: []string{"/opt/a/lib/liba.so.1"},
			others: []pkg{{cpv: "a/b-1", files: []string{"/opt/a/bin/b"}, needed: "X86_64;/opt/a/bin/b;;$ORIGIN/../lib:/nowhere;liba.so.1;x86_64\n"}}},
		{what: "found by ld.so.conf", old: pkg{cpv: "a/a-1", files: []string{"/opt/conf/liba.so.1"},
			needed: "X86_64;/opt/conf/liba.so.1;liba.so.1;;;x86_64\n"}, want: []string{"/opt/conf/liba.so.1"}, others: []pkg{app("1", "liba.so.1")}},
		{what: "a chain of links", old: pkg{cpv: "a/a-1", files: []string{"/usr/lib/liba.so.1.2.3", "/usr/lib/liba.so.1.2 -> liba.so.1.2.3", "/usr/lib/liba.so.1 -> liba.so.1.2", "/usr/lib/liba.so -> liba.so.1"},
			needed: "X86_64;/usr/lib/liba.so.1.2.3;liba.so.1;;;x86_64\n"}, others: []pkg{app("1", "liba.so.1")},
			want: []string{"/usr/lib/liba.so.1.2.3", "/usr/lib/liba.so.1", "/usr/lib/liba.so.1.2"}},
		{what: "soname link in another directory", old: pkg{cpv: "a/a-1", files: []string{"/usr/libexec/liba.so.1.0", "/usr/lib/liba.so.1 -> ../libexec/liba.so.1.0"},
			needed: "X86_64;/usr/libexec/liba.so.1.0;liba.so.1;;;x86_64\n"}, others: []pkg{app("1", "liba.so.1")},
			want: []string{"/usr/libexec/liba.so.1.0", "/usr/lib/liba.so.1"}},
	} {
		w := newWorld(t)
		for name, text := range map[string]string{"etc/ld.so.conf": "# comment\ninclude ld.so.conf.d/*.conf\n/one\n", "etc/ld.so.conf.d/x.conf": "/opt/conf\ninclude ../ld.so.conf\n"} {
			w.put(vdb.Content{Kind: vdb.ContentFile, Path: "/" + name})
			if err := os.WriteFile(filepath.Join(w.root, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range append(c.others, c.old) {
			for _, x := range p.contents() {
				w.put(x)
			}
			w.linkage.Set(p.cpv, []byte(p.needed))
		}
		got := w.linkage.Keep(c.old.cpv, c.old.contents(), nil, new(Registry))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

// TestLibIsALink keeps a library that is recorded in /lib, which is a link to usr/lib.
func TestLibIsALink(t *testing.T) {
	w := newWorld(t)
	if err := os.MkdirAll(filepath.Join(w.root, "usr/lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("usr/lib", filepath.Join(w.root, "lib")); err != nil {
		t.Fatal(err)
	}
	one := lib("1")
	for i := range one.files {
		one.files[i] = strings.ReplaceAll(one.files[i], "/usr/lib/", "/lib/")
	}
	w.merge(one)
	w.merge(app("1", "libmc.so.1"))
	w.merge(lib("2"))
	w.check("upgrade", strings.ReplaceAll(kept2, "/usr/lib", "/lib"), "/lib", so, so+".1", so+".1.0", so+".2", so+".2.0", bin)
}

func TestDamagedRegistry(t *testing.T) {
	for _, text := range []string{"{", "[]", `{"a": 1}`, `{"a": ["b"]}`, `{"a": ["b", "1", "c"]}`, `{"a": ["b", "1", ["../x"]]}`, `{"a": [1, "1", []]}`, "\x80\x02}"} {
		w := newWorld(t)
		w.put(vdb.Content{Kind: vdb.ContentFile, Path: "/" + File})
		name := filepath.Join(w.root, File)
		if err := os.WriteFile(name, []byte(text), 0o660); err != nil {
			t.Fatal(err)
		}
		r, err := Read(w.tree)
		if err != nil || r.Damaged() == nil || !r.Empty() {
			t.Errorf("%q: %v, %v", text, r, err)
			continue
		}
		if err := r.Write(w.state); err != nil {
			t.Fatal(err)
		}
		if now, _ := os.ReadFile(name); string(now) != text {
			t.Errorf("%q was replaced by %q though nothing was to be written", text, now)
		}
		r.Register("a/b:0", "a/b-1", "1", []string{"/x"})
		if err := r.Write(w.state); err != nil {
			t.Fatal(err)
		}
		if old, _ := os.ReadFile(name + ".damaged"); string(old) != text {
			t.Errorf("%q was not kept: %q", text, old)
		}
		if r, err = Read(w.tree); err != nil || !r.Has("/x") {
			t.Error(r, err)
		}
	}
}

func FuzzRegistry(f *testing.F) {
	f.Add(kept2)
	f.Add(`{"a/b:0": ["a/b-1", "7", []]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRegistry([]byte(text))
		if err != nil {
			return
		}
		out, err := r.Format()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseRegistry(out)
		if err != nil || again.String() != r.String() {
			t.Errorf("%q became %q: %v", text, out, err)
		}
	})
}

func FuzzNeeded(f *testing.F) {
	f.Add("X86_64;/usr/lib/libmc.so.1.0;libmc.so.1;/opt/lib:$ORIGIN;libc.so.6,libm.so.6;x86_64\n")
	f.Add("X86_64;x;;;\n;;;;\n")
	f.Fuzz(func(t *testing.T, text string) {
		objects, problems := ParseNeeded([]byte(text))
		if len(objects)+len(problems) > strings.Count(text, "\n")+1 {
			t.Errorf("%q: %v, %v", text, objects, problems)
		}
		for _, o := range objects {
			if !strings.HasPrefix(o.Path, "/") {
				t.Errorf("%q: %v", text, o)
			}
		}
	})
}

// TestUnreadable removes nothing while it is not known what some package needs.
func TestUnreadable(t *testing.T) {
	w := upgraded(t)
	if err := os.MkdirAll(filepath.Join(w.root, "var/db/pkg/a/b-1/NEEDED.ELF.2"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := Load(w.tree)
	if err != nil || len(l.Problems) != 1 {
		t.Fatal(l.Problems, err)
	}
	if got := l.Unneeded(w.registry()); got != nil {
		t.Errorf("unneeded: %v", got)
	}
}

// BenchmarkKeep asks on a system of 1,500 packages.
func BenchmarkKeep(b *testing.B) {
	tree, err := rootfs.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer tree.Close()
	l, _ := Load(tree)
	for i := range 1500 {
		var text strings.Builder
		for j := range 20 {
			text.WriteString("X86_64;/usr/lib/p" + strconv.Itoa(i) + "/lib" + strconv.Itoa(j) + ".so;lib" + strconv.Itoa(i*20+j) + ".so;;libc.so.6,libm.so.6,libmc.so.1;x86_64\n")
		}
		l.Set("a/p-"+strconv.Itoa(i), []byte(text.String()))
	}
	one := lib("1")
	l.Set(one.cpv, []byte(one.needed))
	for b.Loop() {
		l.Keep(one.cpv, one.contents(), nil, new(Registry))
	}
}
