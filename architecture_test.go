package portsolve_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const modulePath = "github.com/portsolve/portsolve"

// importRule is one row of ARCHITECTURE.md's table.
type importRule struct {
	packages []string // patterns
	allowed  string   // the cell's text
}

// TestImportTable compares ARCHITECTURE.md with `go list`: every package has a
// row, and imports only what the row says.
func TestImportTable(t *testing.T) {
	rules := readImportTable(t)
	for _, pkg := range listPackages(t) {
		name := relativePackage(pkg.ImportPath)
		rule := ruleFor(rules, name)
		if rule == nil {
			t.Errorf("%s has no row in ARCHITECTURE.md's table of packages", name)
			continue
		}
		for _, path := range pkg.Imports {
			if path != modulePath && !strings.HasPrefix(path, modulePath+"/") {
				continue
			}
			if imported := relativePackage(path); !rule.allows(imported) {
				t.Errorf("%s imports %s; ARCHITECTURE.md allows it: %s", name, imported, rule.allowed)
			}
		}
	}
	for _, r := range rules {
		if len(r.packages) == 0 {
			t.Errorf("a row of ARCHITECTURE.md's table names no package: %s", r.allowed)
		}
	}
}

func TestImportRules(t *testing.T) {
	tests := []struct {
		cell, pkg string
		want      bool
	}{
		{"-", "atom", false},
		{"`atom`, `repo`", "repo", true},
		{"`atom`", "atom/eapi", false},
		{"`atom/*`", "atom", true},
		{"`atom/*`", "atom/eapi", true},
		{"`solver/{universe,answer}`", "solver/answer", true},
		{"`solver/{universe,answer}`", "solver/check", false},
		{"everything but `cli`", "vdb", true},
		{"everything but `cli`", "cli/render", false},
		{"everything below `solver` except `plan` and `check`; `atom/*`", "solver/internal/cnf", true},
		{"everything below `solver` except `plan` and `check`; `atom/*`", "solver/plan", false},
		{"everything below `solver` except `plan` and `check`; `atom/*`", "atom", true},
		{"everything below `solver` except `plan` and `check`; `atom/*`", "vdb", false},
		{"root, `solver/answer`", "root", true},
		{"`solver/answer`", "root", false},
	}
	for _, tt := range tests {
		r := importRule{allowed: tt.cell}
		if got := r.allows(tt.pkg); got != tt.want {
			t.Errorf("%q allows %s: %v, want %v", tt.cell, tt.pkg, got, tt.want)
		}
	}
}

func relativePackage(path string) string {
	if path == modulePath {
		return "root"
	}
	return strings.TrimPrefix(path, modulePath+"/")
}

// readImportTable reads the rows of the table that begins with "| package |".
func readImportTable(t *testing.T) []importRule {
	t.Helper()
	f, err := os.Open("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rules []importRule
	inTable := false
	for in := bufio.NewScanner(f); in.Scan(); {
		cells := strings.Split(strings.Trim(in.Text(), "| "), "|")
		switch {
		case len(cells) != 3:
			inTable = false
		case strings.TrimSpace(cells[0]) == "package":
			inTable = true
		case inTable && !strings.HasPrefix(cells[0], "-"):
			first := strings.TrimSpace(cells[0])
			rule := importRule{packages: quoted(first), allowed: strings.TrimSpace(cells[2])}
			if first == "root" {
				rule.packages = []string{"root"}
			}
			rules = append(rules, rule)
		}
	}
	if len(rules) == 0 {
		t.Fatal("ARCHITECTURE.md has no table of packages")
	}
	return rules
}

// ruleFor prefers the row that names the package itself to one with a pattern.
func ruleFor(rules []importRule, pkg string) *importRule {
	var found *importRule
	for i := range rules {
		for _, p := range rules[i].packages {
			if p == pkg {
				return &rules[i]
			}
			if matchesPackage(p, pkg) {
				found = &rules[i]
			}
		}
	}
	return found
}

// allows reads the cell: names and patterns in backticks, "root", "everything
// (or anything) but X", "everything below X except Y and Z".
func (r *importRule) allows(pkg string) bool {
	for _, item := range strings.Split(r.allowed, ";") {
		names := quoted(item)
		switch {
		case strings.Contains(item, "everything below") && len(names) > 0:
			below, ok := strings.CutPrefix(pkg, names[0]+"/")
			excepted := false
			for _, n := range names[1:] {
				excepted = excepted || n == below || strings.HasPrefix(below, n+"/")
			}
			if ok && !excepted {
				return true
			}
		case strings.Contains(item, "thing but"):
			excepted := false
			for _, n := range names {
				excepted = excepted || n == pkg || strings.HasPrefix(pkg, n+"/")
			}
			if !excepted {
				return true
			}
		default:
			for _, n := range names {
				if matchesPackage(n, pkg) {
					return true
				}
			}
			if pkg == "root" && strings.Contains(" "+item+",", " root,") {
				return true
			}
			if strings.Contains(item, "what its API mentions") && mentionedByAPI[pkg] {
				return true
			}
		}
	}
	return false
}

// mentionedByAPI are the packages whose types the façade's signatures show.
var mentionedByAPI = map[string]bool{
	"atom/metadata": true, "solver/universe": true, "solver/answer": true, "solver/check": true,
}

// matchesPackage: "a/*" is a and everything below it; "a/{b,c}" is a/b or a/c.
func matchesPackage(pattern, pkg string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/*"); ok {
		return pkg == dir || strings.HasPrefix(pkg, dir+"/")
	}
	if prefix, rest, ok := strings.Cut(pattern, "{"); ok {
		for _, name := range strings.Split(strings.TrimSuffix(rest, "}"), ",") {
			if prefix+strings.TrimSpace(name) == pkg {
				return true
			}
		}
		return false
	}
	return pattern == pkg
}

// quoted lists what stands in backticks.
func quoted(s string) []string {
	var out []string
	parts := strings.Split(s, "`")
	for i := 1; i < len(parts); i += 2 {
		out = append(out, parts[i])
	}
	return out
}

type listedPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []listedPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(fmt.Errorf("go list: %w\n%s", err, stderr.String()))
	}
	var all []listedPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
