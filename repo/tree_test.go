package repo_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/repo"
)

// tree is a directory in which a test lays out files.
type tree struct {
	t    *testing.T
	root string
}

func newTree(t *testing.T) tree {
	t.Helper()
	return tree{t, t.TempDir()}
}

func (d tree) path(rel string) string { return filepath.Join(d.root, rel) }

func (d tree) write(rel, content string) {
	d.t.Helper()
	p := d.path(rel)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// repository writes the files that every repository has.
func (d tree) repository(dir, name, layout string) {
	d.t.Helper()
	d.write(dir+"/profiles/repo_name", name+"\n")
	d.write(dir+"/metadata/layout.conf", layout)
}

func sum(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }

// ebuild writes an ebuild and a cache entry that is valid for it.
func (d tree) ebuild(dir, cpv string, vars ...string) {
	d.t.Helper()
	text := "EAPI=8\n# " + cpv + "\n"
	d.write(dir+"/"+ebuildPath(cpv), text)
	d.entry(dir, cpv, append(vars, "_md5_="+sum(text))...)
}

func ebuildPath(cpv string) string {
	cat, pf, _ := strings.Cut(cpv, "/")
	name, _, _ := atom.SplitPF(pf)
	return cat + "/" + name + "/" + pf + ".ebuild"
}

// entry writes an md5-cache entry; EAPI 8 and slot 0 unless vars say otherwise.
func (d tree) entry(dir, cpv string, vars ...string) {
	d.t.Helper()
	lines := strings.Join(vars, "\n") + "\n"
	for _, def := range []string{"EAPI=8", "SLOT=0"} {
		key, _, _ := strings.Cut(def, "=")
		if !strings.Contains("\n"+lines, "\n"+key+"=") {
			lines += def + "\n"
		}
	}
	d.write(dir+"/metadata/md5-cache/"+cpv, lines)
}

func (d tree) open(o repo.Options) *repo.Set {
	d.t.Helper()
	s, err := repo.Open(o)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// one opens the repository in dir alone.
func (d tree) one(dir string) *repo.Repo {
	d.t.Helper()
	return d.open(repo.Options{Override: map[string]string{"r": d.path(dir)}}).Repos[0]
}

func packages(t *testing.T, r *repo.Repo, cp string) []*metadata.Package {
	t.Helper()
	name, err := atom.ParseCP(cp)
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.Packages(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// versions renders packages, with "!" after those without metadata.
func versions(list []*metadata.Package) string {
	var out []string
	for _, p := range list {
		s := p.CPV.Version.String()
		if p.Invalid != nil {
			s += "!"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func names(cps []atom.CP) string {
	var out []string
	for _, cp := range cps {
		out = append(out, cp.String())
	}
	return strings.Join(out, " ")
}

func wantContains(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("%s = %q, want it to contain %q", what, got, p)
		}
	}
}
