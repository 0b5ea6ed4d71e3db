package vdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom/metadata"
)

// manyEntries writes 1,250 entries of a desktop's size: about 20 files each.
func manyEntries(b *testing.B) string {
	root := b.TempDir()
	deps := strings.Repeat(">=cat/lib-1.2:0/3= ", 25)
	flags := strings.Repeat("some_flag ", 60)
	for i := range 1250 {
		dir := filepath.Join(root, "var/db/pkg", fmt.Sprintf("cat-%d/pkg-%d", i%50, i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for name, text := range map[string]string{
			"SLOT": "0", "EAPI": "7", "USE": "a b c", "IUSE": "+a b c d", "IUSE_EFFECTIVE": flags,
			"KEYWORDS": "amd64 ~arm", "DEPEND": deps, "RDEPEND": deps, "BDEPEND": "cat/tool",
			"repository": "gentoo", "BUILD_TIME": "1620042000", "COUNTER": "7", "DEFINED_PHASES": "compile",
			"LICENSE": "GPL-2", "CHOST": "x", "CATEGORY": "x", "PF": "x", "SIZE": "1", "CONTENTS": "", "DESCRIPTION": "x",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	return root
}

func BenchmarkOpen(b *testing.B) {
	root := manyEntries(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(context.Background(), Options{Root: root}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadAll(b *testing.B) {
	root := manyEntries(b)
	b.ReportAllocs()
	for b.Loop() {
		d, err := Open(context.Background(), Options{Root: root})
		if err != nil {
			b.Fatal(err)
		}
		if n := len(d.All()); n != 1250 {
			b.Fatalf("%d packages", n)
		}
	}
}

// BenchmarkDynamicDeps is what dynamic dependencies add to reading, the
// ebuilds being at hand.
func BenchmarkDynamicDeps(b *testing.B) {
	root := manyEntries(b)
	d, err := Open(context.Background(), Options{Root: root})
	if err != nil {
		b.Fatal(err)
	}
	d.All()
	b.ReportAllocs()
	for b.Loop() {
		d.WithDynamicDeps(func(p *metadata.Package) *metadata.Package { return p }, false).All()
	}
}
