package suggest

import (
	"reflect"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		limit int
		want  int
	}{
		{"", "", 3, 0}, {"abc", "abc", 3, 0}, {"abc", "abd", 3, 1}, {"abc", "acb", 3, 1},
		{"abc", "", 3, 3}, {"kitten", "sitting", 5, 3}, {"abcdef", "uvwxyz", 2, 3}, {"a", "abcdef", 2, 3},
	} {
		if got := Distance(c.a, c.b, c.limit); got != c.want {
			t.Errorf("Distance(%q, %q, %d) = %d, want %d", c.a, c.b, c.limit, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"--update", "--newuse", "--usepkg", "--deep", "--depclean", "--update"}
	if got, want := Nearest("--updaet", words, 3), []string{"--update"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Nearest("--entirely-different", words, 3); got != nil {
		t.Errorf("far word: got %q", got)
	}
}
