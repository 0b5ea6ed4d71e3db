package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/portsolve/portsolve/cli/report"
	"github.com/portsolve/portsolve/solver/answer"
)

// sample has a conflict with a graph, two alternatives, an update that is held back, and names that HTML has to quote.
func sample() *answer.Result {
	entry := func(cpv string, why ...answer.Why) answer.Entry {
		return answer.Entry{Action: answer.Merge, Type: "ebuild", CPV: cpv, Slot: "0", SubSlot: "0", Repo: "gentoo", Root: "/",
			Use: map[string]bool{"threads": true, "a<b": false}, Why: why}
	}
	lib := entry("dev-libs/lib-2", answer.Why{Parent: "app-misc/app-1", Atom: ">=dev-libs/lib-2", Kind: "RDEPEND"})
	app := entry("app-misc/app-1", answer.Why{Arg: "app-misc/app"})
	other := entry("app-misc/other-1", answer.Why{Parent: "app-misc/none-1", Atom: "x/y", Kind: "DEPEND"})
	change := func(file, atom string, tokens ...string) answer.Changes {
		return answer.Changes{Entries: []answer.ConfigEntry{{File: file, Atom: atom, Tokens: tokens}}}
	}
	return &answer.Result{
		Schema: answer.Schema, Status: answer.Unsolvable, Plan: []answer.Entry{app, lib},
		Conflicts: []answer.Conflict{{
			Kind: "slot", Summary: "a and b cannot be installed together </script><script>alert(1)</script>", Minimal: true,
			Rules: []answer.Rule{
				{Kind: "request", Text: "you asked for <a>", Atom: "a/a"},
				{Kind: "dependency", Text: "a-1 needs b: not b-2 (masked)", Lead: "a-1 needs b", Refused: []answer.Refused{
					{Names: "b-2", Text: "masked", Reasons: []answer.Reason{{Text: "masked", Comment: "It\n<leaks>"}}}}},
				{Kind: "slot", Text: "only one version of b can be installed"},
			},
			Also:  []answer.Rule{{Kind: "dependency", Text: "c-1 needs b-1"}},
			Nodes: []answer.ConflictNode{{Kind: "argument", Label: "a/a"}, {Kind: "package", Label: "a/a-1"}, {Kind: "missing", Label: "b: it is masked by somebody at some place and for many many reasons"}, {Kind: "slot", Label: "only one version of b can be installed"}},
			Edges: []answer.ConflictEdge{{From: 0, To: 1, Kind: "wants", Rule: 0}, {From: 1, To: 2, Kind: "needs", Label: "b", Rule: 1}, {From: 2, To: 3, Kind: "one-of", Rule: 2}, {From: 3, To: 1, Kind: "needs", Label: "back", Rule: 3}},
		}},
		LeaveOut: []answer.Why{{Arg: "a/a", Atom: "a/a"}},
		Alternatives: []answer.Alternative{
			{Changes: change("package.use", ">=www-servers/apache-2", "threads"), Plan: []answer.Entry{lib, app}, Ordered: true, Merged: 2},
			{Changes: change("package.unmask", "=app-misc/other-1"), Plan: []answer.Entry{other, app}, Ordered: true, Merged: 2,
				Against: []answer.Against{{Package: "app-misc/other-1", Setting: "unmask", File: "/etc/portage/package.mask:1"}}},
		},
		AlternativesEnd: "all",
		HeldBack:        []answer.HeldBack{{CPV: "dev-libs/lib-3", Selected: "dev-libs/lib-2", By: []answer.Why{{Parent: "app-misc/app-1", Atom: "<dev-libs/lib-3", Kind: "RDEPEND"}}}},
		Warnings:        []string{"make.conf:3: FOO is <odd>"},
	}
}

