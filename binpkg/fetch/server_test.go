package fetch

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
)

// server is a binhost on loopback that can be told to misbehave.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	// faults are what happens to the next requests for a file, in order; "" is a proper answer.
	faults   map[string][]string
	requests []string // "GET /path Range"
	etag     string   // fixed for all files, if not ""
	modified time.Time
}

func newServer(t *testing.T) *server {
	s := &server{files: map[string][]byte{}, faults: map[string][]string{}, modified: time.Unix(1e9, 0)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	return s
}

// asked is what was asked for so far.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// change changes the server between requests.
func (s *server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *server) next(r *http.Request) (data []byte, there bool, fault, tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")))
	data, there = s.files[r.URL.Path]
	if f := s.faults[r.URL.Path]; len(f) > 0 {
		fault, s.faults[r.URL.Path] = f[0], f[1:]
	}
	if tag = s.etag; tag == "" {
		sum := sha1.Sum(data)
		tag = `"` + hex.EncodeToString(sum[:8]) + `"`
	}
	return data, there, fault, tag
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, there, fault, tag := s.next(r)
	if !there {
		http.NotFound(w, r)
		return
	}
	kind, arg, _ := strings.Cut(fault, " ")
	n, _ := strconv.Atoi(arg)
	hijacked := func(header string, body []byte) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nConnection: close\r\n%s\r\n", header)
		buf.Write(body)
		buf.Flush()
	}
	switch kind {
	case "status":
		w.WriteHeader(n)
	case "busy":
		w.Header().Set("Retry-After", arg)
		w.WriteHeader(http.StatusServiceUnavailable)
	case "cut": // the connection ends early
		hijacked(fmt.Sprintf("Content-Length: %d\r\nETag: %s\r\n", len(data), tag), data[:n])
	case "short": // a whole answer, of less than it should be
		hijacked(fmt.Sprintf("Content-Length: %d\r\n", n), data[:n])
	case "unsized": // no length, and the end is missing
		hijacked("", data[:n])
	case "long":
		hijacked("", append(bytes.Clone(data), make([]byte, n)...))
	case "lies": // about the size
		hijacked(fmt.Sprintf("Content-Length: %d\r\n", n), data)
	case "stall":
		hijackAndWait(w, r, len(data), data[:n])
	case "flip": // the right size, another content
		bad := bytes.Clone(data)
		bad[n] ^= 1
		w.Write(bad)
	case "range": // another part than was asked for
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data)
	case "norange":
		w.Write(data)
	case "hangup":
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
	case "unmodified":
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", s.modified, bytes.NewReader(data))
	}
}

func hijackAndWait(w http.ResponseWriter, r *http.Request, size int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.Write(body)
	w.(http.Flusher).Flush()
	select {
	case <-r.Context().Done():
	case <-time.After(10 * time.Second):
	}
}

// pkg publishes a package with random-looking content and returns it as an index would describe it.
func (s *server) pkg(cpv string, size int) *metadata.Package {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i*i>>3 ^ i)
	}
	path := cpv + ".gpkg.tar"
	s.change(func() { s.files["/"+path] = data })
	sum5, sum1 := md5.Sum(data), sha1.Sum(data)
	c, err := atom.ParseCPV(cpv)
	if err != nil {
		panic(err)
	}
	p := metadata.FromVars(c, metadata.Binary, map[string]string{
		"EAPI": "8", "SLOT": "0", "PATH": path, "SIZE": strconv.Itoa(size),
		"MD5": hex.EncodeToString(sum5[:]), "SHA1": hex.EncodeToString(sum1[:]),
	})
	p.Remote, p.Binhost, p.File = true, "test", s.URL+"/"+path
	return p
}

// fetcher has no patience: tests are fast.
func fetcher(t *testing.T, dir string, report func(Event)) *Fetcher {
	t.Helper()
	f, err := New(Options{Dir: dir, Attempts: 4, Backoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, Stall: 150 * time.Millisecond, Report: report})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// finals lists the files with final names below a cache directory.
func finals(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, partSuffix) {
			out = append(out, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return out
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}
