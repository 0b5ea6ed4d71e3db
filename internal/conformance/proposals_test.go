package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Of each recorded proposal of configuration changes one of these holds: it is among our alternatives, and the first of them costs no
// more; it contains one of them, so it changes more than is needed; the request has an answer without any change; or, written
// down, it does not solve the request.
func TestRecordedProposals(t *testing.T) {
	count := map[string]int{}
	for _, doc := range sharedScenarios(t) {
		for si := range doc.Scenarios {
			s := &doc.Scenarios[si]
			if s.SameAs != nil || len(s.Binpkgs()) > 0 {
				continue
			}
			for ci := range s.Cases {
				c := &s.Cases[ci]
				lines := proposal(c.Actual.Checks)
				if !c.counted() || len(lines) == 0 || len(c.Mutations) > 0 {
					continue
				}
				verdict, detail := judgeProposal(t, s, c, lines)
				count[verdict]++
				if verdict == "" {
					t.Errorf("%s %d %d: %v\nemerge proposes\n  %s\n%s", doc.Name, si, ci, c.Request, strings.Join(lines, "\n  "), detail)
				}
			}
		}
	}
	t.Logf("%v", count)
	if len(count) < 2 {
		t.Error("there is next to nothing to judge")
	}
}

// Binpkgs are all binary packages of a fixture.
func (s *scenario) Binpkgs() []fixturePackage {
	out := slices.Clone(s.Fixture.Binpkgs)
	for _, r := range s.Fixture.Binrepos {
		out = append(out, r.Binpkgs...)
	}
	return out
}

// proposal is a recorded proposal as "file line", sorted.
func proposal(checks map[string]any) []string {
	var out []string
	each := func(v any, f func(cpv string, v any)) {
		if m, ok := v.(map[string]any); ok {
			for cpv, v := range m {
				f(cpv, v)
			}
		}
	}
	each(checks["use_changes"], func(cpv string, v any) {
		each(v, func(flag string, on any) {
			out = append(out, fmt.Sprintf("package.use =%s %s%s", cpv, map[bool]string{false: "-"}[on == true], flag))
		})
	})
	each(checks["license_changes"], func(cpv string, v any) {
		if list, ok := v.([]any); ok {
			for _, l := range list {
				out = append(out, fmt.Sprintf("package.license =%s %v", cpv, l))
			}
		}
	})
	for file, key := range map[string]string{"package.accept_keywords": "unstable_keywords", "package.unmask": "needed_p_mask_changes"} {
		if list, ok := checks[key].([]any); ok {
			for _, cpv := range list {
				out = append(out, fmt.Sprintf("%s =%v%s", file, cpv, map[bool]string{true: " **"}[file != "package.unmask"]))
			}
		}
	}
	slices.Sort(out)
	return out
}

// changeLines is an alternative in the same form.
func changeLines(c *answer.Changes) []string {
	var out []string
	for cpv, flags := range c.Use {
		for f, on := range flags {
			out = append(out, fmt.Sprintf("package.use =%s %s%s", cpv, map[bool]string{false: "-"}[on], f))
		}
	}
	for cpv, list := range c.License {
		for _, l := range list {
			out = append(out, fmt.Sprintf("package.license =%s %s", cpv, l))
		}
	}
	for _, cpv := range c.Keywords {
		out = append(out, "package.accept_keywords ="+cpv+" **")
	}
	for _, cpv := range c.Unmask {
		out = append(out, "package.unmask ="+cpv)
	}
	slices.Sort(out)
	return out
}

func judgeProposal(t *testing.T, s *scenario, c *testCase, lines []string) (verdict, detail string) {
	t.Helper()
	dir := t.TempDir()
	p, err := layOut(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	o, err := caseOptions(c, false)
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(o universe.Options, alternatives int) *portsolve.Result {
		sys, err := open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		res, err := sys.Resolve(t.Context(), portsolve.Request{Args: c.Request, Options: o, Alternatives: alternatives, Patience: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	ours := resolve(o, portsolve.AllAlternatives)
	if ours.Complete && ours.Changes.Empty() {
		return "solved without changes", ""
	}
	var listed []string
	for i := range ours.Alternatives {
		own := changeLines(&ours.Alternatives[i].Changes)
		listed = append(listed, strings.Join(own, ", "))
		switch {
		case slices.Equal(own, lines):
			return "among ours", ""
		case !slices.ContainsFunc(own, func(l string) bool { return !slices.Contains(lines, l) }):
			return "more than is needed", ""
		}
	}
	for _, l := range lines {
		file, line, _ := strings.Cut(l, " ")
		appendLine(t, filepath.Join(p.dir, "etc/portage", file), line)
	}
	plain := o
	plain.Autounmask = universe.No
	if after := resolve(plain, portsolve.NoAlternatives); after.Status != answer.Solved && after.Status != answer.NothingToDo {
		return "does not solve it", ""
	}
	return "", fmt.Sprintf("which solves the request and is not among ours (%s):\n  %s", ours.AlternativesEnd, strings.Join(listed, "\n  "))
}

func appendLine(t *testing.T, path, line string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("\n" + line + "\n"); err != nil {
		t.Fatal(err)
	}
}