func page(t testing.TB, res *answer.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, res, "resolve -pv 'app-misc/<app>'"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parsed is what the tests look at of a page.
type parsed struct {
	ids     map[string]*html.Node
	all     []*html.Node
	scripts []string
}

func parse(t testing.TB, text string) *parsed {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p := &parsed{ids: map[string]*html.Node{}}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		p.all = append(p.all, n)
		if id := attr(n, "id"); id != "" {
			if p.ids[id] != nil {
				t.Errorf("the id %q is there twice", id)
			}
			p.ids[id] = n
		}
		if n.Data == "script" && n.FirstChild != nil {
			p.scripts = append(p.scripts, n.FirstChild.Data)
		}
	}
	return p
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

type plans struct {
	Plans []struct {
		Rows []int `json:"rows"`
		New  []int `json:"new"`
	} `json:"plans"`
}

// checkPage: every id is there once, whatever refers to one finds it, and the numbers of the payload are rows.
func checkPage(t testing.TB, text string) (*parsed, plans) {
	t.Helper()
	p := parse(t, text)
	for _, n := range p.all {
		for _, name := range [...]string{"href", "aria-labelledby", "for"} {
			v := attr(n, name)
			switch {
			case v == "" || v == "data:,":
			case name == "href" && !strings.HasPrefix(v, "#"):
				t.Errorf("%s leads out of the page", v)
			case p.ids[strings.TrimPrefix(v, "#")] == nil:
				t.Errorf("%s=%q leads nowhere", name, v)
			}
		}
		if src := attr(n, "src"); src != "" {
			t.Errorf("%s is fetched", src)
		}
		if end := attr(n, "marker-end"); end != "" && p.ids[strings.TrimSuffix(strings.TrimPrefix(end, "url(#"), ")")] == nil {
			t.Errorf("%s leads nowhere", end)
		}
	}
	if len(p.scripts) != 2 {
		t.Fatalf("%d scripts", len(p.scripts))
	}
	var data plans
	if err := json.Unmarshal([]byte(p.scripts[0]), &data); err != nil {
		t.Fatalf("the payload: %v\n%s", err, p.scripts[0])
	}
	for i, plan := range data.Plans {
		for _, n := range append(plan.Rows, plan.New...) {
			if p.ids[fmt.Sprintf("e%d", n)] == nil {
				t.Errorf("plan %d has row %d, which there is not", i, n)
			}
		}
	}
	for id, n := range p.ids {
		if n.Data != "input" || attr(n, "type") != "radio" {
			continue
		}
		var number int
		if _, err := fmt.Sscan(attr(n, "value"), &number); err != nil || number < 0 || number >= len(data.Plans) {
			t.Errorf("%s chooses plan %q of %d", id, attr(n, "value"), len(data.Plans))
		}
	}
	return p, data
}

func TestPage(t *testing.T) {
	text := page(t, sample())
	p, data := checkPage(t, text)
	if len(data.Plans) != 3 || len(data.Plans[2].New) != 1 {
		t.Errorf("plans: %+v", data.Plans)
	}
	for id, want := range map[string]string{
		"verdict": "has no solution", "c0": "a and b cannot be installed together </script>", "c0r0": "you asked for <a>",
		"c0r1": "a-1 needs bb-2: maskedIt\n<leaks>", "c0r3": "c-1 needs b-1", "e0": "app-misc/app-1", "e1": "dev-libs/lib-2",
		"choices": "package.mask:1", "held": "stays at dev-libs/lib-2", "warnings": "FOO is <odd>", "text": "Any one of these would have to give way",
	} {
		if n := p.ids[id]; n == nil || !strings.Contains(content(n), want) {
			t.Errorf("%s does not say %q", id, want)
		}
	}
	for i := range 4 {
		if p.ids[fmt.Sprintf("c0n%d", i)] == nil {
			t.Errorf("node %d is not drawn", i)
		}
	}
	if n := p.ids["e1"]; !strings.Contains(page(t, sample()), `<a href="#e0">`) || n == nil {
		t.Error("the reason of dev-libs/lib does not lead to app-misc/app")
	}
}

// Without a plan, conflicts or anything the page is one still.
func TestEmptyPage(t *testing.T) {
	for _, status := range []answer.Status{answer.NothingToDo, answer.Solved, answer.ChangesNeeded, answer.Unsolvable, "?"} {
		checkPage(t, page(t, &answer.Result{Status: status}))
	}
	checkPage(t, page(t, &answer.Result{Status: answer.Solved, Removal: &answer.Removal{Action: "depclean", CleanList: []string{"a/b-1"}}}))
	checkPage(t, page(t, &answer.Result{Conflicts: []answer.Conflict{{}, {Nodes: []answer.ConflictNode{{}}}}}))
}

var outside = regexp.MustCompile(`https?://[^"' <]*`)

func TestNothingOutside(t *testing.T) {
	for _, url := range outside.FindAllString(page(t, sample()), -1) {
		t.Errorf("%s is outside of the page", url)
	}
}

func TestSameBytes(t *testing.T) {
	if first := page(t, sample()); first != page(t, sample()) {
		t.Error("the same answer gives different pages")
	}
}

// large is an update of many packages with ten alternatives that differ in one of them.
func large(n int) *answer.Result {
	res := &answer.Result{Schema: answer.Schema, Status: answer.ChangesNeeded, AlternativesEnd: "limit"}
	for i := range n {
		res.Plan = append(res.Plan, answer.Entry{Action: answer.Merge, Type: "ebuild", CPV: fmt.Sprintf("cat-%d/pkg-%d", i%40, i), Slot: "0", Repo: "gentoo", Root: "/",
			Use: map[string]bool{"a": true, "b": false, "c": i%2 == 0}, Why: []answer.Why{{Parent: fmt.Sprintf("cat-%d/pkg-%d", (i+1)%40, i+1), Atom: "x/y", Kind: "RDEPEND"}}})
	}
	for i := range 10 {
		plan := append([]answer.Entry{}, res.Plan...)
		plan[i].CPV = fmt.Sprintf("other/other-%d", i)
		res.Alternatives = append(res.Alternatives, answer.Alternative{Plan: plan, Ordered: true, Merged: n})
	}
	return res
}

// A page of 1,500 packages with ten alternatives has every package once.
func TestLargePage(t *testing.T) {
	start := time.Now()
	text := page(t, large(1500))
	p, data := checkPage(t, text)
	rows := 0
	for id := range p.ids {
		if id[0] == 'e' && id != "entries" {
			rows++
		}
	}
	if rows != 1510 || len(data.Plans) != 11 {
		t.Errorf("%d rows, %d plans", rows, len(data.Plans))
	}
	t.Logf("%d bytes in %v", len(text), time.Since(start).Round(time.Millisecond))
}
