package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// oneScenario is a corpus of our own: one right and one wrong expectation, and a
// case that follows a change of the files.
const oneScenario = `{"scenarios": [{
 "fixture": {
  "ebuilds": [
   {"cpv": "cat/app-1", "metadata": {"EAPI": "7", "RDEPEND": "cat/lib"}},
   {"cpv": "cat/lib-1", "metadata": {}},
   {"cpv": "cat/lib-2", "metadata": {"KEYWORDS": "~x86"}}],
  "installed": [{"cpv": "cat/lib-1", "metadata": {}}],
  "binpkgs": [], "binrepos": [], "profile": {}, "repo_configs": {}, "user_config": {}, "sets": {},
  "world": ["cat/app"], "world_sets": [], "eclasses": {}, "targetroot": false},
 "packages": [
  {"cpv": "cat/lib-2", "repo": "test_repo", "slot": "0", "sub_slot": "0", "type": "ebuild", "root": "host", "eapi": "0",
   "visible": false, "use": [], "iuse": [], "keywords": ["~x86"], "masks": {"KEYWORDS": ["~x86"]}},
  {"cpv": "cat/lib-1", "repo": "test_repo", "slot": "0", "sub_slot": "0", "type": "ebuild", "root": "host", "eapi": "0",
   "visible": false, "use": [], "iuse": [], "keywords": ["x86"]}],
 "cases": [
  {"request": ["cat/app"], "options": {}, "flags": {}, "expected": {"success": true, "mergelist": ["cat/app-1"]}},
  {"request": ["cat/app"], "options": {"--emptytree": true}, "flags": {}, "expected": {"success": true, "mergelist": ["cat/app-1"]}},
  {"request": ["cat/app"], "options": {"--nosuchoption": true}, "flags": {}, "expected": {"success": true}},
  {"request": ["cat/new"], "options": {}, "flags": {}, "expected": {"success": true, "mergelist": ["cat/new-1"]},
   "fixture_mutations": [{"path": "var/repositories/test_repo/cat/new/new-1.ebuild", "change": "added",
    "content": "EAPI=\"8\"\nSLOT=\"0\"\nKEYWORDS=\"x86\"\n"}]}]}]}`

func TestRunDocument(t *testing.T) {
	doc := &document{Name: "own"}
	if err := json.Unmarshal([]byte(oneScenario), doc); err != nil {
		t.Fatal(err)
	}
	out := runDocument(context.Background(), doc, []bool{true, false})
	if out.Err != nil {
		t.Fatal(out.Err)
	}
	for mode, list := range map[string][]*verdict{"compat": out.Compat, "default": out.Default} {
		var got []bool
		for _, v := range list {
			got = append(got, v.passed())
		}
		if want := []bool{true, false, false, true}; canonical(got) != canonical(want) {
			t.Errorf("%s: passed %v, want %v (%+v)", mode, got, want, list[3].Attempts)
		}
	}
	if rows := out.Rows; len(rows) != 2 || len(rows[0].Wrong) != 0 || len(rows[1].Wrong) != 1 {
		t.Errorf("rows %+v", rows)
	}
	var b bytes.Buffer
	rep := &report{w: &b, verbose: true}
	rep.add(out)
	rep.summary([]bool{true, false})
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if got := lines[len(lines)-2:]; got[0] != "configuration: 1 of 2 rows" || got[1] != "conformance: 2 of 4 cases" {
		t.Errorf("last lines %q", got)
	}
}

func TestResultsKeepPositions(t *testing.T) {
	same := 0
	doc := &document{Scenarios: []scenario{
		{Cases: []testCase{{Direct: true}, {Expected: map[string]any{}}}}, {SameAs: &same, Cases: make([]testCase, 2)},
	}}
	out := &outcome{Doc: doc, Compat: []*verdict{{
		Scenario: 0, Case: 1, Test: &doc.Scenarios[0].Cases[1], Attempts: []attempt{{Checks: map[string]any{"success": true}}},
	}}}
	data, err := results(out)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		t.Fatal(err)
	}
	if got, want := canonical(plain), `{"scenarios":[{"cases":[{},{"checks":{"success":true}}]},{"cases":[]}]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
