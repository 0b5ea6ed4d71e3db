package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve/binpkg"
)

// shownIndex is the JSON of an index.
type shownIndex struct {
	Schema      int                 `json:"schema"`
	Index       string              `json:"index"` // "" if there is none
	Header      map[string]string   `json:"header"`
	Packages    []map[string]string `json:"packages"`
	Files       int                 `json:"files"` // 0 for an index alone
	Differences []indexDifference   `json:"differences"`
	Problems    []string            `json:"problems"`
}

type indexDifference struct {
	Path string `json:"path"`
	What string `json:"what"`
}

// index shows an index, or with --fix makes it fit the files.
func (inv *invocation) index(c *cli.Context, w *words) error {
	if len(w.args) != 1 {
		return usagef("binpkg index: expected one directory or index")
	}
	if fix, _ := w.on("--fix"); fix {
		return inv.fixIndex(c, w)
	}
	if len(w.values) > 0 && !w.json {
		for name := range w.values {
			if name == "--reread" || name == "--compress" {
				return usagef("binpkg index: %s is for --fix", name)
			}
		}
	}
	return inv.showIndex(c, w.args[0], w.json)
}

// fixedIndex is the JSON of index --fix.
type fixedIndex struct {
	Schema   int      `json:"schema"`
	Packages int      `json:"packages"`
	Written  bool     `json:"written"`
	Added    []string `json:"added"`
	Changed  []string `json:"changed"`
	Removed  []string `json:"removed"`
	Problems []string `json:"problems"`
}

func (inv *invocation) fixIndex(c *cli.Context, w *words) error {
	dir := w.args[0]
	o := binpkg.IndexOptions{Waiting: inv.waiting}
	o.Reread, _ = w.on("--reread")
	compress, given := w.on("--compress")
	if !given {
		_, err := os.Stat(filepath.Join(dir, binpkg.IndexName+".gz"))
		compress = err == nil
	}
	o.Compress = compress
	u, err := binpkg.UpdateIndex(c.Context, dir, o)
	if err != nil {
		return err
	}
	out := fixedIndex{1, u.Packages, u.Written, []string{}, []string{}, []string{}, []string{}}
	out.Added, out.Changed, out.Removed = append(out.Added, u.Added...), append(out.Changed, u.Changed...), append(out.Removed, u.Removed...)
	for _, p := range u.Problems {
		out.Problems = append(out.Problems, p.String())
	}
	if w.json {
		err = writeJSON(inv.stdout, out)
	} else {
		inv.fixedText(&out)
	}
	if err == nil && len(u.Problems) > 0 {
		err = errNoAnswer
	}
	return err
}

func (inv *invocation) fixedText(out *fixedIndex) {
	for _, group := range []struct {
		what  string
		paths []string
	}{{"added", out.Added}, {"changed", out.Changed}, {"removed", out.Removed}} {
		for _, p := range group.paths {
			fmt.Fprintf(inv.stdout, "%s: %s\n", group.what, printable(p))
		}
	}
	for _, p := range out.Problems {
		fmt.Fprintln(inv.stderr, "portsolve:", p)
	}
	state := "was up to date"
	if out.Written {
		state = "written"
	}
	fmt.Fprintf(inv.stdout, "%d packages in the index, %s\n", out.Packages, state)
}

// waiting tells who holds a lock.
func (inv *invocation) waiting(holder string) {
	if holder == "" {
		holder = "another process"
	}
	fmt.Fprintf(inv.stderr, "portsolve: waiting for %s, which holds the lock\n", holder)
}

// showIndex lists an index, and for a directory how it fits the files.
func (inv *invocation) showIndex(c *cli.Context, path string, asJSON bool) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	out := shownIndex{Schema: 1, Header: map[string]string{}, Packages: []map[string]string{}, Differences: []indexDifference{}, Problems: []string{}}
	var index *binpkg.Index
	if st.IsDir() {
		survey, err := binpkg.SurveyDir(c.Context, path)
		if err != nil {
			return err
		}
		index, out.Files = survey.Index, survey.Files
		for _, d := range survey.Differences {
			out.Differences = append(out.Differences, indexDifference{d.Path, string(d.Kind)})
		}
		for _, p := range survey.Problems {
			out.Problems = append(out.Problems, p.String())
		}
	} else {
		if index, err = binpkg.ReadIndex(path); err != nil {
			return err
		}
		for _, p := range index.Problems {
			out.Problems = append(out.Problems, index.Path+": "+p.Error())
		}
	}
	if index != nil {
		out.Index, out.Header = index.Path, index.Header
		for i := range index.Packages {
			out.Packages = append(out.Packages, index.Vars(&index.Packages[i]))
		}
	}
	if asJSON {
		err = writeJSON(inv.stdout, out)
	} else {
		inv.indexText(&out, st.IsDir())
	}
	if err == nil && len(out.Differences)+len(out.Problems) > 0 {
		err = errNoAnswer
	}
	return err
}

func (inv *invocation) indexText(x *shownIndex, isDir bool) {
	for _, p := range x.Packages {
		fmt.Fprintf(inv.stdout, "%s", p["CPV"])
		if p["BUILD_ID"] != "" {
			fmt.Fprintf(inv.stdout, " build %s", p["BUILD_ID"])
		}
		fmt.Fprintf(inv.stdout, " slot %s, %s bytes", p["SLOT"], p["SIZE"])
		if p["repository"] != "" {
			fmt.Fprintf(inv.stdout, ", from %s", p["repository"])
		}
		fmt.Fprintln(inv.stdout)
	}
	for _, d := range x.Differences {
		fmt.Fprintf(inv.stdout, "%s: %s\n", d.Path, d.What)
	}
	for _, p := range x.Problems {
		fmt.Fprintln(inv.stderr, "portsolve:", p)
	}
	switch {
	case isDir && x.Index == "":
		fmt.Fprintf(inv.stdout, "no index; %d package files\n", x.Files)
	case isDir:
		fmt.Fprintf(inv.stdout, "%d packages in the index, %d package files\n", len(x.Packages), x.Files)
	default:
		fmt.Fprintf(inv.stdout, "%d packages\n", len(x.Packages))
	}
}
