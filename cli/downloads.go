package cli

import (
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/portsolve/portsolve/binpkg/fetch"
)

// downloads shows how downloads go: a line for each package that has come or is tried again, and on a terminal a bar for
// each that is on its way, below the lines, and one for all of them. close takes the bars away before anything else is said.
type downloads struct {
	mu    sync.Mutex
	out   io.Writer
	bars  *mpb.Progress // nil: lines only
	one   map[string]*mpb.Bar
	all   *mpb.Bar
	there map[string]int64 // by name: bytes of what has begun
	ended atomic.Int64     // read by the bars' goroutine, which must not wait for mu
	count int
	total int64 // bytes of all, as far as their index says
}

// newDownloads is for count packages of total bytes. Nothing appears before the first of them is asked for.
func (inv *invocation) newDownloads(cmd *command, count int, total int64) *downloads {
	d := &downloads{out: inv.stderr, one: map[string]*mpb.Bar{}, there: map[string]int64{}, count: count, total: total}
	if count > 0 && cmd.wantsBars(isTerminal(inv.stderr), inv.env) {
		d.draw(inv.stderr)
	}
	return d
}

// wantsBars: what cannot move the cursor, or is not to be disturbed, gets plain lines.
func (c *command) wantsBars(terminal bool, env map[string]string) bool {
	return c.wantsProgress(terminal) && env["TERM"] != "dumb" && !noColor(env)
}

func (d *downloads) draw(out io.Writer) {
	o := []mpb.ContainerOption{mpb.WithOutput(out), mpb.WithAutoRefresh(), mpb.WithRefreshRate(progressEvery)}
	if f, ok := out.(interface{ Columns() int }); ok { // a terminal that is no file
		o = append(o, mpb.WithWidth(f.Columns()))
	}
	d.bars = mpb.New(o...)
	d.out = d.bars // lines go above the bars
}

// report implements fetch.Options.Report.
func (d *downloads) report(e fetch.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case fetch.Retrying:
		fmt.Fprintf(d.out, "portsolve: %s: %v; trying again in %v\n", e.Name, e.Err, e.Pause.Round(100*time.Millisecond))
	case fetch.Elsewhere:
		fmt.Fprintf(d.out, "portsolve: %s is kept in the cache: %v\n", e.Name, e.Err)
	case fetch.Finished:
		fmt.Fprintf(d.out, ">>> Fetched %s\n", e.Name)
	}
	if e.Done >= 0 {
		d.there[e.Name] = e.Done
	}
	ends := e.Kind == fetch.Finished || e.Kind == fetch.Cached || e.Kind == fetch.Failed // an error has its own words
	if ends {
		d.ended.Add(1)
	}
	if d.bars != nil && e.Kind != fetch.Elsewhere {
		d.move(e, ends)
	}
}

// move brings the bars up to date.
func (d *downloads) move(e fetch.Event, ends bool) {
	if d.all == nil {
		name := decor.Any(func(decor.Statistics) string {
			return fmt.Sprintf("%d of %d packages", d.ended.Load(), d.count)
		})
		d.all = d.bar(d.total, math.MaxInt32, name)
	}
	bar := d.one[e.Name]
	if bar == nil && !ends {
		bar = d.bar(max(e.Total, 0), len(d.there), decor.Name(e.Name))
		d.one[e.Name] = bar
	}
	switch {
	case bar == nil:
	case ends:
		bar.Abort(true)
		delete(d.one, e.Name)
	default:
		if e.Total > 0 {
			bar.SetTotal(e.Total, false)
		}
		bar.SetCurrent(unfinished(e.Done, e.Total))
	}
	var done int64
	for _, n := range d.there {
		done += n
	}
	d.all.SetCurrent(unfinished(done, d.total))
}

// unfinished is how far a bar may go: one that is full is done for mpb, but what has come is still to be verified, and may
// have to come again.
func unfinished(done, total int64) int64 { return max(min(done, total-1), 0) }

func (d *downloads) bar(total int64, priority int, name decor.Decorator) *mpb.Bar {
	return d.bars.AddBar(total, mpb.BarPriority(priority), mpb.PrependDecorators(name),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f"), decor.AverageSpeed(decor.SizeB1024(0), "  % .1f")))
}

// close removes the bars, and waits until they are gone.
func (d *downloads) close() {
	d.mu.Lock()
	bars := d.bars
	d.bars = nil
	for _, b := range d.one {
		b.Abort(true)
	}
	if d.all != nil {
		d.all.Abort(true)
	}
	d.mu.Unlock()
	if bars != nil {
		bars.Wait()
	}
}
