package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/portsolve/portsolve/binpkg"
)

const binpkgHelp = `inspect FILE [NAME]…  the parts of a package file and its metadata; with NAME
                         only that value, as it is (environment.bz2, RDEPEND, …).
                         --files also lists the entries of the image. Nothing is
                         verified
   verify FILE|DIR…      read packages to their ends and check all of them: checksums,
                         signatures, metadata, entries; in a PKGDIR also names, the
                         index, and the checksums in it
     --keyring PATH          public keys: a file, or a GnuPG home (default:
                             $BINPKG_GPG_VERIFY_GPG_HOME, else /etc/portage/gnupg)
     --request-signature     unsigned packages are bad, too
     --ignore-signature      signatures are not looked at
   index DIR             the packages in the index of a PKGDIR or binhost, and
                         where the index and the files differ
   index FILE            the packages in an index (Packages, Packages.gz)
   index --fix DIR       make the index fit the files, as emaint binhost --fix does;
                         damaged packages are left out and named
     --reread                also read files that look unchanged
     --compress[=n]          also write Packages.gz (default: if there is one)
   quickpkg ATOM…        make packages of installed ones, in PKGDIR: atoms, names,
                         versions (cat/pkg-1), wildcards, @sets
     --include-config[=n]    configuration files as they are (default: a comment
                             takes the place of what CONFIG_PROTECT protects)
     --include-unmodified-config[=n]
                             those that are as they were installed
     --umask MASK            for the files (default: 0077)
     --pkgdir DIR, --pkg-format gpkg|xpak, --compress CODEC, --overwrite[=n]
     --sign-with FILE [--passphrase-file FILE]
                             a secret key, as gpg --export-secret-keys writes it
     --root, --config-root, --system  as everywhere
   sign FILE…            sign GPKG packages in place; what they hold stays as it is.
                         They are verified first, but for their old signatures
     --sign-with FILE [--key KEY] [--passphrase-file FILE]
     --strip                 take signatures away instead

   fetch ATOM…           the best binary package of each, from the binhosts into the cache
                         unless it is in PKGDIR; prints where they are
     --cache-dir DIR         by default /var/cache/portsolve, or the user's
     --root, --config-root, --system  as everywhere

   --json                as JSON (also: --format json)

   Exit codes: 0 fine, 1 the index is not up to date, a package is bad or has no
   such value, or nothing is called so, 2 wrong command line, 3 a file or the system
   cannot be read.`

// binpkgCommand looks at binary packages and indexes, and makes them.
func (inv *invocation) binpkgCommand() *cli.Command {
	return &cli.Command{
		Name:            "binpkg",
		Usage:           "look into binary packages and indexes, verify and make them",
		UsageText:       "portsolve binpkg inspect|verify|index|quickpkg|sign|fetch [options] [argument]…",
		Description:     binpkgHelp,
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			args := c.Args().Slice()
			if len(args) == 0 {
				return usagef("binpkg: expected inspect, verify, index, quickpkg, sign or fetch; see portsolve binpkg --help")
			}
			for _, a := range args {
				if a == "--help" || a == "-h" {
					return cli.ShowSubcommandHelp(c)
				}
			}
			what, ok := inv.binpkgActions()[args[0]]
			if !ok {
				return usagef("binpkg: unknown command %q; expected inspect, verify, index, quickpkg, sign or fetch", args[0])
			}
			w, err := parseWords(args[0], args[1:], what.options)
			if err != nil {
				return err
			}
			return what.run(c, w)
		},
	}
}

// binpkgAction is one of the commands below binpkg.
type binpkgAction struct {
	options []wordOption
	run     func(*cli.Context, *words) error
}

// wordOption is an option of such a command.
type wordOption struct {
	name  string
	value bool // it needs one; otherwise it is a switch, y or n
}

