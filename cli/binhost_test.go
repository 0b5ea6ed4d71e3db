package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCacheDir: what an http binhost sends is kept where --cache-dir says.
func TestCacheDir(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir(t.TempDir())))
	uri := server.URL
	server.Close() // so that its port refuses
	dir := tinyWorld(t, "repo a/b-1\nfile etc/portage/binrepos.conf [far] sync-uri="+uri)
	cache := t.TempDir()
	stdout, stderr, code := say(t, dir, nil, "resolve", "--system", dir, "-g", "--cache-dir", cache, "a/b")
	if code != 0 || !containsAll(stdout, "[ebuild  N     ] a/b-1", "binhost far: "+uri+"/Packages.gz: ", "refused", "it is left out") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	served := t.TempDir()
	if err := os.WriteFile(filepath.Join(served, "Packages"), []byte("PACKAGES: 1\nVERSION: 0\n\nCPV: a/b-1\nEAPI: 8\nKEYWORDS: amd64\nSIZE: 5000\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	server = httptest.NewServer(http.FileServer(http.Dir(served)))
	defer server.Close()
	dir = tinyWorld(t, "repo a/b-1\nfile etc/portage/make.conf PORTAGE_BINHOST="+server.URL)
	stdout, stderr, code = say(t, dir, nil, "resolve", "--system", dir, "-gv", "--cache-dir", cache, "a/b")
	if code != 0 || !containsAll(stdout, "[binary  N     ] a/b-1  5 KiB", "Size of downloads: 5 KiB") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if found, err := filepath.Glob(filepath.Join(cache, "binhost", "127.0.0.1-*", ".index", "Packages")); err != nil || len(found) != 1 {
		t.Errorf("%q, %v", found, err)
	}
}

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
