package vdb

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzContentsLine: a path is a part of the line it comes from.
func FuzzContentsLine(f *testing.F) {
	for _, s := range []string{"dir /a", "obj /a b 0 1", "sym /a -> b 1", "obj /a", "sym x", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if p := contentsPath(line); p != nil && !bytes.Contains(line, p) {
			t.Errorf("%q gives %q", line, p)
		}
	})
}

// FuzzWorld: no world file panics, and every line that is not blank or a
// comment is an atom, a set or a problem.
func FuzzWorld(f *testing.F) {
	f.Add("a/b\n@set\n# x\n\nbad\x00\n")
	f.Add("a/b:0/1=[x] # c")
	f.Fuzz(func(t *testing.T, text string) {
		root := t.TempDir()
		dir := filepath.Join(root, "var/lib/portage")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "world"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		w, err := ReadWorld(root)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range strings.SplitSeq(text, "\n") {
			line, _, _ = strings.Cut(line, "#")
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		if got := len(w.Atoms) + len(w.Sets) + len(w.Problems); got != lines && len(text) < maxWorldLine {
			t.Errorf("%d lines, but %d results", lines, got)
		}
	})
}

// FuzzEntry: no content of an entry's files panics; an entry is a package or a problem.
func FuzzEntry(f *testing.F) {
	f.Add("0/1", "7", "a -b +c", "x/y:0/1=", "12")
	f.Add("", "", "", "", "")
	f.Add("0", "x", "\x00", "( ( (", "-1")
	f.Fuzz(func(t *testing.T, slot, eapi, flags, deps, number string) {
		root := t.TempDir()
		writeEntry(t, root, "a/b-1", files{
			"SLOT": slot, "EAPI": eapi, "USE": flags, "IUSE": flags, "IUSE_EFFECTIVE": flags, "KEYWORDS": flags,
			"RDEPEND": deps, "BUILD_TIME": number, "COUNTER": number, "BUILD_ID": number,
		})
		d := open(t, root)
		if len(d.All()) == 0 && len(d.Problems()) == 0 {
			t.Error("an entry vanished")
		}
		for _, p := range d.All() {
			builtAtoms(p)
		}
	})
}

// FuzzContents: every line is a content or a problem, and what was read is written
// and read again to the same.
func FuzzContents(f *testing.F) {
	f.Add([]byte("dir /a\nobj /a/b c 0123456789abcdef0123456789abcdef 1\nsym /a/l -> b 2\nfif /f\ndev /d\n"))
	f.Add([]byte("obj /a\nsym /x -> \n\ndir /..\n\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, problems := ParseContents(text)
		if len(list)+len(problems) > bytes.Count(text, []byte("\n"))+1 {
			t.Errorf("%q: %d contents and %d problems", text, len(list), len(problems))
		}
		out, err := list.Format()
		if err != nil {
			return // a carriage return, a name that ends as an arrow begins
		}
		again, problems := ParseContents(out)
		if len(problems) > 0 || len(again) != len(list) {
			t.Errorf("%q was written as %q: %v", text, out, problems)
		}
		if twice, err := again.Format(); err != nil || !bytes.Equal(out, twice) {
			t.Errorf("%q, then %q, %v", out, twice, err)
		}
	})
}