func (inv *invocation) binpkgActions() map[string]binpkgAction {
	return map[string]binpkgAction{
		"inspect": {[]wordOption{{"--files", false}}, inv.inspect},
		"verify":  {[]wordOption{{"--keyring", true}, {"--request-signature", false}, {"--ignore-signature", false}}, inv.verifyPackages},
		"index":   {[]wordOption{{"--fix", false}, {"--reread", false}, {"--compress", false}}, inv.index},
		"quickpkg": {[]wordOption{
			{"--include-config", false}, {"--include-unmodified-config", false}, {"--umask", true}, {"--pkgdir", true}, {"--pkg-format", true},
			{"--compress", true}, {"--overwrite", false}, {"--sign-with", true}, {"--passphrase-file", true}, {"--root", true},
			{"--config-root", true}, {"--system", true}, {"--prefix", true}, {"--repo", true},
		}, inv.quickpkg},
		"sign": {[]wordOption{{"--sign-with", true}, {"--key", true}, {"--passphrase-file", true}, {"--strip", false}}, inv.signPackages},
		"fetch": {[]wordOption{
			{"--cache-dir", true}, {"--root", true}, {"--config-root", true}, {"--system", true}, {"--repo", true},
		}, inv.fetchPackages},
	}
}

// words is a command line taken apart.
type words struct {
	args   []string
	values map[string]string
	json   bool
}

// on reports whether a switch is set, and whether it was given at all.
func (w *words) on(name string) (on, given bool) {
	v, given := w.values[name]
	return v == "y", given
}

// parseWords reads options anywhere among the arguments.
func parseWords(command string, args []string, options []wordOption) (*words, error) {
	w := &words{values: map[string]string{}}
	options = append(options, wordOption{"--json", false}, wordOption{"--format", true})
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			w.args = append(w.args, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(args[i], "-") || args[i] == "-" {
			w.args = append(w.args, args[i])
			continue
		}
		name, value, hasValue := strings.Cut(args[i], "=")
		o := findOption(options, name)
		switch {
		case o == nil:
			return nil, usagef("binpkg %s: unknown option %s", command, name)
		case o.value && !hasValue:
			if i++; i == len(args) {
				return nil, usagef("binpkg %s: %s needs a value", command, name)
			}
			value = args[i]
		case !o.value && !hasValue:
			value = "y"
		case !o.value && value != "y" && value != "n":
			return nil, usagef("binpkg %s: %s=%s: expected y or n", command, name, value)
		}
		w.values[name] = value
	}
	switch format := w.values["--format"]; format {
	case "", "text", "json":
		w.json = format == "json" || w.values["--json"] == "y"
	default:
		return nil, usagef("binpkg: --format %s: expected text or json", format)
	}
	return w, nil
}

func findOption(options []wordOption, name string) *wordOption {
	for i := range options {
		if options[i].name == name {
			return &options[i]
		}
	}
	return nil
}

