package phase

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Limits of what one phase may say; see docs/phases.md.
const (
	maxOutput   = 64 << 20
	maxMessage  = 1 << 20
	maxMessages = 10000
)

// levels maps the classes of lib/messages.bash to those of PhaseCall.Elog.
var levels = map[string]string{"info": "INFO", "log": "LOG", "warn": "WARN", "qa": "QA", "error": "ERROR"}

// outcome is what the shell side said of a phase.
type outcome struct {
	done, broken, died bool
	reason             string // of the first die
	messages           int
}

// listen reads records of the shell side (pairs, each string ended by NUL) until all
// writers are gone, and answers its questions.
func listen(records io.Reader, answers io.Writer, elog func(level, text string), ask func(what, question string) (bool, string, error)) outcome {
	var o outcome
	in := bufio.NewReader(records)
	for {
		kind, err := readString(in)
		if err != nil {
			return o
		}
		text, err := readString(in)
		if err != nil {
			return o
		}
		switch kind {
		case "done":
			o.done = true
		case "broken":
			o.broken = true
		case "die":
			if !o.died {
				o.died, o.reason = true, text
			}
		case "has_version", "best_version":
			answer(answers, ask, kind, text)
		default:
			if level, ok := levels[kind]; ok {
				if o.messages++; o.messages <= maxMessages {
					elog(level, text)
				}
			}
		}
	}
}

// readString reads up to a NUL. What is beyond maxMessage is dropped.
func readString(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		part, err := in.ReadSlice(0)
		if err == nil {
			part = part[:len(part)-1]
		}
		if room := maxMessage - b.Len(); len(part) > room {
			part = part[:room]
		}
		b.Write(part)
		if err == nil {
			return b.String(), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
}

// answer replies with one line: 0 yes, 1 no, 2 error, and a text.
func answer(w io.Writer, ask func(what, question string) (bool, string, error), what, question string) {
	yes, text, err := ask(what, question)
	status := "1"
	switch {
	case err != nil:
		status, text = "2", err.Error()
	case yes:
		status = "0"
	}
	// If bash is gone nobody reads it.
	_, _ = fmt.Fprintf(w, "%s %s\n", status, strings.ReplaceAll(text, "\n", " "))
}

// pass copies output up to a limit and says how much it left out.
func pass(out io.Writer, in io.Reader) {
	n, err := io.Copy(out, io.LimitReader(in, maxOutput))
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		// The reader of the output is gone; the phase need not notice.
		_, _ = io.Copy(io.Discard, in)
		return
	}
	if n < maxOutput {
		return
	}
	if rest, _ := io.Copy(io.Discard, in); rest > 0 {
		fmt.Fprintf(out, "\n[%d more bytes of output are not shown]\n", rest)
	}
}
