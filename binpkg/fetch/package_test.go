package fetch

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portsolve/portsolve/atom/metadata"
)

// TestFaults: whatever the server does, a fetch ends after a bounded number of requests, either with the file or with an
// error that says what is wrong, and nothing unverified has the final name.
func TestFaults(t *testing.T) {
	const size = 200_000
	for _, tt := range []struct {
		name     string
		faults   []string
		requests int    // made
		want     string // of the error; "" is success
	}{
		{"well", nil, 1, ""},
		{"cut", []string{"cut 70000"}, 2, ""},
		{"cut again and again", []string{"cut 70000", "cut 100", "cut 150000", "cut 20"}, 4, "connection broke"},
		{"short", []string{"short 1000"}, 1, "the server's file has 1000 bytes, but the index says 200000"},
		{"without length", []string{"unsized 5000"}, 2, ""},
		{"too long", []string{"long 50"}, 1, "more than the 200000 bytes"},
		{"lies, more", []string{"lies 900000"}, 1, "the server's file has 900000 bytes"},
		{"404", []string{"status 404"}, 1, "404 Not Found"},
		{"403", []string{"status 403"}, 1, "403 Forbidden"},
		{"500", []string{"status 500", "status 502"}, 3, ""},
		{"500 for ever", []string{"status 500", "status 500", "status 500", "status 500", "status 500"}, 4, "500 Internal Server Error (after 4 attempts)"},
		{"busy", []string{"busy 1"}, 2, ""},
		{"stall", []string{"stall 3000"}, 2, ""},
		{"stall at once", []string{"stall 0", "stall 0"}, 3, ""},
		{"hang up", []string{"hangup", "hangup"}, 3, ""},
		{"another content", []string{"flip 7"}, 2, ""},
		{"another content for ever", []string{"flip 7", "flip 8", "flip 9", "flip 10"}, 4, "MD5"},
		{"another part", []string{"cut 1000", "range"}, 3, ""},
		{"no ranges", []string{"cut 1000", "norange"}, 2, ""},
		{"not modified", []string{"unmodified"}, 1, "nothing is here yet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			p := s.pkg("cat/app-1", size)
			s.change(func() { s.faults["/cat/app-1.gpkg.tar"] = tt.faults })
			dir := t.TempDir()
			var last Event
			paths, err := fetcher(t, dir, func(e Event) { last = e }).Packages(t.Context(), p)
			if len(s.asked()) != tt.requests {
				t.Errorf("requests: %q, want %d", s.asked(), tt.requests)
			}
			if tt.want != "" {
				var e *Error
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), p.File) {
					t.Errorf("%v, want %q", err, tt.want)
				}
				if !errors.As(err, &e) || paths[0] != "" || len(finals(t, dir)) > 0 {
					t.Errorf("%T, path %q, files %q", err, paths[0], finals(t, dir))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(paths[0])
			if err != nil || !bytes.Equal(data, s.files["/cat/app-1.gpkg.tar"]) || last.Kind != Finished {
				t.Errorf("%d bytes, %v; last event %+v", len(data), err, last)
			}
		})
	}
}

// A broken download goes on where it ended, also in another process; what is there already is not fetched again, and not
// believed when the index has changed.
func TestResume(t *testing.T) {
	s := newServer(t)
	p := s.pkg("cat/app-1", 100_000)
	path := "/cat/app-1.gpkg.tar"
	dir := t.TempDir()
	s.change(func() { s.faults[path] = []string{"cut 40000", "status 500", "status 500", "status 500"} })
	if _, err := fetcher(t, dir, nil).Packages(t.Context(), p); err == nil {
		t.Fatal("no error")
	}
	s.change(func() { s.requests = nil })
	paths, err := fetcher(t, dir, nil).Packages(t.Context(), p)
	if err != nil || !slices.Equal(s.asked(), []string{path + " bytes=40000-"}) {
		t.Fatalf("%q, %v", s.asked(), err)
	}
	var cached Event
	again, err := fetcher(t, dir, func(e Event) { cached = e }).Packages(t.Context(), p)
	if err != nil || len(s.asked()) != 1 || again[0] != paths[0] || cached.Kind != Cached {
		t.Errorf("%q, %v, %+v", s.asked(), err, cached)
	}
	other := s.pkg("cat/app-1", 100_001)
	if paths, err = fetcher(t, dir, nil).Packages(t.Context(), other); err != nil || len(s.asked()) != 2 {
		t.Errorf("%q, %v", s.asked(), err)
	}
	if st, err := os.Stat(paths[0]); err != nil || st.Size() != 100_001 {
		t.Errorf("%v, %v", st, err)
	}
	// The beginning that is there belongs to another file: noticed at the end, and fetched anew.
	if err := os.Rename(paths[0], paths[0]+partSuffix); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(paths[0]+partSuffix, []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := fetcher(t, dir, nil).Packages(t.Context(), other); err != nil || len(s.asked()) != 4 {
		t.Errorf("%q, %v", s.asked(), err)
	}
}

// Several packages at once: one that fails does not keep the others from coming, and two fetchers share the work.
func TestManyAtOnce(t *testing.T) {
	s := newServer(t)
	var pkgs []*metadata.Package
	for _, name := range []string{"a/a-1", "a/b-1", "a/c-1", "a/d-1", "a/e-1", "a/f-1", "a/g-1"} {
		pkgs = append(pkgs, s.pkg(name, 50_000))
	}
	s.change(func() { s.faults["/a/c-1.gpkg.tar"] = []string{"status 404", "status 404"} })
	dir := t.TempDir()
	var wait sync.WaitGroup
	for range 2 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			paths, err := fetcher(t, dir, nil).Packages(t.Context(), pkgs...)
			for i, path := range paths {
				if (path == "") != (i == 2) {
					t.Errorf("%s: %q", pkgs[i].CPV, path)
				}
			}
			if err == nil || !strings.Contains(err.Error(), "c-1.gpkg.tar: the server answers 404") {
				t.Error(err)
			}
		}()
	}
	wait.Wait()
	if len(s.asked()) != len(pkgs)+1 || len(finals(t, dir)) != len(pkgs)-1 {
		t.Errorf("%q", s.asked())
	}
}

