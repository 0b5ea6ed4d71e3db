package fetch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/portsolve/portsolve/binpkg"
)

// indexDir is the directory of a host's index in the cache.
const indexDir = ".index"

// maxIndex bounds an index, as it is sent and unpacked.
const maxIndex = 256 << 20

// indexAttempts bounds how long a server that does not answer keeps everybody waiting: there may be a cached index.
const indexAttempts = 3

// Index is the index of a binhost on this machine.
type Index struct {
	// Path is the file, unpacked.
	Path string
	// Fetched is when the server last said that it is current.
	Fetched time.Time
	// Warnings say what is wrong with it or with the server; the index can be used nevertheless.
	Warnings []string
}

// state is what is known of the cached index. Sum ties it to the file, so that a crash between the two writes shows.
type state struct {
	URL          string    `json:"url"` // the one that worked
	Sum          string    `json:"sha256"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Fetched      time.Time `json:"fetched"`
}

// Index gets the index of a binhost: Packages.gz or Packages below uri. A cached one is used without a question while its
// own TTL (seconds, a variable of its header) lasts or if frozen is set, else the server is asked whether there is a newer
// one. What is not whole, is older than what is cached, or cannot be got at all is named in Warnings, and the cached one is
// used. The error is an *Error or ctx's: there is nothing to go by.
func (f *Fetcher) Index(ctx context.Context, uri string, frozen bool) (*Index, error) {
	dir := filepath.Join(f.hostDir(uri), indexDir)
	path := filepath.Join(dir, binpkg.IndexName)
	if err := makeDir(path); err != nil {
		return nil, &Error{URL: redacted(uri), Err: err}
	}
	part, err := f.lockPart(ctx, path)
	if err != nil {
		return nil, &Error{URL: redacted(uri), Err: err}
	}
	defer part.release()
	x := &indexFetch{f: f, uri: strings.TrimRight(uri, "/"), path: path, part: part}
	x.readCache()
	if x.old != nil && (frozen || x.fresh()) {
		return &Index{Path: path, Fetched: x.old.Fetched}, nil
	}
	return x.get(ctx)
}

// indexFetch is the index of one host on its way.
type indexFetch struct {
	f         *Fetcher
	uri, path string
	part      *partFile
	old       *state        // nil: nothing is cached
	oldIndex  *binpkg.Index // header of what is cached
	now       state
	warnings  []string
}

func (x *indexFetch) incompletePath() string { return x.path + ".incomplete" + partSuffix }

func (x *indexFetch) statePath() string { return x.path + ".state" }

// readCache takes the cached index if it is what its state says.
func (x *indexFetch) readCache() {
	data, err := os.ReadFile(x.statePath())
	var s state
	if err != nil || json.Unmarshal(data, &s) != nil {
		return
	}
	text, err := os.ReadFile(x.path)
	if err != nil || sum(text) != s.Sum {
		return
	}
	if x.oldIndex, err = binpkg.ParseIndex(x.path, string(text)); err == nil {
		x.old = &s
	}
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// fresh: the index says how long it may be relied on.
func (x *indexFetch) fresh() bool {
	ttl, err := strconv.ParseInt(x.oldIndex.Header["TTL"], 10, 64)
	if err != nil || ttl <= 0 {
		return false
	}
	age := x.f.o.Now().Sub(x.old.Fetched)
	return age >= 0 && age < time.Duration(min(ttl, 1<<31))*time.Second
}

// get asks the server, for the compressed form first unless the other one worked before.
func (x *indexFetch) get(ctx context.Context) (*Index, error) {
	names := []string{binpkg.IndexName + ".gz", binpkg.IndexName}
	if x.old != nil && strings.HasSuffix(x.old.URL, "/"+binpkg.IndexName) {
		names[0], names[1] = names[1], names[0]
	}
	var failed error
	for _, name := range names {
		err := x.try(ctx, x.uri+"/"+name)
		if err == nil {
			return &Index{Path: x.path, Fetched: x.now.Fetched, Warnings: x.warnings}, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failed = cmp.Or(failed, err)
		var status *StatusError
		if !errors.As(err, &status) || status.Code != http.StatusNotFound {
			failed = err
			break // there is such a file, or nobody to ask
		}
	}
	return x.fallBack(failed)
}

// fallBack uses what is cached, or what there is of an index that is not whole.
func (x *indexFetch) fallBack(failed error) (*Index, error) {
	if x.old != nil {
		warning := fmt.Sprintf("%v; the index of %s is used", failed, x.old.Fetched.UTC().Format("2006-01-02 15:04 MST"))
		return &Index{Path: x.path, Fetched: x.old.Fetched, Warnings: []string{warning}}, nil
	}
	var partial *partialError
	if errors.As(failed, &partial) {
		path := x.incompletePath()
		if err := writeFile(path, partial.text); err != nil {
			return nil, &Error{URL: redacted(x.uri), Err: err}
		}
		return &Index{Path: path, Warnings: []string{failed.Error() + "; nothing else is there, so what came of it is used"}}, nil
	}
	return nil, failed
}

// partialError is an index that is not whole, but has packages.
type partialError struct {
	error
	text []byte
}

// try fetches one URL, again from the beginning: an index is small, and may change any time.
func (x *indexFetch) try(ctx context.Context, url string) error {
	var resp http.Header
	t := &transfer{
		f: x.f, attempts: min(x.f.o.Attempts, indexAttempts), name: binpkg.IndexName, url: url, size: -1, limit: maxIndex, part: x.part.file, header: map[string]string{},
		response: func(r *http.Response) error { resp = r.Header; return nil },
	}
	if err := t.restart(); err != nil {
		return &Error{URL: redacted(url), Err: err}
	}
	if x.old != nil && x.old.URL == url {
		setHeader(t.header, "If-None-Match", x.old.ETag)
		setHeader(t.header, "If-Modified-Since", x.old.LastModified)
	}
	var text []byte
	t.verify = func() (err error) {
		text, err = x.read(url)
		return err
	}
	err := t.run(ctx)
	switch {
	case errors.Is(err, errNotModified):
		x.now = *x.old
		x.now.Fetched = x.f.o.Now()
		x.f.report(Event{Kind: Cached, Name: t.name, URL: redacted(url), Done: -1, Total: -1})
		return x.writeState()
	case err != nil:
		return err
	}
	x.now = state{URL: url, Sum: sum(text), ETag: resp.Get("ETag"), LastModified: resp.Get("Last-Modified"), Fetched: x.f.o.Now()}
	if err := x.store(text); err != nil {
		return &Error{URL: redacted(url), Err: err}
	}
	x.f.report(Event{Kind: Finished, Name: t.name, URL: redacted(url), Done: int64(len(text)), Total: int64(len(text))})
	return nil
}

func setHeader(h map[string]string, key, value string) {
	if value != "" {
		h[key] = value
	}
}

// read unpacks what came and judges it. An index that is not whole may be one that is just being written: the next
// attempt may get it.
func (x *indexFetch) read(url string) ([]byte, error) {
	raw, err := os.ReadFile(x.part.path)
	if err != nil {
		return nil, permanent{err}
	}
	text, unpackErr := raw, error(nil)
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		text, unpackErr = gunzip(raw)
	} else if strings.HasSuffix(url, ".gz") {
		unpackErr = errors.New("it is not compressed with gzip, as its name says")
		if !bytes.Contains(raw[:min(len(raw), 4096)], []byte("PACKAGES:")) {
			return nil, unpackErr
		}
		unpackErr = nil // a server that unpacks on its own
	}
	index, err := binpkg.ParseIndex(url, string(text))
	if err != nil {
		return nil, errors.Join(unpackErr, err)
	}
	if index.Header["PACKAGES"] == "" && len(index.Packages) == 0 {
		return nil, errors.New("it is not an index of packages")
	}
	switch {
	case unpackErr != nil:
		return nil, &partialError{fmt.Errorf("the index is truncated: %w", unpackErr), text}
	case !index.Whole:
		return nil, &partialError{fmt.Errorf("the index is truncated: %w", index.Problems[len(index.Problems)-1]), text}
	}
	return text, x.checkAge(index)
}

// checkAge refuses an index that is older than the one we have: a mirror that lags behind, or somebody who wants us not
// to see an update. What was made again with another content counts.
func (x *indexFetch) checkAge(index *binpkg.Index) error {
	if x.old == nil {
		return nil
	}
	was, errWas := strconv.ParseInt(x.oldIndex.Header["TIMESTAMP"], 10, 64)
	is, errIs := strconv.ParseInt(index.Header["TIMESTAMP"], 10, 64)
	if errWas == nil && errIs == nil && is < was {
		return permanent{fmt.Errorf("the server's index is stale: it was made at %s, and the one that is here at %s",
			time.Unix(is, 0).UTC().Format(time.DateTime), time.Unix(was, 0).UTC().Format(time.DateTime))}
	}
	return nil
}

func gunzip(raw []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(z, maxIndex+1))
	if n > maxIndex {
		return nil, permanent{fmt.Errorf("it is larger than %d MiB", maxIndex>>20)}
	}
	return b.Bytes(), err
}

// store gives the index its final name, then its state: a crash in between leaves a pair that does not fit, which is
// the same as none.
func (x *indexFetch) store(text []byte) error {
	if err := writeFile(x.path, text); err != nil {
		return err
	}
	if err := os.Remove(x.incompletePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return x.writeState()
}

func (x *indexFetch) writeState() error {
	data, err := json.MarshalIndent(x.now, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(x.statePath(), append(data, '\n'))
}

// writeFile replaces a file as a whole. Its temporary name is ours alone: the lock of the host's index is held.
func writeFile(path string, data []byte) error {
	tmp := path + ".new" + partSuffix
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
	}
	return err
}