// inspect shows a package file, or some of its values.
func (inv *invocation) inspect(c *cli.Context, w *words) error {
	if len(w.args) == 0 {
		return usagef("binpkg inspect: expected a package file")
	}
	f, err := binpkg.OpenFile(w.args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	values, err := f.Metadata()
	if err != nil {
		return err
	}
	if names := w.args[1:]; len(names) > 0 {
		return inv.printValues(f, values, names)
	}
	files, _ := w.on("--files")
	if w.json {
		return inv.inspectJSON(f, values, files)
	}
	if err := inv.inspectText(f, values); err != nil || !files {
		return err
	}
	fmt.Fprintln(inv.stdout, "files")
	return f.List(func(e *binpkg.Entry) error {
		_, err := fmt.Fprintf(inv.stdout, "  %s\n", entryLine(e))
		return err
	})
}

// entryLine is an entry as ls -l shows it, in essence.
func entryLine(e *binpkg.Entry) string {
	s := fmt.Sprintf("%-13s %04o %d:%d %10d %s %s", e.Type, e.Mode, e.UID, e.GID, e.Size, e.ModTime.UTC().Format("2006-01-02 15:04:05"), printable(e.Name))
	if e.Linkname != "" {
		s += " -> " + printable(e.Linkname)
	}
	return s
}

func (inv *invocation) inspectText(f *binpkg.File, values []binpkg.Value) error {
	p, err := f.Package()
	if err != nil {
		return err
	}
	w := inv.stdout
	fmt.Fprintf(w, "%s\n  %v, %d bytes\n  %s::%s, slot %s/%s", f.Path, f.Format, f.Size, p.CPV, p.Repo, p.Slot, p.SubSlot)
	if p.BuildID > 0 {
		fmt.Fprintf(w, ", build %d", p.BuildID)
	}
	if p.BuildTime > 0 {
		fmt.Fprintf(w, ", built %s", time.Unix(p.BuildTime, 0).UTC().Format(time.RFC3339))
	}
	fmt.Fprintln(w, "\nmembers")
	for _, m := range f.Members {
		fmt.Fprintf(w, "  %-40s %12d", m.Name, m.Size)
		if m.Compression != binpkg.None {
			fmt.Fprintf(w, "  %v", m.Compression)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "metadata")
	for _, v := range values {
		fmt.Fprintf(w, "  %s: %s\n", v.Name, shown(v.Data))
	}
	if p.Invalid != nil {
		fmt.Fprintf(inv.stderr, "portsolve: %s: %v\n", f.Path, p.Invalid)
	}
	return nil
}

// longValue is the length from which a value is only counted, unless it is asked for by name.
const longValue = 2000

// shown is a value on one line.
func shown(data []byte) string {
	if len(data) > longValue || !utf8.Valid(data) || strings.ContainsRune(string(data), 0) {
		return fmt.Sprintf("(%d bytes)", len(data))
	}
	return printable(strings.Join(strings.Fields(string(data)), " "))
}

// printable keeps control characters off the terminal.
func printable(s string) string {
	quoted := fmt.Sprintf("%q", s)
	return strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), `\\`, `\`)
}

// printValues writes values as they are.
func (inv *invocation) printValues(f *binpkg.File, values []binpkg.Value, names []string) error {
	missing := false
	for _, name := range names {
		found := false
		for _, v := range values {
			if v.Name == name {
				found = true
				if _, err := inv.stdout.Write(v.Data); err != nil {
					return err
				}
			}
		}
		if !found {
			missing = true
			fmt.Fprintf(inv.stderr, "portsolve: %s has no value %s\n", f.Path, name)
		}
	}
	if missing {
		return errNoAnswer
	}
	return nil
}

// inspected is the JSON of a package file. Values that are no text are left out
// of metadata and counted in binary.
type inspected struct {
	Schema   int               `json:"schema"`
	Path     string            `json:"path"`
	Format   string            `json:"format"`
	Size     int64             `json:"size"`
	Members  []inspectedMember `json:"members"`
	Metadata map[string]string `json:"metadata"`
	Binary   map[string]int    `json:"binary"`
	Files    []inspectedFile   `json:"files,omitempty"`
}

type inspectedMember struct {
	Name        string `json:"name"`
	Offset      int64  `json:"offset"`
	Size        int64  `json:"size"`
	Compression string `json:"compression"`
}

type inspectedFile struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Mode   string            `json:"mode"`
	UID    uint32            `json:"uid"`
	GID    uint32            `json:"gid"`
	Size   int64             `json:"size"`
	MTime  string            `json:"mtime"`
	Target string            `json:"target,omitempty"`
	Xattrs map[string]string `json:"xattrs,omitempty"`
}

func (inv *invocation) inspectJSON(f *binpkg.File, values []binpkg.Value, files bool) error {
	out := inspected{
		Schema: 1, Path: f.Path, Format: f.Format.String(), Size: f.Size,
		Members: []inspectedMember{}, Metadata: map[string]string{}, Binary: map[string]int{},
	}
	for _, m := range f.Members {
		out.Members = append(out.Members, inspectedMember{m.Name, m.Offset, m.Size, m.Compression.String()})
	}
	for _, v := range values {
		if utf8.Valid(v.Data) {
			out.Metadata[v.Name] = string(v.Data)
		} else {
			out.Binary[v.Name] = len(v.Data)
		}
	}
	if files {
		err := f.List(func(e *binpkg.Entry) error {
			out.Files = append(out.Files, inspectedFile{
				Name: e.Name, Type: e.Type.String(), Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Size: e.Size,
				MTime: e.ModTime.UTC().Format(time.RFC3339Nano), Target: e.Linkname, Xattrs: e.Xattrs,
			})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return writeJSON(inv.stdout, out)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