func TestCancel(t *testing.T) {
	s := newServer(t)
	p := s.pkg("cat/app-1", 100_000)
	s.change(func() { s.faults["/cat/app-1.gpkg.tar"] = []string{"stall 100"} })
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	f, err := New(Options{Dir: dir, Report: func(e Event) {
		if e.Kind == Started {
			time.AfterFunc(20*time.Millisecond, cancel)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Packages(ctx, p); !errors.Is(err, context.Canceled) || len(finals(t, dir)) > 0 {
		t.Errorf("%v, %q", err, finals(t, dir))
	}
}

// What means something in a URL is only a character of a name.
func TestOddNames(t *testing.T) {
	s := newServer(t)
	for _, odd := range []string{"a/x#1-2.gpkg.tar", "a/x?y=1-2.gpkg.tar", "a/x%41-2.gpkg.tar", "a/x y-2.gpkg.tar", "a/gtk+-2.gpkg.tar"} {
		p := s.pkg("cat/app-1", 300)
		s.change(func() { s.files["/"+odd] = s.files["/cat/app-1.gpkg.tar"] })
		p.Raw["PATH"], p.File = odd, s.URL+"/"+odd
		if paths, err := fetcher(t, t.TempDir(), nil).Packages(t.Context(), p); err != nil || !strings.HasSuffix(paths[0], odd) {
			t.Errorf("%s: %v", odd, err)
		}
	}
}

// A server that redirects is followed, but not from https to http.
func TestRedirects(t *testing.T) {
	s := newServer(t)
	p := s.pkg("cat/app-1", 300)
	front := httptest.NewServer(http.RedirectHandler(p.File, http.StatusFound))
	defer front.Close()
	p.File = front.URL + "/" + p.Raw["PATH"]
	if _, err := fetcher(t, t.TempDir(), nil).Packages(t.Context(), p); err != nil {
		t.Error(err)
	}
	secure := httptest.NewTLSServer(http.RedirectHandler(s.URL, http.StatusFound))
	defer secure.Close()
	p.File = secure.URL + "/" + p.Raw["PATH"]
	f := fetcher(t, t.TempDir(), nil)
	client := secure.Client()
	client.CheckRedirect = checkRedirect
	f.o.Client = client
	var e *Error
	if _, err := f.Packages(t.Context(), p); !errors.As(err, &e) || e.Attempts != 1 || !strings.Contains(err.Error(), "from https to http://") {
		t.Error(err)
	}
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 5-9/10", "bytes 0-0/*", "bytes */10", "items 1-2/3", "bytes -1-5/6"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if start, whole, ok := contentRange(s); ok && (start < 0 || whole < -1) {
			t.Errorf("%q: %d of %d", s, start, whole)
		}
	})
}

// Names that would lead out of the cache, and packages that nothing verifies, are refused before anything is asked for.
func TestRefused(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	for want, change := range map[string]func(p *metadata.Package){
		"does not lead to a file":  func(p *metadata.Package) { p.Raw["PATH"] = "../../x.gpkg.tar"; p.File = s.URL + "/../../x.gpkg.tar" },
		"is no name for a package": func(p *metadata.Package) { p.Raw["PATH"] = ".index/Packages"; p.File = s.URL + "/.index/Packages" },
		"could not be verified": func(p *metadata.Package) {
			p.Raw["PATH"], p.File = "x.tbz2", s.URL+"/x.tbz2"
			delete(p.Raw, "MD5")
			delete(p.Raw, "SHA1")
		},
		"ftp is not supported": func(p *metadata.Package) { p.File = "ftp://user:secret@host/x.gpkg.tar" },
	} {
		p := s.pkg("cat/app-1", 100)
		change(p)
		if _, err := fetcher(t, dir, nil).Packages(t.Context(), p); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// Without a checksum in the index the Manifest of the package itself has to hold.
	p := s.pkg("cat/app-1", 100)
	delete(p.Raw, "MD5")
	delete(p.Raw, "SHA1")
	if _, err := fetcher(t, dir, nil).Packages(t.Context(), p); err == nil || len(finals(t, dir)) > 0 {
		t.Errorf("%v, %q", err, finals(t, dir))
	}
	if _, err := New(Options{Dir: "relative"}); err == nil {
		t.Error("a relative cache directory was accepted")
	}
}
