// Package fetch gets indexes and packages of binhosts over http and https into a cache directory that
// several processes can share (docs/binpkg.md, "Downloads").
//
// What has a final name in the cache has been verified: an index was read to its end, a package has the size and the
// checksums that its index says. Everything else has a name that ends in ".part".
package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
)

// Options of New. The zero value of each field but Dir is its default.
type Options struct {
	// Dir is the cache directory; it is made when it is needed.
	Dir string
	// Client makes the requests; by default one that follows the environment's proxies and gives up
	// a connection after 10 s and an answer's header after Stall.
	Client *http.Client
	// Attempts is how often one file is tried before giving up; 5.
	Attempts int
	// Backoff is the pause before the second attempt; it doubles each time up to MaxBackoff. 1 s and 30 s.
	Backoff, MaxBackoff time.Duration
	// Stall is how long a connection may be silent; 30 s.
	Stall time.Duration
	// Places says where packages of a binhost, by its URI, are kept instead of a directory of its own below Dir, or of one
	// that is a directory of this machine, where that is. What cannot
	// be written there goes below Dir, and Elsewhere tells why.
	Places map[string]string
	// Own is a directory, that of packages built here (PKGDIR), in which no file is replaced by one that was fetched: if a
	// place is there, another package of the same name goes below Dir.
	Own string
	// Parallel is how many packages are fetched at the same time; 4.
	Parallel int
	// Report, if not nil, is told what happens. It is called by one goroutine at a time.
	Report func(Event)
	// Now is the clock; time.Now.
	Now func() time.Time
}

// Fetcher fetches. It is safe for concurrent use.
type Fetcher struct {
	o  Options
	mu sync.Mutex // of Report
}

// New prepares a fetcher. The error is about Dir, which must be an absolute path.
func New(o Options) (*Fetcher, error) {
	if !filepath.IsAbs(o.Dir) {
		return nil, fmt.Errorf("the cache directory %q is not an absolute path", o.Dir)
	}
	setDefault(&o.Attempts, 5)
	setDefault(&o.Backoff, time.Second)
	setDefault(&o.MaxBackoff, 30*time.Second)
	setDefault(&o.Stall, 30*time.Second)
	setDefault(&o.Parallel, 4)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   30 * time.Second,
			ResponseHeaderTimeout: o.Stall,
			MaxIdleConnsPerHost:   o.Parallel,
			ForceAttemptHTTP2:     true,
			DisableCompression:    true, // sizes and ranges are those of the file
		}, CheckRedirect: checkRedirect}
	}
	return &Fetcher{o: o}, nil
}

// checkRedirect keeps what was asked for over https from coming over http.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return permanent{errors.New("the server sends us in circles")}
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return permanent{fmt.Errorf("the server sends us from https to %s", req.URL.Redacted())}
	}
	return nil
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Event is one step of a download.
type Event struct {
	Kind EventKind
	Name string // of the package or index
	URL  string // without a password
	// Done and Total are bytes of the file that are there and that it has; Total is -1 while unknown.
	Done, Total int64
	Attempt     int           // from 1
	Err         error         // of Retrying and Failed
	Pause       time.Duration // of Retrying: before the next attempt
}

// EventKind is what happened.
type EventKind uint8

// Kinds of events. Each file ends with Finished, Cached or Failed.
const (
	Started   EventKind = iota // an attempt begins; Done is what is there of an earlier one
	Progress                   // more bytes came
	Retrying                   // an attempt failed, another one follows
	Finished                   // verified, under its final name
	Cached                     // was there already
	Failed                     // no further attempt
	Elsewhere                  // it is not kept at its binhost's place, but below Options.Dir: Err; more events follow
)

func (f *Fetcher) report(e Event) {
	if f.o.Report == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.o.Report(e)
}

// Error says why a file could not be fetched.
type Error struct {
	URL      string // without a password
	Attempts int    // made
	Err      error  // of the last attempt
}

