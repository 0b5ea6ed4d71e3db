package universe_test

import (
	"context"
	"errors"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// counting is a repository that counts how often it was read.
type counting struct {
	pkgs  map[atom.CP][]*metadata.Package
	reads map[atom.CP]int
	fail  error
}

func (c *counting) Packages(ctx context.Context, cp atom.CP) ([]*metadata.Package, error) {
	c.reads[cp]++
	if c.fail != nil {
		return nil, c.fail
	}
	return c.pkgs[cp], ctx.Err()
}

type allVisible struct{}

func (allVisible) Use(*metadata.Package) metadata.UseSet           { return nil }
func (allVisible) UseFromConfig(*metadata.Package) metadata.UseSet { return nil }
func (allVisible) HasFlag(*metadata.Package, string) bool          { return true }
func (allVisible) ExplainUse(*metadata.Package, string) (on, forced, masked bool, src metadata.Source) {
	return
}
func (allVisible) Exclusions(*metadata.Package) []metadata.Exclusion { return nil }

func cacheWorld(t *testing.T) (*counting, []universe.Root, [2]atom.CP) {
	t.Helper()
	repo := &counting{pkgs: map[atom.CP][]*metadata.Package{}, reads: map[atom.CP]int{}}
	var names [2]atom.CP
	for i, s := range [...]string{"dev-libs/a-1", "dev-libs/b-1"} {
		cpv, err := atom.ParseCPV(s)
		if err != nil {
			t.Fatal(err)
		}
		names[i] = cpv.CP
		repo.pkgs[cpv.CP] = []*metadata.Package{{CPV: cpv, Slot: "0", Origin: metadata.Ebuild}}
	}
	return repo, []universe.Root{{Path: "/", Policy: allVisible{}, Repos: []universe.Repository{{Name: "r", Source: repo}}}}, names
}

// TestCacheShares: names without other settings are read once and have the same candidates, the others their own.
func TestCacheShares(t *testing.T) {
	repo, roots, names := cacheWorld(t)
	req := &universe.Request{}
	var cache universe.Cache
	plain := cache.New(t.Context(), roots, req, nil, nil)
	a, b := plain.Group(0, names[0]).All[0], plain.Group(0, names[1]).All[0]
	changed := cache.New(t.Context(), roots, req, map[*metadata.Package]map[string]bool{a.Pkg: {"x": true}}, nil)
	a2, b2 := changed.Group(0, names[0]).All[0], changed.Group(0, names[1]).All[0]
	if b2 != b || repo.reads[names[1]] != 1 {
		t.Errorf("b is not shared: read %d times", repo.reads[names[1]])
	}
	if a2 == a || a2.ID == a.ID || a2.ID == b.ID {
		t.Errorf("a with other settings is shared or has the number %d", a2.ID)
	}
	if a.Flags().Has("x") || !a2.Flags().Has("x") {
		t.Errorf("x is %v without and %v with the setting", a.Flags().Has("x"), a2.Flags().Has("x"))
	}
	if again := cache.New(t.Context(), roots, req, nil, nil); again.Group(0, names[0]).All[0] != a {
		t.Error("the settings stayed")
	}
	if n := changed.Versions(); n != 3 {
		t.Errorf("%d versions, want a twice and b", n)
	}
}

// TestCacheOfAnother: another request, or other roots, share nothing.
func TestCacheOfAnother(t *testing.T) {
	_, roots, names := cacheWorld(t)
	var cache universe.Cache
	one := cache.New(t.Context(), roots, &universe.Request{}, nil, nil)
	for name, two := range map[string]*universe.Universe{
		"options": cache.New(t.Context(), roots, &universe.Request{Options: universe.Options{UsePkgOnly: true}}, nil, nil),
		"roots":   cache.New(t.Context(), append([]universe.Root{}, roots...), &universe.Request{}, nil, nil),
		"args":    cache.New(t.Context(), roots, &universe.Request{Args: []universe.Arg{{Text: "dev-libs/a"}}}, nil, nil),
	} {
		if two.Group(0, names[0]).All[0] == one.Group(0, names[0]).All[0] {
			t.Errorf("other %s, the same candidate", name)
		}
	}
}

// TestCacheErrors: an error of a source is everybody's; what was read after the end of ctx is nobody's.
func TestCacheErrors(t *testing.T) {
	repo, roots, names := cacheWorld(t)
	var cache universe.Cache
	req := &universe.Request{}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late := cache.New(ended, roots, req, nil, nil)
	late.Group(0, names[0])
	if late.Err() == nil {
		t.Error("the end of ctx is not an error")
	}
	next := cache.New(t.Context(), roots, req, nil, nil)
	if n := len(next.Group(0, names[0]).All); n != 1 || next.Err() != nil {
		t.Errorf("%d candidates after another ctx ended, error %v", n, next.Err())
	}
	repo.fail = errors.New("disk")
	next.Group(0, names[1])
	if other := cache.New(t.Context(), roots, req, nil, nil); !errors.Is(other.Err(), repo.fail) {
		t.Errorf("error %v, want that of the source", other.Err())
	}
}
