package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/quickpkg"
	"github.com/portsolve/portsolve/internal/rootfs"
	"github.com/portsolve/portsolve/repo/config/edit"
)

// quickMaker makes packages of installed ones.
type quickMaker struct {
	inv       *invocation
	sys       *portsolve.System
	root      rootfs.FS
	pkgDir    string
	multi     bool // FEATURES=binpkg-multi-instance
	overwrite bool
	options   quickpkg.Options
	out       quickpkgs
	paths     []string // relative to pkgDir
}

type quickpkgs struct {
	Schema   int            `json:"schema"`
	Packages []quickPackage `json:"packages"`
	Missing  []string       `json:"missing"` // words that nothing is called by
	Failed   []string       `json:"failed"`
}

type quickPackage struct {
	CPV     string      `json:"cpv"`
	Path    string      `json:"path"`
	Size    int64       `json:"size"`
	Entries int         `json:"entries"`
	Notes   []quickNote `json:"notes"`
}

type quickNote struct {
	Path string `json:"path"`
	What string `json:"what"`
}

// quickpkg is `portsolve binpkg quickpkg`.
func (inv *invocation) quickpkg(c *cli.Context, w *words) error {
	if len(w.args) == 0 {
		return usagef("binpkg quickpkg: expected atoms, names or @sets of installed packages")
	}
	m, err := inv.newQuickMaker(c, w)
	if err != nil {
		return err
	}
	defer m.root.Close()
	found, missing, err := m.sys.Installed(c.Context, w.args)
	if err != nil {
		return err
	}
	m.out.Missing = append([]string{}, missing...)
	for _, p := range found {
		if err := m.make(c, p, w.json); err != nil {
			return err
		}
	}
	return m.finish(c, w.json)
}

func (inv *invocation) newQuickMaker(c *cli.Context, w *words) (*quickMaker, error) {
	var settings []setting
	for _, name := range []string{"--root", "--config-root", "--system", "--repo"} {
		if v, ok := w.values[name]; ok {
			settings = append(settings, setting{name: name, value: v})
		}
	}
	if w.values["--prefix"] != "" {
		return nil, usagef("binpkg quickpkg: a prefix is not supported")
	}
	cmd := &command{}
	if err := cmd.apply(settings); err != nil {
		return nil, err
	}
	sys, progress, err := inv.open(c.Context, cmd)
	if err != nil {
		return nil, err
	}
	progress.clear()
	m := &quickMaker{inv: inv, sys: sys, pkgDir: cmp.Or(w.values["--pkgdir"], sys.PkgDir()), out: quickpkgs{Schema: 1, Packages: []quickPackage{}, Failed: []string{}}}
	if m.pkgDir == "" {
		return nil, usagef("binpkg quickpkg: PKGDIR is not set; name a directory with --pkgdir")
	}
	if err := m.configure(w); err != nil {
		return nil, err
	}
	m.root, err = rootfs.Open(sys.RootDir())
	return m, err
}

// configure takes options from the command line, else from the configuration.
func (m *quickMaker) configure(w *words) error {
	features := strings.Fields(m.sys.Var("FEATURES"))
	m.multi = slices.Contains(features, "binpkg-multi-instance")
	m.overwrite, _ = w.on("--overwrite")
	o := &m.options
	o.IncludeConfig, _ = w.on("--include-config")
	o.IncludeUnmodified, _ = w.on("--include-unmodified-config")
	o.Protected = edit.Protection("/", m.sys.Var("CONFIG_PROTECT"), m.sys.Var("CONFIG_PROTECT_MASK"))
	switch format := cmp.Or(w.values["--pkg-format"], m.sys.Var("BINPKG_FORMAT"), "gpkg"); format {
	case "gpkg":
		o.Format = binpkg.GPKG
	case "xpak":
		o.Format = binpkg.XPAK
	default:
		return usagef("binpkg quickpkg: package format %q: expected gpkg or xpak", format)
	}
	name := cmp.Or(w.values["--compress"], m.sys.Var("BINPKG_COMPRESS"), "zstd")
	codec, err := binpkg.ParseCompression(name)
	if err != nil || codec == binpkg.Lzip || codec == binpkg.Lzop {
		return usagef("binpkg quickpkg: cannot compress with %q; choose zstd, xz, gzip, bzip2, lz4 or none", name)
	}
	o.Compression = codec
	mask, err := strconv.ParseUint(cmp.Or(w.values["--umask"], "0077"), 8, 32)
	if err != nil || mask > 0o777 {
		return usagef("binpkg quickpkg: --umask %s: expected an octal number such as 0077", w.values["--umask"])
	}
	o.Mode = 0o666 &^ os.FileMode(mask)
	if file := w.values["--sign-with"]; file != "" {
		o.Signer, err = readSigner(file, m.sys.Var("BINPKG_GPG_SIGNING_KEY"), w.values["--passphrase-file"])
		return err
	}
	if slices.Contains(features, "binpkg-signing") {
		fmt.Fprintln(m.inv.stderr, "portsolve: FEATURES has binpkg-signing, but no key was named with --sign-with: the packages are not signed")
	}
	return nil
}

// make writes one package. What goes wrong with it does not stop the others.
func (m *quickMaker) make(c *cli.Context, p *metadata.Package, asJSON bool) error {
	q, err := m.write(c, p)
	if c.Context.Err() != nil {
		return c.Context.Err()
	}
	if err != nil {
		m.out.Failed = append(m.out.Failed, p.CPV.String()+": "+err.Error())
		return nil
	}
	m.out.Packages = append(m.out.Packages, *q)
	if asJSON {
		return nil
	}
	fmt.Fprintf(m.inv.stdout, "%s: %s, %d bytes, %d entries\n", q.CPV, q.Path, q.Size, q.Entries)
	for _, n := range q.Notes {
		fmt.Fprintf(m.inv.stdout, "  %s: %s\n", printable(n.Path), n.What)
	}
	return nil
}

