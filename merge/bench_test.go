package merge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkInstall merges many packages into an empty ROOT and compares the time with
// that of `tar -x` of the same images, both followed by a sync. PORTSOLVE_BENCH is the
// number of packages: 500 have 100,000 files of 1 GB; otherwise it is a fiftieth of that.
//
//	PORTSOLVE_BENCH=500 go test ./merge -run - -bench Install -benchtime 1x
//
// tar-ratio is the time of the merge divided by that of tar, peak-MB the process's
// greatest memory.
func BenchmarkInstall(b *testing.B) {
	packages := 10
	if n, err := strconv.Atoi(os.Getenv("PORTSOLVE_BENCH")); err == nil && n > 0 {
		packages = n
	}
	w := newWorld(b)
	plan := new(Plan)
	for i := range packages {
		p := generated(i, 200, 10_000)
		plan.Steps = append(plan.Steps, Step{Action: Install, CPV: p.cpv, File: p.write(b, w.pkgdir)})
	}
	for b.Loop() {
		tarTime, tarCPU := untar(b, plan)
		root := filepath.Join(b.TempDir(), "root")
		if err := os.Mkdir(root, 0o755); err != nil {
			b.Fatal(err)
		}
		w.root = root
		flush(b)
		start, cpu := time.Now(), cpuTime(syscall.RUSAGE_SELF)
		if _, err := Run(context.Background(), plan, w.target(), Options{}); err != nil {
			b.Fatal(err)
		}
		flush(b)
		took := time.Since(start)
		b.ReportMetric(took.Seconds(), "merge-s")
		b.ReportMetric((cpuTime(syscall.RUSAGE_SELF) - cpu).Seconds(), "merge-cpu-s")
		if tarTime > 0 {
			b.ReportMetric(tarTime.Seconds(), "tar-s")
			b.ReportMetric(tarCPU.Seconds(), "tar-cpu-s")
			b.ReportMetric(took.Seconds()/tarTime.Seconds(), "tar-ratio")
		}
		b.ReportMetric(peak(), "peak-MB")
		if err := os.RemoveAll(root); err != nil {
			b.Fatal(err)
		}
	}
}

// generated makes the n-th package: files of the given number and mean size in a few
// directories, some of which it shares with others, and some links.
func generated(n, files, size int) pack {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789+-=_{}()[];:,.<>"
	text := make([]byte, size*2)
	var b strings.Builder
	b.WriteString("dir usr\ndir usr/bin\ndir usr/lib64\ndir usr/share\n")
	for i := range files {
		for j := range text {
			text[j] = letters[r.IntN(len(letters))]
		}
		dir := [...]string{"usr/bin", "usr/lib64", fmt.Sprintf("usr/share/p%d", n), fmt.Sprintf("usr/share/p%d/d%d", n, i%7)}[i%4]
		if i%20 == 19 {
			fmt.Fprintf(&b, "link %s/l%d-%d f%d\n", dir, n, i, i)
			continue
		}
		fmt.Fprintf(&b, "file %s/f%d-%d %s\n", dir, n, i, text[:1+r.IntN(2*size-1)])
	}
	return pack{cpv: fmt.Sprintf("app-bench/p%d-1", n), files: b.String()}
}

func flush(b *testing.B) {
	if out, err := exec.Command("sync").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}

// untar measures tar; 0 if there is none. An XPAK package begins with its image.
func untar(b *testing.B, plan *Plan) (took, cpu time.Duration) {
	tar, err := exec.LookPath("tar")
	if err != nil {
		return 0, 0
	}
	dir := b.TempDir()
	flush(b)
	start, before := time.Now(), cpuTime(syscall.RUSAGE_CHILDREN)
	for _, s := range plan.Steps {
		if out, err := exec.Command(tar, "-xpf", s.File, "-C", dir).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	flush(b)
	return time.Since(start), cpuTime(syscall.RUSAGE_CHILDREN) - before
}

// cpuTime is the time of processors that a process, or its children, has used.
func cpuTime(who int) time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(who, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// peak is the greatest memory of the process so far in MB, 0 if it is not known.
func peak() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
