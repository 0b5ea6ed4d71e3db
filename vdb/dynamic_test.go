package vdb

import (
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

func TestDynamicDeps(t *testing.T) {
	const bound = "x/lib:0/1= || ( x/other:2/2.1=[u?] x/more:= ) u? ( x/on:0/3= ) !u? ( x/off:0/3= )"
	for _, c := range []struct {
		name          string
		eapi, rdepend string // recorded
		ebuild        *metadata.Package
		ignore        bool
		want          map[string]string // RDEPEND, DEPEND, EAPI afterwards
	}{
		{
			name: "no ebuild", eapi: "7", rdepend: "x/old",
			want: map[string]string{"RDEPEND": "x/old", "DEPEND": "x/recorded", "EAPI": "7"},
		},
		{
			name: "replaced", eapi: "7", rdepend: "x/old",
			ebuild: pkg(t, "a/b-1", "8", map[string]string{"RDEPEND": "x/new"}),
			want:   map[string]string{"RDEPEND": "x/new", "DEPEND": "", "EAPI": "8"},
		},
		{
			name: "bindings kept", eapi: "7", rdepend: bound,
			ebuild: pkg(t, "a/b-1", "7", map[string]string{"RDEPEND": "x/new"}),
			want:   map[string]string{"RDEPEND": "x/new x/lib:0/1= x/on:0/3= x/other:2/2.1=[u]", "DEPEND": "", "EAPI": "7"},
		},
		{
			name: "bindings without conditionals", eapi: "7", rdepend: "x/z:0/1= x/z:0/1= x/y:0= x/a:0/2=[-u]",
			ebuild: pkg(t, "a/b-1", "7", nil),
			want:   map[string]string{"RDEPEND": "x/a:0/2=[-u] x/z:0/1=", "DEPEND": "", "EAPI": "7"},
		},
		{
			name: "bindings ignored", eapi: "7", rdepend: bound, ignore: true,
			ebuild: pkg(t, "a/b-1", "7", map[string]string{"RDEPEND": "x/new"}),
			want:   map[string]string{"RDEPEND": "x/new", "DEPEND": "", "EAPI": "7"},
		},
		{
			name: "ebuild cannot express bindings", eapi: "7", rdepend: bound,
			ebuild: pkg(t, "a/b-1", "4", map[string]string{"RDEPEND": "x/new"}),
			want:   map[string]string{"RDEPEND": bound, "DEPEND": "x/recorded", "EAPI": "7"},
		},
		{
			name: "old EAPI without bindings", eapi: "7", rdepend: "x/old",
			ebuild: pkg(t, "a/b-1", "4", map[string]string{"RDEPEND": "x/new", "BDEPEND": "not/in-eapi-4"}),
			want:   map[string]string{"RDEPEND": "x/new", "DEPEND": "", "EAPI": "4"},
		},
		{
			name: "unsupported recorded EAPI", eapi: "future", rdepend: "x/old",
			ebuild: pkg(t, "a/b-1", "7", map[string]string{"RDEPEND": "x/new"}),
			want:   map[string]string{"RDEPEND": "x/old", "DEPEND": "x/recorded", "EAPI": "future"},
		},
		{
			name: "unsupported EAPI of the ebuild", eapi: "7", rdepend: "x/old",
			ebuild: pkg(t, "a/b-1", "future", map[string]string{"RDEPEND": "x/new"}),
			want:   map[string]string{"RDEPEND": "x/old", "DEPEND": "x/recorded", "EAPI": "7"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pkg(t, "a/b-1", c.eapi, map[string]string{"RDEPEND": c.rdepend, "DEPEND": "x/recorded", "CHOST": "c"})
			p.Origin, p.Use, p.Keywords = metadata.Installed, metadata.UseSet{"u"}, []string{"~x86"}
			if c.ebuild != nil {
				c.ebuild.Keywords = []string{"x86"}
			}
			d := New([]*metadata.Package{p}).WithDynamicDeps(func(*metadata.Package) *metadata.Package { return c.ebuild }, c.ignore)
			q := d.All()[0]
			got := map[string]string{"RDEPEND": q.Var("RDEPEND"), "DEPEND": q.Var("DEPEND"), "EAPI": q.EAPIName}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			replaced := got["DEPEND"] == ""
			if want := map[bool]string{false: "~x86", true: "x86"}[replaced]; q.Keywords[0] != want {
				t.Errorf("KEYWORDS %v, want %s", q.Keywords, want)
			}
			if q.Var("BDEPEND") != "" || q.Var("CHOST") != "c" || !q.Use.Has("u") || q.Origin != metadata.Installed {
				t.Errorf("other fields must stay: %+v", q)
			}
			if r := d.Recorded().All()[0]; r != p || r.Var("RDEPEND") != c.rdepend {
				t.Errorf("Recorded gives %+v", r)
			}
		})
	}
}

func TestDynamicDepsAreLazyAndCachedParsesAreNotShared(t *testing.T) {
	a := pkg(t, "a/a-1", "7", map[string]string{"RDEPEND": "x/old"})
	b := pkg(t, "a/b-1", "7", nil)
	if _, err := a.Deps(metadata.RDEPEND); err != nil { // fills the cache of a
		t.Fatal(err)
	}
	var calls atomic.Int32
	d := New([]*metadata.Package{a, b}).WithDynamicDeps(func(p *metadata.Package) *metadata.Package {
		calls.Add(1)
		return pkg(t, p.CPV.String(), "7", map[string]string{"RDEPEND": "x/new"})
	}, false)
	q := d.Packages(cp(t, "a/a"))[0]
	n, err := q.Deps(metadata.RDEPEND)
	if err != nil || n.String() != "x/new" {
		t.Errorf("RDEPEND %v, %v", n, err)
	}
	if calls.Load() != 1 {
		t.Errorf("find was called %d times for one package", calls.Load())
	}
	d.All()
	d.Packages(cp(t, "a/b"))
	if calls.Load() != 2 {
		t.Errorf("find was called %d times for two packages", calls.Load())
	}
}

func TestMap(t *testing.T) {
	d := New([]*metadata.Package{pkg(t, "a/a-1", "7", nil), pkg(t, "a/b-1", "7", nil), pkg(t, "a/c-1", "7", nil)})
	var read []string
	m := d.MapLazy(
		func(c atom.CP) bool { return c.Package != "c" },
		func(p *metadata.Package) *metadata.Package {
			read = append(read, p.CPV.Package)
			switch p.CPV.Package {
			case "a":
				q := p.Clone()
				q.CPV.CP = cp(t, "z/moved")
				return q
			case "b":
				return nil
			}
			return p
		})
	if diff := cmp.Diff([]string{"a", "b"}, read); diff != "" {
		t.Errorf("read early: %s", diff)
	}
	if diff := cmp.Diff([]string{"a/c-1", "z/moved-1"}, cpvs(m.All())); diff != "" {
		t.Error(diff)
	}
	if got := cpvs(m.Packages(cp(t, "z/moved"))); len(got) != 1 {
		t.Errorf("z/moved: %v", got)
	}
	if got := m.Packages(cp(t, "a/a")); got != nil {
		t.Errorf("a/a: %v", got)
	}
	if len(d.All()) != 3 {
		t.Error("the original changed")
	}
	dynamic := m.WithDynamicDeps(func(*metadata.Package) *metadata.Package { return nil }, false)
	if dynamic.Recorded() != m || m.Recorded() != m {
		t.Error("Recorded must keep what Map changed")
	}
}
