package cli

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestBinpkgFetch: the best package of an atom comes into the cache once; what is not to be had is named, and the rest comes.
func TestBinpkgFetch(t *testing.T) {
	served, cache := t.TempDir(), t.TempDir()
	var requests atomic.Int32
	files := http.FileServer(http.Dir(served))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".gpkg.tar") {
			requests.Add(1)
		}
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	content := "not really a package"
	index := "PACKAGES: 4\nVERSION: 0\n\n"
	for _, cpv := range []string{"a/b-1", "a/b-2", "a/gone-1"} {
		index += fmt.Sprintf("CPV: %s\nEAPI: 8\nKEYWORDS: amd64\nPATH: %s.gpkg.tar\nSIZE: %d\nMD5: %x\n\n", cpv, cpv, len(content), md5.Sum([]byte(content)))
	}
	index += "CPV: a/masked-1\nEAPI: 8\nKEYWORDS: ~amd64\n\n"
	for name, text := range map[string]string{"Packages": index, "a/b-1.gpkg.tar": content, "a/b-2.gpkg.tar": content} {
		path := filepath.Join(served, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir := tinyWorld(t, "repo a/b-1\nfile etc/portage/make.conf PORTAGE_BINHOST="+server.URL)
	run := func(args ...string) (string, string, int) {
		return say(t, dir, nil, append([]string{"binpkg", "fetch", "--system", dir, "--cache-dir", cache}, args...)...)
	}
	stdout, stderr, code := run("a/b", "a/gone", "a/masked", "a/none")
	if code != 1 || !strings.HasSuffix(strings.TrimSpace(stdout), "/a/b-2.gpkg.tar") || strings.Count(stdout, "\n") != 1 {
		t.Errorf("exit %d: %s", code, stdout)
	}
	for _, want := range []string{">>> Fetched a/b-2\n", "a/gone-1.gpkg.tar: the server answers 404", "a/masked: a/masked-1 keyword ~amd64 is not accepted", "a/none: there is no binary package"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in %s", want, stderr)
		}
	}
	stdout, stderr, code = run("--json", "=a/b-2")
	var out fetchedPackages
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || code != 0 || len(out.Packages) != 1 || out.Packages[0].Size != int64(len(content)) {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests for packages", n)
	}
	if _, _, code := run(); code != 2 {
		t.Errorf("without an atom: exit %d", code)
	}
}
