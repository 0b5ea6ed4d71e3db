package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progressEvery limits how often the progress line is redrawn: often enough to
// look alive, seldom enough to cost nothing.
const progressEvery = 80 * time.Millisecond

// progress draws one line on a terminal while the system is read.
type progress struct {
	mu   sync.Mutex
	out  io.Writer // nil: silent
	last time.Time
	used bool
}

func (inv *invocation) newProgress(cmd *command) *progress {
	p := new(progress)
	if cmd.wantsProgress(isTerminal(inv.stderr)) {
		p.out = inv.stderr
	}
	return p
}

// wantsProgress: nothing but text on a terminal has a progress line.
func (c *command) wantsProgress(terminal bool) bool {
	return terminal && !c.noSpin && !c.options.Quiet && c.format == "text"
}

// report may be called from several goroutines.
func (p *progress) report(stage string, done, total int) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) < progressEvery {
		return
	}
	p.last, p.used = time.Now(), true
	if total > 0 {
		fmt.Fprintf(p.out, "\r\x1b[K%s… %d/%d", stage, done, total)
	} else {
		fmt.Fprintf(p.out, "\r\x1b[K%s…", stage)
	}
}

// clear removes the line before anything else is printed.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.used = false
	}
}

func isTerminal(w io.Writer) bool {
	if demo, ok := w.(*withoutDir); ok {
		w = demo.Writer
	}
	if _, ok := w.(interface{ Columns() int }); ok { // one that is no file
		return true
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
