package cli

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowHost is a binhost whose packages come in pieces.
type slowHost struct {
	mu    sync.Mutex
	bytes map[string]int // sent, by path
	half  func()         // called once half of a package is out
}

func (h *slowHost) serve(dir string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".gpkg.tar") {
			http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
			return
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.Clean("/"+r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		from := 0
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil && from < len(text) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(text)-1, len(text)))
			w.WriteHeader(http.StatusPartialContent)
		}
		for piece := range slices.Chunk(text[from:], 32<<10) {
			if _, err := w.Write(piece); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			h.mu.Lock()
			h.bytes[r.URL.Path] += len(piece)
			if h.bytes[r.URL.Path] > len(text)/2 && h.half != nil {
				h.half()
			}
			h.mu.Unlock()
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// Two processes with one cache, one of them killed in the middle of a download: the other one goes on where it was, and no
// byte is fetched twice.
func TestTwoDownloads(t *testing.T) {
	if _, err := exec.LookPath("portsolve"); err != nil {
		t.Skip("the command cannot be started as a process of its own:", err)
	}
	served, cache := t.TempDir(), t.TempDir()
	makeTool(t, served)
	image := t.TempDir()
	noise := make([]byte, 1<<20) // which no compression makes smaller
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(noise); i++ {
		noise[i] = byte(r.Uint32())
	}
	check(t, os.WriteFile(filepath.Join(image, "noise"), noise, 0o644))
	check(t, makePackage(served, "app-misc/noise-1", image, "", nil))
	for _, kill := range []bool{false, true} {
		check(t, os.RemoveAll(cache))
		host := &slowHost{bytes: map[string]int{}}
		server := httptest.NewUnstartedServer(host.serve(served))
		server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			_ = c.(*net.TCPConn).SetWriteBuffer(32 << 10) // little is on the way, however slow the other side is
			return ctx
		}
		server.Start()
		dir := tinyWorld(t, "file etc/portage/binrepos.conf [far] sync-uri="+server.URL)
		var procs []*exec.Cmd
		var errs [2]bytes.Buffer
		for i, root := range []string{"mnt/one", "mnt/two"} {
			check(t, os.MkdirAll(filepath.Join(dir, root), 0o755))
			cmd := exec.CommandContext(t.Context(), "portsolve", "merge", "--system", dir, "--cache-dir", cache, "-G", "app-misc/noise", "app-misc/tool")
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GORACE=" + noExitSleep, "ROOT=/" + root}
			cmd.Stderr = &errs[i]
			procs = append(procs, cmd)
		}
		check(t, procs[0].Start())
		if kill {
			var killed = make(chan bool)
			host.mu.Lock()
			host.half = sync.OnceFunc(func() { _ = procs[0].Process.Kill(); close(killed) })
			host.mu.Unlock()
			<-killed
		}
		check(t, procs[1].Start())
		for i, p := range procs {
			if err := p.Wait(); (err != nil) != (kill && i == 0) {
				t.Errorf("process %d, kill %v: %v\n%s", i+1, kill, err, &errs[i])
			}
		}
		server.Close()
		if got, err := os.ReadFile(filepath.Join(dir, "mnt/two/noise")); !bytes.Equal(got, noise) {
			t.Errorf("what was merged has %d bytes (%v)", len(got), err)
		}
		for name, n := range host.bytes {
			st, err := os.Stat(filepath.Join(served, name))
			check(t, err)
			if over := int64(n) - st.Size(); over > 0 && !kill || over > 256<<10 { // what was on the way to the killed one
				t.Errorf("kill %v: %d bytes of %s were sent, which has %d", kill, n, name, st.Size())
			}
		}
		check(t, filepath.WalkDir(cache, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".part") {
				t.Errorf("kill %v: %s was left", kill, path)
			}
			return err
		}))
	}
}
