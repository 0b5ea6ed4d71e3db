package merge

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/merge/internal/image"
	"github.com/portsolve/portsolve/merge/internal/txn"
)

// prepared is a package that is verified and unpacked to the stage of its transaction.
type prepared struct {
	pkg *binpkg.Verified
	img *image.Image
	tx  *txn.Tx
	err error
}

// size is what its files have, in bytes.
func (p *prepared) size() int64 {
	if p.img == nil {
		return 0
	}
	var n int64
	for i := range p.img.Objects {
		n += p.img.Objects[i].Size
	}
	return n
}

// drop throws it away, with a transaction whose changes were not begun. If that fails
// the next run does it.
func (e *engine) drop(p *prepared) error {
	if p == nil {
		return nil
	}
	var err error
	if p.pkg != nil {
		err = p.pkg.Close()
		p.pkg = nil
	}
	if p.tx != nil && p.tx.State == txn.Open {
		derr := e.store.Discard(cpv(p.tx.Label))
		if derr == nil {
			derr = p.tx.Rollback()
		}
		err = errors.Join(err, derr)
	}
	return err
}

// unpacking prepares the packages of a plan ahead of the goroutine that merges them.
type unpacking struct {
	e       *engine
	cancel  context.CancelFunc
	results []chan *prepared // by step; nil for steps that install nothing
	window  *window
	wait    sync.WaitGroup
	stopped bool
}

// window bounds how much is unpacked and not taken yet: as much as the next group
// (group.go) may take while this one gets onto the disk, and not more, because it
// needs room beside what it replaces.
type window struct {
	least   int // so many packages may always be ahead
	mu      sync.Mutex
	changed chan struct{} // gets something when room was made
	ahead   int
	bytes   int64 // of those that are unpacked
}

func (w *window) add(packages int, bytes int64) {
	w.mu.Lock()
	w.ahead, w.bytes = w.ahead+packages, w.bytes+bytes
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// enter waits for room for one more; false if ctx ended.
func (w *window) enter(ctx context.Context) bool {
	for {
		w.mu.Lock()
		room := w.ahead < w.least || w.ahead < groupPackages && w.bytes < groupBytes
		if room {
			w.ahead++
		}
		w.mu.Unlock()
		if room {
			return ctx.Err() == nil
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			return false
		}
	}
}

// startUnpacking begins. At most Jobs packages are unpacked at once.
func (e *engine) startUnpacking(plan *Plan) *unpacking {
	jobs := e.o.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(e.ctx)
	u := &unpacking{e: e, cancel: cancel, results: make([]chan *prepared, len(plan.Steps)),
		window: &window{least: 2 * jobs, changed: make(chan struct{}, 1)}}
	type job struct{ step, number int }
	queue := make(chan job)
	for i := range plan.Steps {
		if plan.Steps[i].Action == Install {
			u.results[i] = make(chan *prepared, 1)
		}
	}
	first := e.number
	e.number += len(plan.Steps)
	u.wait.Go(func() {
		defer close(queue)
		for i := range plan.Steps {
			if u.results[i] == nil {
				continue
			}
			if !u.window.enter(ctx) {
				return
			}
			queue <- job{i, first + i}
		}
	})
	for range min(jobs, len(plan.Steps)) {
		u.wait.Go(func() {
			for j := range queue {
				p := e.prepare(ctx, &plan.Steps[j.step], j.number)
				u.window.add(0, p.size())
				u.results[j.step] <- p
			}
		})
	}
	return u
}

// take waits for the package of a step; nil if it installs none.
func (u *unpacking) take(step int) *prepared {
	if u.results[step] == nil {
		return nil
	}
	p := <-u.results[step]
	u.window.add(-1, -p.size())
	return p
}

// stop ends the goroutines and throws away what nobody took.
func (u *unpacking) stop() {
	if u.stopped {
		return
	}
	u.stopped = true
	u.cancel()
	u.wait.Wait()
	for _, r := range u.results {
		if r == nil {
			continue
		}
		select {
		case p := <-r:
			_ = u.e.drop(p)
		default:
		}
	}
}

// file is the path of a step's package file.
func (e *engine) file(s *Step) string {
	if filepath.IsAbs(s.File) {
		return s.File
	}
	return filepath.Join(e.target.PkgDir, s.File)
}

// open verifies the package of a step.
func (e *engine) open(ctx context.Context, s *Step) (*binpkg.Verified, error) {
	o := e.o.Verify
	o.Expect, o.BuildID = cpv(s.CPV), s.BuildID
	o.Digests = binpkg.Digests{Size: s.Size, MD5: s.MD5, SHA1: s.SHA1}
	if e.o.Open != nil {
		return e.o.Open(ctx, *s, e.file(s), o)
	}
	return binpkg.OpenVerified(ctx, e.file(s), o)
}

// prepare verifies and unpacks. Nothing of ROOT is changed but the stage.
func (e *engine) prepare(ctx context.Context, s *Step, number int) *prepared {
	p := new(prepared)
	if p.err = ctx.Err(); p.err != nil {
		return p
	}
	if p.pkg, p.err = e.open(ctx, s); p.err != nil {
		return p
	}
	if slot := p.pkg.Package.Slot; s.Slot != "" && s.Slot != slot {
		p.err = fmt.Errorf("%s is of slot %s, but the plan says %s; make the plan again", p.pkg.File.Path, slot, s.Slot)
		return p
	}
	if p.err = e.checkSpace(p.pkg); p.err != nil {
		return p
	}
	r := record{Action: Install, CPV: s.CPV, Slot: p.pkg.Package.Slot}
	if p.tx, p.err = txn.Begin(e.t, e.base, number, s.CPV, r); p.err != nil {
		return p
	}
	dir := p.tx.Stage(imageDir)
	if p.err = e.t.Mkdir(dir, 0o755); p.err != nil {
		return p
	}
	in, err := p.pkg.Image(binpkg.ImageOptions{})
	if err != nil {
		p.err = err
		return p
	}
	defer in.Close()
	p.img, p.err = image.Unpack(ctx, e.t, dir, in, image.Options{Owner: e.privileged, Xattrs: e.feature("xattr")})
	return p
}

// Names in a stage.
const (
	imageDir = "image"
	tempDir  = "temp"
	oldDir   = "old"
	stateDir = "state"
)

// checkSpace compares SIZE of the package with what is free, so that a full disk is
// told before anything is written. The reserve is for metadata and directories.
func (e *engine) checkSpace(p *binpkg.Verified) error {
	size, err := strconv.ParseInt(strings.TrimSpace(string(p.Value("SIZE"))), 10, 64)
	if err != nil || size <= 0 {
		return nil // not known; a full disk is then noticed while unpacking
	}
	dir, err := e.existing(e.base)
	if err != nil {
		return err
	}
	free, err := e.t.Space(dir)
	if err != nil {
		return err
	}
	need := size + size/16 + 256<<10
	if free.Bytes < need {
		return fmt.Errorf("%s needs %s on the file system of %s, and %s are free; make room there",
			p.CPV, bytesText(need), e.t.Path(dir), bytesText(free.Bytes))
	}
	return nil
}

func bytesText(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1<<10-1)>>10)
	}
	return fmt.Sprintf("%d MiB", (n+1<<20-1)>>20)
}
