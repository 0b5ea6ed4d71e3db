package scenario

import (
	"fmt"
	"io"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// WriteExpect writes an answer as the section "expect" of a saved world. What an
// answer with configuration changes merges cannot be expected; a comment says so.
func WriteExpect(w io.Writer, res *answer.Result) error {
	var b strings.Builder
	b.WriteString("-- expect --\n")
	switch res.Status {
	case answer.NothingToDo:
		b.WriteString("nothing\n")
	case answer.Unsolvable:
		b.WriteString("fails\n")
	case answer.ChangesNeeded:
		b.WriteString("# needs configuration changes\n")
	case answer.Solved:
		b.WriteString("plan:\n")
		for i := range res.Plan {
			expectEntry(&b, &res.Plan[i])
		}
	}
	for _, h := range res.HeldBack {
		fmt.Fprintf(&b, "held: %s\n", h.CPV)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func expectEntry(b *strings.Builder, e *answer.Entry) {
	switch e.Action {
	case answer.BlockerEntry:
		return
	case answer.Uninstall:
		b.WriteString("uninstall ")
	}
	b.WriteString(e.CPV)
	if e.Action == answer.Merge && e.Repo != "" {
		b.WriteString("::" + e.Repo)
	}
	if e.Root != hostPath {
		b.WriteString("@target")
	}
	b.WriteString("\n")
}
