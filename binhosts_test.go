package portsolve_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg/fetch"
	"github.com/portsolve/portsolve/solver/universe"
)

// requestLog has the paths that a host was asked for, by several connections at once.
type requestLog struct {
	mu    sync.Mutex
	paths []string
}

func (l *requestLog) add(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paths = append(l.paths, path)
}

// taken are the paths since it was called before.
func (l *requestLog) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	paths := l.paths
	l.paths = nil
	return paths
}

// httpHost serves a directory and counts.
func httpHost(t *testing.T) (dir, uri string, requests *requestLog) {
	dir, requests = t.TempDir(), new(requestLog)
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.add(r.URL.Path)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return dir, server.URL, requests
}

// A package of an http binhost: resolved from its index, with its size, fetched and verified, and used from the cache.
func TestHTTPBinhost(t *testing.T) {
	dir, uri, requests := httpHost(t)
	content := "not really a package"
	place(t, dir, "cat/twice-1.gpkg.tar", content)
	index := binaryIndex(fmt.Sprintf("cat/twice-1\nKEYWORDS: amd64\nSIZE: %d\nMD5: %x\nPATH: cat/twice-1.gpkg.tar", len(content), md5.Sum([]byte(content))))
	place(t, dir, "Packages", index)
	f := base().with("etc/portage/binrepos.conf", "[far]\nsync-uri = "+uri+"/\nresumecommand = wget\n")
	system, cache := f.write(t), t.TempDir()
	open := func() *portsolve.System {
		sys, err := portsolve.Open(context.Background(), portsolve.Options{System: system, CacheDir: cache, Env: map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		return sys
	}
	plan := func(sys *portsolve.System) *portsolve.Result {
		res := resolve(t, sys, universe.Options{GetBinPkg: true}, "cat/twice")
		if len(res.Plan) != 1 || !res.Plan[0].Remote || res.Plan[0].Download == nil {
			t.Fatalf("%+v, %q", res.Plan, res.Warnings)
		}
		return res
	}
	sys := open()
	res := plan(sys)
	asked := requests.taken()
	if size := *res.Plan[0].Download; size != int64(len(content)) || !slices.Equal(asked, []string{"/Packages.gz", "/Packages"}) {
		t.Errorf("%d bytes; %q", size, asked)
	}
	if !slices.ContainsFunc(res.Warnings, func(w string) bool { return strings.Contains(w, "resumecommand of binhost far is ignored") }) {
		t.Errorf("%q", res.Warnings)
	}
	var kinds []fetch.EventKind
	paths, err := sys.FetchBinaries(context.Background(), []*metadata.Package{res.Plan[0].Package}, func(e fetch.Event) { kinds = append(kinds, e.Kind) })
	if err != nil || !strings.HasPrefix(paths[0], cache) || !slices.Equal(kinds, []fetch.EventKind{fetch.Started, fetch.Finished}) {
		t.Fatalf("%q, %v, %v", paths, err, kinds)
	}
	if data, err := os.ReadFile(paths[0]); err != nil || string(data) != content {
		t.Errorf("%q, %v", data, err)
	}
	if size := *plan(sys).Plan[0].Download; size != 0 {
		t.Errorf("it is there, and %d bytes are still to be fetched", size)
	}
	// The server loses its index: what is there is used, and said to be old.
	if err := os.Remove(filepath.Join(dir, "Packages")); err != nil {
		t.Fatal(err)
	}
	res = plan(open())
	if !slices.ContainsFunc(res.Warnings, func(w string) bool {
		return strings.Contains(w, "binhost far: "+uri+"/Packages") && strings.Contains(w, "404") && strings.Contains(w, "is used")
	}) {
		t.Errorf("%q", res.Warnings)
	}
	// Without --getbinpkg nobody is asked.
	requests.taken()
	resolve(t, open(), universe.Options{UsePkg: true}, "cat/twice")
	if asked := requests.taken(); len(asked) > 0 {
		t.Errorf("%q", asked)
	}
}

// location and frozen of binrepos.conf; a host that cannot be reached and was never there is left out.
func TestBinhostSettings(t *testing.T) {
	dir, uri, requests := httpHost(t)
	content := "not really a package"
	place(t, dir, "cat/twice-1.gpkg.tar", content)
	place(t, dir, "Packages", binaryIndex(fmt.Sprintf("cat/twice-1\nKEYWORDS: amd64\nSIZE: %d\nMD5: %x\nPATH: cat/twice-1.gpkg.tar", len(content), md5.Sum([]byte(content)))))
	f := base().with("etc/portage/binrepos.conf", "[far]\nsync-uri = "+uri+"\nlocation = /kept\nfrozen = yes\n[wrong]\nsync-uri = "+uri+"/nothing\n[odd]\nsync-uri=/x\nfrozen=perhaps\n")
	system, cache := f.write(t), t.TempDir()
	for range 2 {
		sys, err := portsolve.Open(context.Background(), portsolve.Options{System: system, CacheDir: cache, Env: map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		res := resolve(t, sys, universe.Options{GetBinPkg: true}, "cat/twice")
		warnings := strings.Join(res.Warnings, "\n")
		if !strings.Contains(warnings, "binhost wrong: "+uri+"/nothing/Packages") || !strings.Contains(warnings, "it is left out") ||
			!strings.Contains(warnings, `frozen = "perhaps" is neither true nor false`) {
			t.Errorf("%q", res.Warnings)
		}
		paths, err := sys.FetchBinaries(context.Background(), []*metadata.Package{res.Plan[0].Package}, nil)
		if err != nil || paths[0] != filepath.Join(system, "kept", "cat", "twice-1.gpkg.tar") {
			t.Errorf("%q, %v", paths, err)
		}
	}
	n := 0
	asked := requests.taken()
	for _, r := range asked {
		if r == "/Packages" || r == "/cat/twice-1.gpkg.tar" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("asked again: %q", asked)
	}
}
