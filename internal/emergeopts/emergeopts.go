// Package emergeopts is the table of emerge's options: their names, the values
// they take, what they set in universe.Options, and whether portsolve honours
// them. The command line, EMERGE_DEFAULT_OPTS, the conformance harness and
// docs/emerge-options.md all read this one table.
package emergeopts

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/suggest"
	"github.com/portsolve/portsolve/solver/universe"
)

// Kind says what values an option takes and how a command line spells them.
type Kind uint8

const (
	Switch    Kind = iota // --update; never takes the next word (=y and =n are allowed)
	Toggle                // --usepkg [y|n]; a following y or n belongs to it
	YesNo                 // --dynamic-deps y|n; the value is required
	OptLevel              // --deep [N]; a following number belongs to it
	OptNumber             // --jobs [N]: as OptLevel, and decimals, y and n
	Number                // --backtrack N
	Choice                // one of Values, required
	OptWord               // one of Values, optional (--root-deps [rdeps])
	Words                 // blank-separated words, repeatable: --exclude "a b"
	Text                  // any text, required: --config-root DIR
)

// Status says whether portsolve honours an option.
type Status string

const (
	Works         Status = "works"          // does what emerge(1) says
	NotApplicable Status = "not applicable" // accepted; does nothing here, Note says why
	NoEffect      Status = NotApplicable    // the same, of options that concern the answer
	Planned       Status = "planned"        // refused with a message naming the missing feature
)

// Option is one row of the table.
type Option struct {
	Name    string   // with dashes: "--update"
	Short   byte     // 'u', 0 none
	Kind    Kind     // values it takes
	Values  []string // Choice and OptWord
	Default string   // as docs/emerge-options.md prints it
	Status  Status
	Note    string // one sentence for the documentation
	Action  bool   // an action (--depclean) rather than an option
	Display bool   // changes how the answer is printed, never the answer

	set func(o *universe.Options, value string)
}

// UnknownError is returned by Set for a name that is not in the table.
type UnknownError struct {
	Name    string
	Suggest []string // names that look alike, best first
}

func (e *UnknownError) Error() string {
	msg := "unknown option " + e.Name
	if len(e.Suggest) > 0 {
		msg += "; did you mean " + strings.Join(e.Suggest, " or ") + "?"
	}
	return msg
}

// ValueError is returned by Set for a value the option does not take.
type ValueError struct {
	Option *Option
	Value  string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s: wrong value %q: expected %s", e.Option.Name, e.Value, e.Option.Expects())
}

// Expects describes the allowed values in words, "y or n".
func (o *Option) Expects() string {
	switch o.Kind {
	case Switch:
		return "no value"
	case Toggle, YesNo:
		return "y or n"
	case OptLevel, Number:
		return "a number, 0 or more"
	case OptNumber:
		return "a number, 0 or more, or n"
	case Choice, OptWord:
		return strings.Join(o.Values, " or ")
	case Words:
		return "package names or atoms"
	}
	return "a text"
}

// Lookup finds an option by its long name ("--update"), one of the two aliases that
// emerge has ("--cols", "--skip-first"), or by the short form "-u". The result is nil if there is none.
func Lookup(name string) *Option {
	short := byte(0)
	if len(name) == 2 && name[0] == '-' {
		short = name[1]
	}
	switch name {
	case "--cols":
		name = "--columns"
	case "--skip-first":
		name = "--skipfirst"
	}
	for _, part := range tables {
		for i := range part {
			if part[i].Name == name || short != 0 && part[i].Short == short {
				return &part[i]
			}
		}
	}
	return nil
}

// All returns a copy of the table, in its order.
func All() []Option {
	var out []Option
	for _, part := range tables {
		out = append(out, part...)
	}
	return out
}

// Unknown builds the error for a name that is not in the table; also lists
// further names that the caller knows.
func Unknown(name string, also ...string) *UnknownError {
	names := also
	for _, part := range tables {
		for i := range part {
			names = append(names, part[i].Name)
		}
	}
	return &UnknownError{Name: name, Suggest: suggest.Nearest(name, names, 3)}
}

// Set applies one option. name is emerge's long name; value is "true" for the
// bare option, "y" or "n", a number, or words separated by blanks (which are
// appended when the option is repeated). Options that only concern display or
// that do nothing here are checked and otherwise ignored. Errors are
// *UnknownError and *ValueError.
func Set(o *universe.Options, name, value string) error {
	opt := Lookup(name)
	if opt == nil {
		return Unknown(name)
	}
	if !opt.Accepts(value) {
		return &ValueError{Option: opt, Value: value}
	}
	if opt.set != nil {
		opt.set(o, value)
	}
	return nil
}

// Accepts reports whether value is one the option takes.
func (o *Option) Accepts(value string) bool {
	switch o.Kind {
	case Switch, Toggle, YesNo:
		return value == "y" || value == "n" || value == "true"
	case OptLevel:
		return value == "true" || isNumber(value)
	case OptNumber:
		return value == "true" || o.Wants(value)
	case Number:
		return isNumber(value)
	case OptWord:
		return value == "true" || slices.Contains(o.Values, value)
	case Choice:
		return slices.Contains(o.Values, value)
	case Words:
		return len(strings.Fields(value)) > 0
	}
	return true
}

// Wants reports whether word, the one after a bare option, belongs to it.
func (o *Option) Wants(word string) bool {
	switch o.Kind {
	case Toggle:
		return word == "y" || word == "n"
	case OptLevel:
		return isNumber(word)
	case OptNumber:
		f, err := strconv.ParseFloat(word, 64)
		return word == "y" || word == "n" || err == nil && f >= 0 && !math.IsInf(f, 1)
	case OptWord:
		return word != "true" && slices.Contains(o.Values, word)
	}
	return false
}

// Required reports whether the option cannot stand without a value.
func (o *Option) Required() bool {
	switch o.Kind {
	case YesNo, Number, Choice, Words, Text:
		return true
	}
	return false
}

// isNumber accepts the decimal numbers that fit an int on every platform.
func isNumber(s string) bool {
	n, err := strconv.ParseInt(s, 10, 32)
	return err == nil && n >= 0
}

// ErrConflict is wrapped by every error of Conflicts.
var ErrConflict = errors.New("conflicting options")

// Conflicts reports combinations that make no sense together.
func Conflicts(o *universe.Options) error {
	switch {
	case o.Tree && o.Columns:
		return fmt.Errorf("%w: --tree and --columns", ErrConflict)
	case o.OnlyDeps && o.NoDeps:
		return fmt.Errorf("%w: --onlydeps and --nodeps (together they ask for nothing at all)", ErrConflict)
	case o.UsePkgOnly && o.BuildPkgOnly:
		return fmt.Errorf("%w: --usepkgonly and --buildpkgonly", ErrConflict)
	}
	return nil
}
