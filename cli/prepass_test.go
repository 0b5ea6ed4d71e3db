package cli

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"-puDN @world", "--pretend=true --update=true --deep=true --newuse=true -- @world"},
		{"-uD2 @world", "--update=true --deep=2 -- @world"},
		{"-uD 2 @world", "--update=true --deep=2 -- @world"},
		{"-D2u @world", "--deep=2 --update=true -- @world"},
		{"--deep @world", "--deep=true -- @world"},
		{"--deep 3 @world", "--deep=3 -- @world"},
		{"--deep=3 @world", "--deep=3 -- @world"},
		{"icu -1 --usepkg y", "--oneshot=true --usepkg=y -- icu"},
		{"--usepkg yacc", "--usepkg=true -- yacc"},
		{"--with-bdeps y a/b", "--with-bdeps=y -- a/b"},
		{"--with-bdeps=n a/b", "--with-bdeps=n -- a/b"},
		{"-X vim -pX=nano -Xjoe a", "--exclude=vim --pretend=true --exclude=nano --exclude=joe -- a"},
		{"--root-deps rdeps a", "--root-deps=rdeps -- a"},
		{"--root-deps a", "--root-deps=true -- a"},
		{"-p -- -odd --name", "--pretend=true -- -odd --name"},
		{"- a", "-- - a"},
		{"--demo", "--demo=true --"},
		{"--demo conflict", "--demo=conflict --"},
		{"--demo list", "--demo=list --"},
		{"--demo app-misc/hello", "--demo=true -- app-misc/hello"},
		{"-q y a", "--quiet=y -- a"},
		{"-pv n a", "--pretend=true --verbose=n -- a"},
		{"--update=n a", "--update=n -- a"},
		{"--exclude=a/b=c x", "--exclude=a/b=c -- x"},
	} {
		got, err := canonical(strings.Fields(c.in))
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
		} else if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.in, s, c.want)
		}
	}
}

func TestCanonicalErrors(t *testing.T) {
	for _, c := range []struct{ in, says string }{
		{"--udpate @world", "did you mean --update"},
		{"--sistem /x", "did you mean --system"},
		{"-puZN @world", "unknown option -Z"},
		{"-update @world", "two dashes"},
		{"--exclude", "--exclude needs a value"},
		{"-pX", "--exclude needs a value"},
		{"--=x", "unknown option"},
	} {
		_, err := canonical(strings.Fields(c.in))
		var usage *usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error that says %q", c.in, err, c.says)
		}
	}
}

func TestSplitWords(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"  --quiet  --jobs=4 ", []string{"--quiet", "--jobs=4"}},
		{`--exclude "a b" --x='c d'`, []string{"--exclude", "a b", "--x=c d"}},
		{`a\ b "c\"d" 'e\f' ""`, []string{"a b", `c"d`, `e\f`, ""}},
	} {
		got, err := splitWords(c.in)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	if _, err := splitWords(`--exclude "a b`); err == nil {
		t.Error("open quote: no error")
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"-puDN @world", "--deep 2 a", "-X a -D9u", "--", "--exclude=a=b", "-\x00", "--with-bdeps"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, " ")
		got, err := canonical(words)
		if err != nil {
			return
		}
		again, err := canonical(got)
		if err != nil {
			t.Fatalf("%q: its own canonical form %q is refused: %v", line, got, err)
		}
		if !reflect.DeepEqual(got, again) {
			t.Fatalf("%q: canonical form changes from %q to %q", line, got, again)
		}
	})
}
