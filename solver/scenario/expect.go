package scenario

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/solver/answer"
)

// The section "expect" is one of
//
//	plan:                  these entries, in this order
//	dev-libs/a-1
//	dev-libs/b-1[x,-y]     and so built
//	uninstall dev-libs/c-1
//	any order: dev-libs/d-1 dev-libs/e-1
//
//	nothing                there is nothing to do
//
//	fails: word word       no solution, and the explanation mentions these words
//
// and perhaps "held: cpv": an update that is reported as held back. An entry
// may name its repository (::repo) and its root (@host, @target).
func (e *Expect) parse(each func(func(string, int) error) error) error {
	return each(func(l string, _ int) error {
		head, rest, isHead := strings.Cut(l, ":")
		if rest != "" && rest[0] != ' ' {
			isHead = false // cat/pkg-1::repo
		}
		switch {
		case l == "nothing":
			e.Status = "nothing"
		case isHead && head == "plan":
			e.Status = "plan"
		case l == "fails" || isHead && head == "fails":
			e.Status, e.Words = "fails", strings.Fields(rest)
		case isHead && head == "held":
			e.Held = append(e.Held, strings.Fields(rest)...)
		case e.Status != "plan":
			return fmt.Errorf("%q: expected \"plan:\", \"nothing\", \"fails:\" or \"held:\"", l)
		case isHead && head == "any order":
			return e.group(strings.Fields(rest), false)
		case strings.HasPrefix(l, "uninstall "):
			return e.group(strings.Fields(l)[1:], true)
		default:
			return e.group([]string{l}, false)
		}
		return nil
	})
}

func (e *Expect) group(words []string, uninstall bool) error {
	var g []Step
	for _, w := range words {
		s := Step{Uninstall: uninstall}
		if before, use, ok := strings.Cut(w, "["); ok {
			flags, after, _ := strings.Cut(use, "]")
			s.Use = strings.Split(flags, ",")
			w = before + after
		}
		w, s.Root, _ = strings.Cut(w, "@")
		s.CPV, s.Repo, _ = strings.Cut(w, "::")
		if _, err := atom.ParseCPV(s.CPV); err != nil {
			return err
		}
		g = append(g, s)
	}
	e.Groups = append(e.Groups, g)
	return nil
}

// Diff compares an answer with the expectation and says in words what differs,
// nil if nothing does. Blocker entries of the plan are not compared.
func (e *Expect) Diff(res *answer.Result) []string {
	var out []string
	want := map[string]answer.Status{"plan": answer.Solved, "nothing": answer.NothingToDo, "fails": answer.Unsolvable}[e.Status]
	if want != "" && res.Status != want {
		out = append(out, fmt.Sprintf("the status is %q, expected %q%s", res.Status, want, reasons(res)))
	}
	if e.Status == "plan" {
		out = append(out, e.diffPlan(res)...)
	}
	text := reasons(res)
	for _, w := range e.Words {
		if !strings.Contains(text, w) {
			out = append(out, fmt.Sprintf("the explanation does not mention %s:%s", w, text))
		}
	}
	for _, h := range e.Held {
		if !slices.ContainsFunc(res.HeldBack, func(b answer.HeldBack) bool { return b.CPV == h }) {
			out = append(out, fmt.Sprintf("%s is not reported as held back (but %v)", h, res.HeldBack))
		}
	}
	return out
}

func (e *Expect) diffPlan(res *answer.Result) []string {
	var got []*answer.Entry
	for i := range res.Plan {
		if res.Plan[i].Action != answer.BlockerEntry {
			got = append(got, &res.Plan[i])
		}
	}
	at := 0
	for _, g := range e.Groups {
		rest := slices.Clone(g)
		for range g {
			if at >= len(got) {
				return []string{fmt.Sprintf("the plan ends where %s is expected:%s", rest[0].CPV, listing(got))}
			}
			i := slices.IndexFunc(rest, func(s Step) bool { return s.matches(got[at]) })
			if i < 0 {
				return []string{fmt.Sprintf("entry %d is %s, expected %s:%s", at+1, got[at].CPV, rest[0].CPV, listing(got))}
			}
			rest = slices.Delete(rest, i, i+1)
			at++
		}
	}
	if at < len(got) {
		return []string{fmt.Sprintf("entry %d, %s, is not expected:%s", at+1, got[at].CPV, listing(got))}
	}
	return nil
}

func (s *Step) matches(e *answer.Entry) bool {
	root := map[string]string{"host": hostPath, "target": targetPath}[s.Root]
	if s.CPV != e.CPV || s.Uninstall != (e.Action == answer.Uninstall) ||
		s.Repo != "" && s.Repo != e.Repo || s.Root != "" && e.Root != root {
		return false
	}
	for _, f := range s.Use {
		name, off := strings.CutPrefix(f, "-")
		if on, listed := e.Use[name]; !listed || on == off {
			return false
		}
	}
	return true
}

func listing(entries []*answer.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString("\n    ")
		if e.Action == answer.Uninstall {
			b.WriteString("uninstall ")
		}
		b.WriteString(e.CPV)
		var flags []string
		for f, on := range e.Use {
			if !on {
				f = "-" + f
			}
			flags = append(flags, f)
		}
		if len(flags) > 0 {
			slices.Sort(flags)
			b.WriteString("[" + strings.Join(flags, ",") + "]")
		}
	}
	return b.String()
}

// reasons is everything the answer says about why it failed.
func reasons(res *answer.Result) string {
	data, err := json.Marshal([]any{res.Conflict, res.Unsatisfied, res.RequiredUse, res.SlotConflicts, res.Cycles, res.VirtualCycle})
	if err != nil {
		return err.Error()
	}
	text := string(data)
	for _, r := range [...][2]string{{`\u003c`, "<"}, {`\u003e`, ">"}, {`\u0026`, "&"}} {
		text = strings.ReplaceAll(text, r[0], r[1])
	}
	return "\n    " + text
}