func (e *Error) Error() string {
	if e.Attempts > 1 {
		return fmt.Sprintf("%s: %v (after %d attempts)", e.URL, e.Err, e.Attempts)
	}
	return e.URL + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsRemote reports whether a URI is one that this package fetches.
func IsRemote(uri string) bool {
	scheme, _, ok := strings.Cut(uri, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// Packages makes packages available on this machine: those of http binhosts are fetched, several at a time, and
// verified against the size and checksums that their index gave; of others the path is where they are. paths[i] belongs
// to pkgs[i] and is "" where it failed. All are tried; the error joins those of the packages, each an *Error or ctx's.
func (f *Fetcher) Packages(ctx context.Context, pkgs ...*metadata.Package) (paths []string, err error) {
	paths = make([]string, len(pkgs))
	errs := make([]error, len(pkgs))
	slots := make(chan struct{}, f.o.Parallel)
	var wait sync.WaitGroup
	for i, p := range pkgs {
		if !p.Remote || !IsRemote(p.File) {
			if paths[i], errs[i] = f.localPath(p); errs[i] != nil {
				continue
			}
			f.report(Event{Kind: Cached, Name: name(p), Done: -1, Total: -1})
			continue
		}
		slots <- struct{}{}
		wait.Add(1)
		go func() {
			defer func() { <-slots; wait.Done() }()
			paths[i], errs[i] = f.fetchPackage(ctx, p)
		}()
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return paths, err
	}
	return paths, errors.Join(errs...)
}

// localPath is where a package is that needs no fetching: in PKGDIR, or on a binhost that is a directory.
func (f *Fetcher) localPath(p *metadata.Package) (string, error) {
	if !p.Remote {
		return p.File, nil
	}
	host, rel, err := split(p)
	if err != nil {
		host, rel = p.File, ""
	}
	dir := f.o.Places[host]
	if dir == "" {
		if dir, err = binpkg.LocalPath(host); err != nil {
			return "", &Error{URL: redacted(p.File), Err: err}
		}
	}
	return filepath.Join(dir, rel), nil
}

func name(p *metadata.Package) string {
	if p.BuildID > 0 {
		return fmt.Sprintf("%s-%d", p.CPV, p.BuildID)
	}
	return p.CPV.String()
}

// Path is where a package of a binhost is, or will be, in the cache, unless it is below Options.Dir because it could not
// be kept there.
func (f *Fetcher) Path(p *metadata.Package) (string, error) {
	host, rel, err := split(p)
	if err != nil {
		return "", err
	}
	switch dir := f.o.Places[host]; {
	case dir == "":
		return filepath.Join(f.hostDir(host), rel), nil
	case f.o.Own != "" && filepath.Clean(dir) == filepath.Clean(f.o.Own):
		return filepath.Join(dir, ownName(p, rel)), nil
	default:
		return filepath.Join(dir, rel), nil
	}
}

// ownName is the name that a package has in PKGDIR, whatever it is called on its binhost: CATEGORY/PN/PF-BUILD_ID.EXT, or
// CATEGORY/PF.EXT without a build-id (binpkg-multi-instance, make.conf(5)).
func ownName(p *metadata.Package, rel string) string {
	ext := ".tbz2"
	if strings.HasSuffix(rel, ".gpkg.tar") {
		ext = ".gpkg.tar"
	}
	c := p.CPV
	if p.BuildID <= 0 {
		return filepath.Join(c.Category, c.PF()+ext)
	}
	if ext == ".tbz2" {
		ext = ".xpak"
	}
	return filepath.Join(c.Category, c.Package, fmt.Sprintf("%s-%d%s", c.PF(), p.BuildID, ext))
}

// below is where a package is kept that cannot be at its binhost's place; "" if that is not another one.
func (f *Fetcher) below(p *metadata.Package) string {
	host, rel, err := split(p)
	if err != nil || f.o.Places[host] == "" {
		return ""
	}
	return filepath.Join(f.hostDir(host), rel)
}

// split takes a package's URI apart: the binhost's, and PATH.
func split(p *metadata.Package) (host, rel string, err error) {
	rel = p.Var("PATH")
	host, ok := strings.CutSuffix(p.File, "/"+rel)
	if rel == "" || !ok || !filepath.IsLocal(rel) {
		return "", "", &Error{URL: redacted(p.File), Err: fmt.Errorf("PATH %q of %s does not lead to a file of the binhost", rel, name(p))}
	}
	if strings.HasSuffix(rel, partSuffix) || strings.HasPrefix(rel, indexDir+"/") {
		return "", "", &Error{URL: redacted(p.File), Err: fmt.Errorf("PATH %q of %s is no name for a package", rel, name(p))}
	}
	return host, rel, nil
}

// escapedURL is the URI of a package as a request needs it: PATH may hold what means something else in a URL.
func escapedURL(p *metadata.Package) (string, error) {
	host, rel, err := split(p)
	return host + "/" + (&url.URL{Path: rel}).EscapedPath(), err
}

// hostDir is the directory of one binhost: what a person recognises, and a checksum that tells hosts apart.
func (f *Fetcher) hostDir(uri string) string {
	uri = strings.TrimRight(uri, "/")
	sum := sha256.Sum256([]byte(uri))
	label := "binhost"
	if u, err := url.Parse(uri); err == nil && u.Hostname() != "" {
		label = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
				return r
			}
			return '_'
		}, u.Hostname())
	}
	return filepath.Join(f.o.Dir, label+"-"+hex.EncodeToString(sum[:6]))
}

// redacted is a URL as it may be shown.
func redacted(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	return u.Redacted()
}

// makeDir makes the directory of a file.
func makeDir(path string) error { return os.MkdirAll(filepath.Dir(path), 0o755) }