func (m *quickMaker) write(c *cli.Context, p *metadata.Package) (*quickPackage, error) {
	values, err := quickpkg.Values(m.root, p.CPV)
	if err != nil {
		return nil, err
	}
	relative, values, err := m.place(p, values)
	if err != nil {
		return nil, err
	}
	full := filepath.Join(m.pkgDir, relative)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return nil, err
	}
	r, err := quickpkg.Write(c.Context, m.root, p.CPV, values, full, m.options)
	if err != nil {
		return nil, err
	}
	m.paths = append(m.paths, relative)
	q := &quickPackage{CPV: p.CPV.String(), Path: full, Size: r.Size, Entries: r.Entries, Notes: []quickNote{}}
	for _, n := range r.Notes {
		q.Notes = append(q.Notes, quickNote{n.Path, string(n.What)})
	}
	return q, nil
}

// maxBuildID is where the search for a free number ends.
const maxBuildID = 1 << 20

// place chooses where the package goes. With several instances per version a number
// that is taken is not used again, so that what was built is never replaced by what
// was found in ROOT; the package's BUILD_ID follows.
func (m *quickMaker) place(p *metadata.Package, values []binpkg.Value) (string, []binpkg.Value, error) {
	suffix := ".gpkg.tar"
	if m.options.Format == binpkg.XPAK {
		suffix = ".tbz2"
		if m.multi {
			suffix = ".xpak"
		}
	}
	taken := func(relative string) (bool, error) {
		_, err := os.Lstat(filepath.Join(m.pkgDir, relative))
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil && !m.overwrite, err
	}
	if !m.multi {
		relative := path.Join(p.CPV.Category, p.CPV.PF()) + suffix
		is, err := taken(relative)
		if is {
			err = fmt.Errorf("%s is there already; --overwrite replaces it", filepath.Join(m.pkgDir, relative))
		}
		return relative, values, err
	}
	for id := max(p.BuildID, 1); id < maxBuildID; id++ {
		relative := path.Join(p.CPV.Category, p.CPV.Package, fmt.Sprintf("%s-%d%s", p.CPV.PF(), id, suffix))
		is, err := taken(relative)
		if err != nil {
			return "", nil, err
		}
		if !is {
			return relative, withBuildID(values, id), nil
		}
	}
	return "", nil, errors.New("no build-id is free")
}

// withBuildID sets BUILD_ID, which Portage writes without a line end.
func withBuildID(values []binpkg.Value, id int) []binpkg.Value {
	text := strconv.Itoa(id)
	for i := range values {
		if values[i].Name == "BUILD_ID" {
			if strings.TrimSpace(string(values[i].Data)) != text {
				values[i].Data = []byte(text)
			}
			return values
		}
	}
	values = append(values, binpkg.Value{Name: "BUILD_ID", Data: []byte(text)})
	slices.SortFunc(values, func(a, b binpkg.Value) int { return strings.Compare(a.Name, b.Name) })
	return values
}

// finish adds the packages to the index and sums up.
func (m *quickMaker) finish(c *cli.Context, asJSON bool) error {
	if len(m.paths) > 0 {
		o := binpkg.IndexOptions{
			Header: m.header(), Only: m.paths, Waiting: m.inv.waiting,
			Compress: slices.Contains(strings.Fields(m.sys.Var("FEATURES")), "compress-index"),
		}
		u, err := binpkg.UpdateIndex(c.Context, m.pkgDir, o)
		if err != nil {
			return fmt.Errorf("the packages are made, but the index of %s cannot be updated: %w", m.pkgDir, err)
		}
		for _, p := range u.Problems {
			m.out.Failed = append(m.out.Failed, p.String())
		}
	}
	if asJSON {
		if err := writeJSON(m.inv.stdout, m.out); err != nil {
			return err
		}
	}
	for _, word := range m.out.Missing {
		fmt.Fprintf(m.inv.stderr, "portsolve: nothing installed is called %q\n", word)
	}
	for _, f := range m.out.Failed {
		fmt.Fprintln(m.inv.stderr, "portsolve:", f)
	}
	if len(m.out.Missing)+len(m.out.Failed) > 0 {
		return errNoAnswer
	}
	return nil
}

// indexVariables are what Portage writes to the header of an index.
var indexVariables = [...]string{
	"ACCEPT_KEYWORDS", "ACCEPT_LICENSE", "ACCEPT_PROPERTIES", "ACCEPT_RESTRICT", "ARCH", "CBUILD", "CHOST", "CONFIG_PROTECT",
	"CONFIG_PROTECT_MASK", "ELIBC", "FEATURES", "GENTOO_MIRRORS", "IUSE_IMPLICIT", "KERNEL", "USE", "USERLAND", "USE_EXPAND",
	"USE_EXPAND_HIDDEN", "USE_EXPAND_IMPLICIT", "USE_EXPAND_UNPREFIXED", "USE_EXPAND_VALUES_ARCH", "USE_EXPAND_VALUES_ELIBC",
	"USE_EXPAND_VALUES_KERNEL", "USE_EXPAND_VALUES_USERLAND",
}

func (m *quickMaker) header() map[string]string {
	out := map[string]string{}
	for _, name := range indexVariables {
		if v := m.sys.Var(name); v != "" {
			out[name] = v
		}
	}
	return out
}
