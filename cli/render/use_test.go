package render

import "testing"

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		f    flagState
		want string
	}{
		{flagState{name: "a", now: true, on: true}, "a"},
		{flagState{name: "a", now: true}, "-a"},
		{flagState{name: "a", now: true, forced: true}, "(-a)"},
		{flagState{name: "a", now: true, on: true, compared: true, known: true, was: true}, "a"},
		{flagState{name: "a", now: true, on: true, compared: true, known: true}, "a*"},
		{flagState{name: "a", now: true, compared: true, known: true, was: true}, "-a*"},
		{flagState{name: "a", now: true, on: true, compared: true}, "a%*"},
		{flagState{name: "a", now: true, compared: true}, "-a%"},
		{flagState{name: "a", now: true, compared: true, forced: true}, "(-a)"},
		{flagState{name: "a", now: true, on: true, compared: true, forced: true}, "(a%*)"},
		{flagState{name: "a", compared: true, known: true}, "(-a%)"},
		{flagState{name: "a", compared: true, known: true, was: true}, "(-a%*)"},
		{flagState{name: "test", now: true, on: true, byFeatures: true}, "{test}"},
	} {
		if got := c.f.text(palette{}); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.f, got, c.want)
		}
	}
}

func TestNaturalLess(t *testing.T) {
	order := []string{"3dnow", "X", "a52", "alsa", "python3_9", "python3_10", "q8", "q32", "sse", "sse2", "sse4_1"}
	for i := range order {
		for j := range order {
			if got, want := naturalLess(order[i], order[j]), i < j; got != want {
				t.Errorf("naturalLess(%s, %s) = %v", order[i], order[j], got)
			}
		}
	}
}
