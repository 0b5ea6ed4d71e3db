package cli

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/portsolve/portsolve/binpkg/fetch"
)

// fakeTerminal keeps what a terminal would show.
type fakeTerminal struct {
	mu    sync.Mutex
	all   bytes.Buffer
	lines []string
	at    int // the line of the cursor, which is at its begin or end
}

// Columns makes it a terminal.
func (f *fakeTerminal) Columns() int { return 80 }

var escape = regexp.MustCompile(`^\x1b\[(\d*)([A-Za-z])`)

func (f *fakeTerminal) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all.Write(p)
	for text := string(p); text != ""; {
		for len(f.lines) <= f.at {
			f.lines = append(f.lines, "")
		}
		if m := escape.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[1])
			switch m[2] {
			case "A":
				f.at = max(f.at-max(n, 1), 0)
			case "J":
				f.lines = append(f.lines[:f.at], "")
			case "K":
				f.lines[f.at] = ""
			}
			text = text[len(m[0]):]
			continue
		}
		switch text[0] {
		case '\n':
			f.at++
		case '\r':
		default:
			f.lines[f.at] += text[:1]
		}
		text = text[1:]
	}
	return len(p), nil
}

// screen is what is to be seen.
func (f *fakeTerminal) screen() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.TrimRight(strings.Join(f.lines, "\n"), "\n") + "\n"
}

// await waits until the screen shows something.
func (f *fakeTerminal) await(t *testing.T, want string) {
	t.Helper()
	re := regexp.MustCompile(want)
	for range 500 {
		if re.MatchString(f.screen()) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the screen never shows %q, but\n%s", want, f.screen())
}

// On a terminal there are bars below the lines while something comes, and none afterwards.
func TestDownloadBars(t *testing.T) {
	term := &fakeTerminal{}
	inv := &invocation{env: map[string]string{}, stderr: term}
	d := inv.newDownloads(&command{format: "text"}, 3, 6<<20)
	d.report(fetch.Event{Kind: fetch.Started, Name: "a/b-1", Total: 4 << 20})
	d.report(fetch.Event{Kind: fetch.Started, Name: "a/c-1", Total: 1 << 20})
	d.report(fetch.Event{Kind: fetch.Progress, Name: "a/b-1", Done: 3 << 20, Total: 4 << 20})
	term.await(t, `(?m)^a/b-1 \[=+>-+\] 3\.0 MiB / 4\.0 MiB`)
	term.await(t, `(?m)^a/c-1 \[-+\] 0`)
	term.await(t, `(?m)^0 of 3 packages \[=+>-+\] 3\.0 MiB / 6\.0 MiB`)
	d.report(fetch.Event{Kind: fetch.Retrying, Name: "a/c-1", Total: 1 << 20, Attempt: 1, Err: errors.New("the connection broke"), Pause: time.Second})
	d.report(fetch.Event{Kind: fetch.Finished, Name: "a/b-1", Done: 4 << 20, Total: 4 << 20})
	d.report(fetch.Event{Kind: fetch.Cached, Name: "a/d-1", Done: 1 << 20, Total: 1 << 20})
	const lines = "portsolve: a/c-1: the connection broke; trying again in 1s\n>>> Fetched a/b-1\n"
	term.await(t, `(?s)^`+regexp.QuoteMeta(lines)+`a/c-1 .*\n2 of 3 packages `)
	if strings.Contains(term.screen(), "a/b-1 [") {
		t.Errorf("the bar of what has come is still there:\n%s", term.screen())
	}
	d.close()
	if got := term.screen(); got != lines {
		t.Errorf("after all there is\n%q, not\n%q", got, lines)
	}
}

// Who does not want them, or cannot show them, gets lines.
func TestDownloadLines(t *testing.T) {
	for _, c := range []struct {
		name string
		cmd  command
		env  map[string]string
	}{
		{"--nospinner", command{format: "text", noSpin: true}, nil},
		{"--format=json", command{format: "json"}, nil},
		{"NOCOLOR", command{format: "text"}, map[string]string{"NOCOLOR": "true"}},
		{"NO_COLOR", command{format: "text"}, map[string]string{"NO_COLOR": "1"}},
		{"TERM=dumb", command{format: "text"}, map[string]string{"TERM": "dumb"}},
		{"--quiet", quiet(), nil},
	} {
		term := &fakeTerminal{}
		inv := &invocation{env: c.env, stderr: term}
		d := inv.newDownloads(&c.cmd, 1, 100)
		d.report(fetch.Event{Kind: fetch.Started, Name: "a/b-1", Total: 100})
		d.report(fetch.Event{Kind: fetch.Progress, Name: "a/b-1", Done: 50, Total: 100})
		time.Sleep(progressEvery)
		d.report(fetch.Event{Kind: fetch.Finished, Name: "a/b-1", Done: 100, Total: 100})
		d.close()
		if got := term.all.String(); got != ">>> Fetched a/b-1\n" {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func quiet() command {
	c := command{format: "text"}
	c.options.Quiet = true
	return c
}

// The command itself, with a pseudo-terminal for standard error: what it says on standard output has no bar in it, the
// question comes before the first bar, and the last thing on the terminal is no bar.
func TestMergeOnTerminal(t *testing.T) {
	if _, err := exec.LookPath("portsolve"); err != nil {
		t.Skip("the command cannot be started as a process of its own:", err)
	}
	served := t.TempDir()
	makeTool(t, served)
	host := &slowHost{bytes: map[string]int{}}
	serve := host.serve(served)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".gpkg.tar") {
			time.Sleep(3 * progressEvery) // long enough to be seen
		}
		serve(w, r)
	}))
	defer server.Close()
	dir := tinyWorld(t, "file etc/portage/binrepos.conf [far] sync-uri="+server.URL)
	emptyRoot(t, dir)
	master, slave := pseudoTerminal(t)
	cmd := exec.CommandContext(t.Context(), "portsolve", "merge", "--system", dir, "--cache-dir", t.TempDir(), "-aG", "app-misc/tool")
	cmd.Env = append(atRoot[:], "PATH="+os.Getenv("PATH"), "TERM=xterm")
	var stdout bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("yes\n"), &stdout, slave
	shown := &fakeTerminal{}
	done := make(chan bool)
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			_, _ = shown.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	err := cmd.Run()
	slave.Close()
	<-done
	if err != nil || !strings.Contains(stdout.String(), ">>> Packages: 2 merged.") || strings.ContainsAny(stdout.String(), "\x1b\r") {
		t.Errorf("%v\n%q\n%s", err, stdout.String(), shown.screen())
	}
	if all := shown.all.String(); !strings.Contains(all, "app-misc/tool-2-1 [") || !strings.Contains(all, "of 2 packages [") {
		t.Errorf("there was no bar: %q", all)
	}
	if got := shown.screen(); strings.Contains(got, "[") || strings.Count(got, ">>> Fetched app-misc/") != 2 {
		t.Errorf("in the end there is\n%s", got)
	}
}

// pseudoTerminal opens both ends of one (pty(7)).
func pseudoTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals here:", err)
	}
	master = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { master.Close() })
	err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	n := 0
	if err == nil {
		n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
	}
	if err == nil {
		slave, err = os.OpenFile(filepath.Join("/dev/pts", fmt.Sprint(n)), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err != nil {
		t.Skip("there are no pseudo-terminals here:", err)
	}
	return master, slave
}
