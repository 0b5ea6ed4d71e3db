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

const binpkgHelp = `Nothing is changed, and what a package says of itself is not verified yet.

   inspect FILE [NAME]…  the parts of a package file and its metadata; with NAME
                         only that value, as it is (environment.bz2, RDEPEND, …)
   index DIR             the packages in the index of a PKGDIR or binhost, and
                         where the index and the files differ
   index FILE            the packages in an index (Packages, Packages.gz)

   --format json         as JSON

   Exit codes: 0 fine, 1 the index is not up to date, or a package has no such
   value, 2 wrong command line, 3 a file cannot be read or is damaged.`

// binpkgCommand looks at binary packages and indexes.
func (inv *invocation) binpkgCommand() *cli.Command {
	return &cli.Command{
		Name:            "binpkg",
		Usage:           "look into binary packages and indexes of them",
		UsageText:       "portsolve binpkg inspect FILE [NAME]…\n   portsolve binpkg index DIR | FILE",
		Description:     binpkgHelp,
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			words, asJSON, err := binpkgWords(c.Args().Slice())
			switch {
			case err != nil:
				return err
			case len(words) > 0 && words[0] == "help":
				return cli.ShowSubcommandHelp(c)
			case len(words) > 1 && words[0] == "inspect":
				return inv.inspect(words[1], words[2:], asJSON)
			case len(words) == 2 && words[0] == "index":
				return inv.showIndex(c, words[1], asJSON)
			}
			return usagef("binpkg: expected \"inspect FILE\" or \"index DIR\"; see portsolve binpkg --help")
		},
	}
}

// binpkgWords takes the one option out of the words.
func binpkgWords(args []string) (words []string, asJSON bool, err error) {
	format := "text"
	for i := 0; i < len(args); i++ {
		value, isFormat := strings.CutPrefix(args[i], "--format=")
		switch {
		case isFormat:
			format = value
		case args[i] == "--format" && i+1 < len(args):
			i++
			format = args[i]
		case args[i] == "--help" || args[i] == "-h":
			return []string{"help"}, false, nil
		case strings.HasPrefix(args[i], "-"):
			return nil, false, usagef("binpkg: unknown option %s", args[i])
		default:
			words = append(words, args[i])
		}
	}
	if format != "text" && format != "json" {
		return nil, false, usagef("binpkg: --format %s: expected text or json", format)
	}
	return words, format == "json", nil
}

// inspect shows a package file, or some of its values.
func (inv *invocation) inspect(path string, names []string, asJSON bool) error {
	f, err := binpkg.OpenFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	values, err := f.Metadata()
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return inv.printValues(f, values, names)
	}
	if asJSON {
		return inv.inspectJSON(f, values)
	}
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
	quoted := fmt.Sprintf("%q", strings.Join(strings.Fields(string(data)), " ")) // control characters stay off the terminal
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
}

type inspectedMember struct {
	Name        string `json:"name"`
	Offset      int64  `json:"offset"`
	Size        int64  `json:"size"`
	Compression string `json:"compression"`
}

func (inv *invocation) inspectJSON(f *binpkg.File, values []binpkg.Value) error {
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
	return writeJSON(inv.stdout, out)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
