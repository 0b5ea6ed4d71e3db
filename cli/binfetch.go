package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom/metadata"
)

type fetchedPackages struct {
	Schema   int              `json:"schema"`
	Packages []fetchedPackage `json:"packages"`
	Missing  []string         `json:"missing"` // atoms of which there is no package that may be used
	Failed   []string         `json:"failed"`
}

type fetchedPackage struct {
	CPV     string `json:"cpv"`
	BuildID int    `json:"build_id,omitempty"`
	Binhost string `json:"binhost,omitempty"` // absent: it was in PKGDIR
	Path    string `json:"path"`
	Size    int64  `json:"size"`
}

// fetchPackages is `portsolve binpkg fetch`.
func (inv *invocation) fetchPackages(c *cli.Context, w *words) error {
	if len(w.args) == 0 {
		return usagef("binpkg fetch: expected atoms")
	}
	var settings []setting
	for _, name := range []string{"--root", "--config-root", "--system", "--repo", "--cache-dir"} {
		if v, ok := w.values[name]; ok {
			settings = append(settings, setting{name: name, value: v})
		}
	}
	cmd := &command{}
	if err := cmd.apply(settings); err != nil {
		return err
	}
	sys, progress, err := inv.open(c.Context, cmd)
	if err != nil {
		return err
	}
	progress.clear()
	out := fetchedPackages{Schema: 1, Packages: []fetchedPackage{}, Missing: []string{}, Failed: []string{}}
	var wanted []*metadata.Package
	for _, word := range w.args {
		p, why, err := bestBinary(c, sys, word)
		if err != nil {
			return err
		}
		if p == nil {
			out.Missing = append(out.Missing, word+": "+why)
			continue
		}
		wanted = append(wanted, p)
	}
	cmd.format = "text"
	if w.json {
		cmd.format = "json"
	}
	count, size := portsolve.DownloadSize(wanted)
	shown := inv.newDownloads(cmd, count, size)
	paths, err := sys.FetchBinaries(c.Context, wanted, shown.report)
	shown.close()
	if c.Context.Err() != nil {
		return c.Context.Err()
	}
	for i, path := range paths {
		if path == "" {
			continue
		}
		p := wanted[i]
		got := fetchedPackage{CPV: p.CPV.String(), BuildID: p.BuildID, Binhost: p.Binhost, Path: path}
		if st, err := os.Stat(path); err == nil {
			got.Size = st.Size()
		}
		out.Packages = append(out.Packages, got)
	}
	if err != nil {
		out.Failed = strings.Split(err.Error(), "\n")
	}
	return inv.showFetched(&out, w.json)
}

func (inv *invocation) showFetched(out *fetchedPackages, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(inv.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(out); err != nil {
			return err
		}
	} else {
		for _, p := range out.Packages {
			fmt.Fprintln(inv.stdout, p.Path)
		}
		for _, m := range out.Missing {
			fmt.Fprintf(inv.stderr, "portsolve: %s\n", m)
		}
		for _, f := range out.Failed {
			fmt.Fprintf(inv.stderr, "portsolve: %s\n", f)
		}
	}
	if len(out.Missing)+len(out.Failed) > 0 {
		return errNoAnswer
	}
	return nil
}

// bestBinary is the package that an atom would get from PKGDIR and the binhosts, or why there is none.
func bestBinary(c *cli.Context, sys *portsolve.System, word string) (best *metadata.Package, why string, err error) {
	candidates, err := sys.BinaryCandidates(c.Context, word, true)
	if err != nil {
		return nil, "", err
	}
	why = "there is no binary package"
	for i := range candidates {
		candidate := &candidates[i]
		if len(candidate.Excluded) == 0 {
			best = candidate.Pkg
			continue
		}
		why = fmt.Sprintf("%s %s", candidate.Pkg.CPV, candidate.Excluded[0].Detail)
	}
	return best, why, nil
}
