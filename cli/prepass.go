package cli

import (
	"strings"

	"github.com/portsolve/portsolve/internal/emergeopts"
)

// canonical rewrites an emerge-style command line into one that an ordinary
// option parser understands: every option in its long form with "=value", then
// "--", then the arguments. It does three things that urfave/cli cannot:
//
//   - combined letters: -puDN is --pretend --update --deep --newuse; a letter
//     with an optional number takes the digits that follow it (-uD2);
//   - optional values: the word after --deep, --usepkg, … belongs to the option
//     exactly if it is one of its values (--deep 2, --usepkg n), otherwise the
//     option stands alone;
//   - options and arguments in any order; "--" ends the options.
//
// An option that the tables do not know is an error with suggestions.
func canonical(words []string) ([]string, error) {
	var out, args []string
	for i := 0; i < len(words); i++ {
		w := words[i]
		var used int
		var opts []string
		var err error
		switch {
		case w == "--":
			args = append(args, words[i+1:]...)
			i = len(words)
			continue
		case strings.HasPrefix(w, "--"):
			opts, used, err = longOption(w, words[i+1:])
		case len(w) > 1 && w[0] == '-':
			opts, used, err = shortOptions(w, words[i+1:])
		default:
			args = append(args, w)
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, opts...)
		i += used
	}
	return append(append(out, "--"), args...), nil
}

// longOption handles "--name" and "--name=value"; used counts the words taken
// from rest.
func longOption(word string, rest []string) (opts []string, used int, err error) {
	name, value, given := strings.Cut(word, "=")
	opt := lookup(name)
	if opt == nil {
		return nil, 0, unknownOption(name)
	}
	if !given {
		if value, used, err = nextValue(opt, rest); err != nil {
			return nil, 0, err
		}
	}
	return []string{opt.Name + "=" + value}, used, nil
}

// shortOptions handles "-u", "-puDN", "-D2" and "-X word".
func shortOptions(word string, rest []string) (opts []string, used int, err error) {
	if len(word) > 2 && lookup("-"+word) != nil {
		// -update would be six letters, emptytree among them.
		return nil, 0, usagef("%s: options of several letters begin with two dashes; did you mean -%s?", word, word)
	}
	for i := 1; i < len(word); i++ {
		opt := lookup("-" + word[i:i+1])
		if opt == nil {
			return nil, 0, usagef("unknown option -%s in %q; options of several letters begin with two dashes", word[i:i+1], word)
		}
		var value string
		tail := word[i+1:]
		switch {
		case opt.Kind == emergeopts.OptLevel && digits(tail) > 0:
			n := digits(tail)
			value, i = tail[:n], i+n
		case opt.Kind == emergeopts.OptNumber && digits(tail) > 0:
			n := len(tail) - len(strings.TrimLeft(tail, "0123456789."))
			value, i = tail[:n], i+n
		case tail == "":
			value, used, err = nextValue(opt, rest)
		case strings.HasPrefix(tail, "="):
			value, i = tail[1:], len(word)
		case opt.Required():
			value, i = tail, len(word) // -Xname
		default:
			value = "true"
		}
		if err != nil {
			return nil, 0, err
		}
		opts = append(opts, opt.Name+"="+value)
	}
	return opts, used, nil
}

// nextValue is the value of an option that was written without "=".
func nextValue(opt *emergeopts.Option, rest []string) (value string, used int, err error) {
	switch {
	case opt.Required() && len(rest) == 0:
		return "", 0, usagef("%s needs a value: %s", opt.Name, opt.Expects())
	case opt.Required():
		return rest[0], 1, nil
	case len(rest) > 0 && wants(opt, rest[0]):
		return rest[0], 1, nil
	}
	return "true", 0, nil
}

// digits counts the decimal digits at the start of s.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// splitWords splits EMERGE_DEFAULT_OPTS as a POSIX shell would: blanks
// separate, quotes and backslashes join.
func splitWords(s string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote byte
	inWord := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			inWord = true
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if inWord {
				out = append(out, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, usagef("EMERGE_DEFAULT_OPTS: the quote %c is never closed", quote)
	}
	if inWord {
		out = append(out, word.String())
	}
	return out, nil
}
