package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/universe"
)

// rowVerdict is one row of a scenario's packages: what the configuration says of
// one package, apart from any resolution.
type rowVerdict struct {
	Doc      *document
	Scenario int
	Row      *packageRow
	Wrong    []string // "use: want [a] got []"
}

func checkRows(ctx context.Context, sys *portsolve.System, openErr error, doc *document, index int) []rowVerdict {
	rows := doc.Scenarios[index].Packages
	out := make([]rowVerdict, 0, len(rows))
	for i := range rows {
		v := rowVerdict{Doc: doc, Scenario: index, Row: &rows[i]}
		if openErr != nil {
			v.Wrong = []string{"not opened: " + openErr.Error()}
		} else {
			v.Wrong = checkRow(ctx, sys, v.Row)
		}
		out = append(out, v)
	}
	return out
}

func checkRow(ctx context.Context, sys *portsolve.System, row *packageRow) (wrong []string) {
	var err error
	defer func() {
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}()
	defer recovered(&err)
	var candidates []portsolve.Candidate
	if row.Type == "binary" {
		candidates, err = sys.BinaryCandidates(ctx, "="+row.CPV, true)
	} else {
		candidates, err = sys.Candidates(ctx, "="+row.CPV)
	}
	if err != nil {
		return nil
	}
	wrong = []string{"not found among the candidates"}
	for i := range candidates {
		if isRow(row, &candidates[i]) {
			if wrong = rowDifferences(row, &candidates[i]); len(wrong) == 0 {
				return nil // of several builds of a version, rows do not say which one
			}
		}
	}
	return wrong
}

func isRow(row *packageRow, c *portsolve.Candidate) bool {
	origin := map[string]metadata.Origin{"ebuild": metadata.Ebuild, "binary": metadata.Binary, "installed": metadata.Installed}
	root := universe.Host
	if row.Root == "target" {
		root = universe.Target
	}
	return c.Pkg.Origin == origin[row.Type] && c.Pkg.Repo == row.Repo && c.Root == root && c.Pkg.CPV.String() == row.CPV
}

func rowDifferences(row *packageRow, c *portsolve.Candidate) []string {
	var wrong []string
	differ := func(what string, want, got any) {
		if fmt.Sprint(want) != fmt.Sprint(got) {
			wrong = append(wrong, fmt.Sprintf("%s: want %v got %v", what, want, got))
		}
	}
	differ("slot", row.Slot+"/"+row.SubSlot, c.Pkg.Slot+"/"+c.Pkg.SubSlot)
	differ("eapi", row.EAPI, c.Pkg.EAPIName)
	var iuse, use []string
	for _, f := range c.Pkg.IUSE {
		iuse = append(iuse, f.Name)
		if slices.Contains(c.Use, f.Name) {
			use = append(use, f.Name)
		}
	}
	differ("iuse", sortedSet(row.IUSE), sortedSet(iuse))
	differ("use", sortedSet(row.Use), sortedSet(use))
	differ("visible", row.Visible, c.Visible())
	var want, got []string
	for kind := range row.Masks {
		want = append(want, kind)
	}
	for _, e := range c.Excluded {
		got = append(got, string(e.Kind))
	}
	differ("masks", sortedSet(want), sortedSet(got))
	return wrong
}

func (v *rowVerdict) String() string {
	return fmt.Sprintf("%s %d %s %s: %s", v.Doc.Name, v.Scenario, v.Row.Type, v.Row.CPV, strings.Join(v.Wrong, "; "))
}
