package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg/fetch"
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
	shown := newDownloads(inv.stderr, wanted)
	paths, err := sys.FetchBinaries(c.Context, wanted, shown.report)
	shown.clear()
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

// downloads shows what a fetcher reports: a line for each package, and on a terminal one below that is redrawn.
type downloads struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	last     time.Time
	drawn    bool
	there    map[string]int64 // by name: bytes of what has begun
	ended    int
	count    int
	total    int64
}

func newDownloads(out io.Writer, pkgs []*metadata.Package) *downloads {
	d := &downloads{out: out, terminal: isTerminal(out), there: map[string]int64{}}
	for _, p := range pkgs {
		if p.Remote {
			d.count++
			var size int64
			if _, err := fmt.Sscan(p.Var("SIZE"), &size); err == nil {
				d.total += size
			}
		}
	}
	return d
}

// report implements fetch.Options.Report.
func (d *downloads) report(e fetch.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case fetch.Retrying:
		d.line(fmt.Sprintf("%s: %v; attempt %d in %v", e.Name, e.Err, e.Attempt+1, e.Pause.Round(100*time.Millisecond)))
	case fetch.Finished:
		d.ended++
		d.line(fmt.Sprintf("%s: %s", e.Name, mebibytes(e.Done)))
	case fetch.Elsewhere:
		d.line(fmt.Sprintf("%s is kept in the cache: %v", e.Name, e.Err))
	case fetch.Cached, fetch.Failed: // an error has its own words
		d.ended++
	}
	if e.Done >= 0 {
		d.there[e.Name] = e.Done
	}
	d.redraw()
}

// line is written above the one that is redrawn.
func (d *downloads) line(text string) {
	d.wipe()
	fmt.Fprintf(d.out, ">>> %s\n", text)
}

func (d *downloads) redraw() {
	if !d.terminal || time.Since(d.last) < progressEvery {
		return
	}
	d.last, d.drawn = time.Now(), true
	var done int64
	for _, n := range d.there {
		done += n
	}
	fmt.Fprintf(d.out, "\r\x1b[K%d of %d packages, %s of %s", d.ended, d.count, mebibytes(done), mebibytes(d.total))
}

func (d *downloads) wipe() {
	if d.drawn {
		fmt.Fprint(d.out, "\r\x1b[K")
		d.drawn = false
	}
}

// clear removes the line before anything else is printed.
func (d *downloads) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wipe()
}

func mebibytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
