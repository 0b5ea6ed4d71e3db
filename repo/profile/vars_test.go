package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseVars(t *testing.T) {
	lookup := func(name string) (string, bool) {
		v, ok := map[string]string{"ARCH": "x86", "MULTI": "a\nb"}[name]
		return v, ok
	}
	for _, c := range []struct{ text, want string }{
		{"A=b", "A=b"},
		{"A=b # comment\n#B=c\n  C=d", "A=b|C=d"},
		{"A=\"x y\"'z $ARCH'w", "A=x yz $ARCHw"},
		{"A=${ARCH}-$ARCH", "A=x86-x86"},
		{"A=\"\\${ARCH} \\\"q\\\" \\n\"", "A=${ARCH} \"q\" \\n"},
		{"A=\"one \\\n two\"", "A=one  two"},
		{"A=\"one\ntwo\"", "A=one\ntwo"},
		{"A=1 B=2;C=3", "A=1|B=2|C=3"},
		{"export A=1", "A=1"},
		{"A=", "A="},
		{"A=\nB=1", "A=|B=1"},
		{"A=\"\" # nothing", "A="},
		{"A=x#y", "A=x#y"},
		{"A=$UNSET.", "A=."},
		{"M=\"-j$(nproc)\"", "M=-j$(nproc)"},
		{"A=1\nA=\"${A} 2\"", "A=1|A=1 2"},
		{"A=\"$MULTI\"", "A=a b"},
		{"A = b", "A=b"},
		{"A=a\\ b", "A=a b"},
		{"", ""},
	} {
		list, err := ParseVars("f", c.text, VarOptions{Lookup: lookup})
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var got []string
		for _, a := range list {
			got = append(got, a.Name+"="+a.Value)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q: got %q, want %q", c.text, s, c.want)
		}
	}
}

func TestParseVarsErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"A=1\nB='x", "f:2: "},
		{"\nA=\"x\n\n", "f:2: "},
		{"A=1\nrm -rf /\n", "f:2: "},
		{"A=\"\n${B:-c}\"", "f:2: "},
		{"=x", "f:1: "},
		{"1A=x", "f:1: "},
		{"if true; then", "f:1: "},
	} {
		_, err := ParseVars("f", c.text, VarOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %s…", c.text, err, c.want)
		}
	}
}

// An assignment that doubles itself with each line must not fill the memory.
func TestParseVarsIsBounded(t *testing.T) {
	_, err := ParseVars("f", "A=xxxxxxxx\n"+strings.Repeat("A=$A$A\n", 60), VarOptions{})
	if err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v", err)
	}
}

func TestSourceAt(t *testing.T) {
	list, err := ParseVars("f", "# c\nUSE=\"one\n  two \\\n three\"\n", VarOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for word, line := range map[string]int{"one": 2, "two": 3, "three": 4} {
		if got := list[0].SourceAt(strings.Index(list[0].Value, word)); got.Line != line || got.File != "f" {
			t.Errorf("%s at %v, want line %d", word, got, line)
		}
	}
}

func TestSource(t *testing.T) {
	dir := tree(t, map[string]string{
		"make.conf": "A=1\nsource more/x\n. /abs/y\nB=\"$B 2\"\n",
		"more/x":    "B=$A\n",
		"abs/y":     "C=3\n",
	})
	include := func(path string) string { return filepath.Join(dir, path) }
	list, err := ReadVars(filepath.Join(dir, "make.conf"), VarOptions{Include: include})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Assign{}
	for _, a := range list {
		got[a.Name] = a
	}
	if got["B"].Value != "1 2" || got["C"].Value != "3" || got["C"].Source.File != filepath.Join(dir, "abs/y") {
		t.Errorf("got %+v", got)
	}
	for text, want := range map[string]string{"source nosuch": "make.conf:1: ", "\nsource make.conf": "too many files"} {
		if err := os.WriteFile(filepath.Join(dir, "make.conf"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadVars(filepath.Join(dir, "make.conf"), VarOptions{Include: include})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

func FuzzParseVars(f *testing.F) {
	for _, s := range []string{"A=1", "USE=\"${USE} a\"\n", "A='x' B=\\\n\"y\"", "export X=$Y #c", "source f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseVars("f", text, VarOptions{})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		lines := 1 + strings.Count(text, "\n")
		for _, a := range list {
			if s := a.SourceAt(len(a.Value)); a.Source.Line < 1 || s.Line > lines || s.Line < a.Source.Line {
				t.Errorf("%s: line %d to %d of %d", a.Name, a.Source.Line, s.Line, lines)
			}
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add("# c\na/b x # y\n\n-a/b\n=*/*-9* Z: *\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines := appendLines(nil, "f", text)
		for _, l := range lines {
			if len(l.Fields) == 0 || l.Source.Line < 1 || l.Fields[0][0] == '#' {
				t.Errorf("line %+v", l)
			}
		}
		out, bad := ParseAtoms(lines)
		if len(out)+len(bad) != len(lines) {
			t.Errorf("%d lines, %d atoms, %d errors", len(lines), len(out), len(bad))
		}
		for _, l := range StackAtoms(out) {
			if l.Remove {
				t.Errorf("removal of %s left", l.Atom)
			}
		}
	})
}
