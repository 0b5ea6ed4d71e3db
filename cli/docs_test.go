package cli

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/internal/emergeopts"
	"github.com/portsolve/portsolve/solver/answer"
)

var update = flag.Bool("update", false, "rewrite generated documentation and golden files")

// TestOptionsDocument keeps docs/emerge-options.md equal to the option tables:
// go test ./cli -run OptionsDocument -update rewrites it.
func TestOptionsDocument(t *testing.T) {
	golden(t, filepath.Join("..", "docs", "emerge-options.md"), optionsDocument())
}

// golden compares text with a file, or rewrites the file.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s is out of date; go test ./cli -update rewrites it. Now:\n%s", path, text)
	}
}

func optionsDocument() string {
	var b strings.Builder
	b.WriteString(optionsIntro)
	row := func(o *emergeopts.Option) {
		name := "`" + o.Name + "`"
		if o.Short != 0 {
			name = fmt.Sprintf("`-%c` %s", o.Short, name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, values(o), o.Default, o.Status, strings.ReplaceAll(o.Note, "|", "\\|"))
	}
	const head = "| option | values | default | state | what it does, or why it does nothing |\n|---|---|---|---|---|\n"
	b.WriteString("\n## Options of emerge\n\n" + head)
	all := emergeopts.All()
	for i := range all {
		if !all[i].Action {
			row(&all[i])
		}
	}
	b.WriteString("\n## Actions of emerge\n\n" + head)
	for i := range all {
		if all[i].Action {
			row(&all[i])
		}
	}
	b.WriteString("\n## Options of portsolve\n\n" + head)
	for i := range own {
		row(&own[i])
	}
	for i := range alternativesTable {
		row(&alternativesTable[i])
	}
	return b.String()
}

const optionsIntro = `# Options

<!-- Generated from the option tables: go test ./cli -run OptionsDocument -update -->

` + "`portsolve resolve`" + ` takes emerge's own options, as emerge(1) describes them. States:

- **works**: does what emerge(1) says;
- **not applicable**: accepted, and a note says that it does nothing; the last column says why;
- **planned**: refused (exit 2); the last column names what is missing.

How a command line is read, before anything else happens:

- options and arguments may stand in any order; ` + "`--`" + ` ends the options;
- letters combine: ` + "`-puDN`" + ` is ` + "`--pretend --update --deep --newuse`" + `;
- a value follows as ` + "`--deep=2`" + ` or ` + "`--deep 2`" + `; where it is optional, the next word is taken exactly if it is
  one of the option's values, so in ` + "`--usepkg yacc`" + ` the word is a package; with letters, ` + "`-D2`" + ` and ` + "`-D 2`" + ` are the same;
- ` + "`--cols`" + ` is ` + "`--columns`" + ` and ` + "`--skip-first`" + ` is ` + "`--skipfirst`" + `, as in emerge;
- options without values accept ` + "`=y`" + ` and ` + "`=n`" + `, so that what EMERGE_DEFAULT_OPTS sets can be undone;
- EMERGE_DEFAULT_OPTS (environment or make.conf) comes first; ` + "`--ignore-default-opts`" + ` leaves it out.

Exit codes: **0** solved or nothing to do; **1** unsolvable, or configuration changes are needed;
**2** the command line is wrong; **3** the system, the configuration or the tree cannot be read;
**130** interrupted.
`

func values(o *emergeopts.Option) string {
	switch o.Kind {
	case emergeopts.Switch:
		return ""
	case emergeopts.Toggle:
		return "[y, n]"
	case emergeopts.YesNo:
		return "y, n"
	case emergeopts.OptLevel, emergeopts.OptNumber:
		return "[N]"
	case emergeopts.Number:
		return "N"
	case emergeopts.Choice:
		return strings.Join(o.Values, ", ")
	case emergeopts.OptWord:
		if o.Name == "--demo" {
			return "[NAME, list]"
		}
		return "[" + strings.Join(o.Values, ", ") + "]"
	case emergeopts.Words:
		return "words"
	}
	return "text"
}

// TestReadme keeps the output shown in README.md equal to what the command
// prints.
func TestReadme(t *testing.T) {
	for _, story := range []string{"update", "conflict"} {
		var out, errs bytes.Buffer
		Main(t.Context(), []string{"portsolve", "resolve", "--demo", story}, nil, nil, &out, &errs)
		if errs.Len() > 0 {
			t.Errorf("--demo %s complains: %s", story, &errs)
		}
		readmePart(t, story, out.String())
	}
}

// readmePart compares an output with the text between the "demo" comments of README.md.
func readmePart(t *testing.T, name, output string) {
	t.Helper()
	path := filepath.Join("..", "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open, end := "<!-- demo "+name+" -->\n", "<!-- end -->\n"
	before, rest, found := strings.Cut(string(text), open)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("README.md has no part %q … %q", open, end)
	}
	golden(t, path, before+open+"```\n"+output+"```\n"+end+after)
}

// TestJSONDocument checks that docs/json.md has a section for every type of
// the answer and a row for each of its fields, and no row for anything else;
// docs/queries.md likewise for the answers of questions.
func TestJSONDocument(t *testing.T) {
	types := map[string]reflect.Type{}
	structTypes(reflect.TypeFor[answer.Result](), types)
	compareFields(t, filepath.Join("..", "docs", "json.md"), types)

	more := maps.Clone(types)
	for _, document := range []reflect.Type{
		reflect.TypeFor[answer.Search](), reflect.TypeFor[answer.Info](), reflect.TypeFor[answer.SetList](),
		reflect.TypeFor[answer.Reasons](), reflect.TypeFor[answer.WhyNot](), reflect.TypeFor[answer.Graph](),
	} {
		structTypes(document, more)
	}
	for name := range types {
		delete(more, name) // documented in json.md
	}
	compareFields(t, filepath.Join("..", "docs", "queries.md"), more)
}

// compareFields compares the fields of types with the tables of a document.
func compareFields(t *testing.T, path string, types map[string]reflect.Type) {
	t.Helper()
	documented := documentedFields(t, path)
	for name, typ := range types {
		fields := documented[name]
		if fields == nil {
			t.Errorf("%s has no section %q", path, name)
			continue
		}
		for f := range typ.Fields() {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case tag == "-":
			case tag == "":
				t.Errorf("%s.%s has no json name", name, f.Name)
			case !fields[tag]:
				t.Errorf("%s: section %q lacks the field %q", path, name, tag)
			default:
				delete(fields, tag)
			}
		}
		for f := range fields {
			t.Errorf("%s: section %q has %q, which the answer does not have", path, name, f)
		}
	}
}

// documentedFields reads the first column of the tables, by section.
func documentedFields(t *testing.T, path string) map[string]map[string]bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]map[string]bool{}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = name
			documented[section] = map[string]bool{}
		}
		if cell, ok := strings.CutPrefix(line, "| `"); ok && section != "" {
			name, _, _ := strings.Cut(cell, "`")
			documented[section][name] = true
		}
	}
	return documented
}

func structTypes(t reflect.Type, into map[string]reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		structTypes(t.Elem(), into)
	case reflect.Struct:
		if into[t.Name()] != nil {
			return
		}
		into[t.Name()] = t
		for f := range t.Fields() {
			if tag := f.Tag.Get("json"); tag != "-" {
				structTypes(f.Type, into)
			}
		}
	}
}
