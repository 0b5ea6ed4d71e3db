package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// partSuffix marks what is not whole and verified.
const partSuffix = ".part"

// permanent wraps an error that another attempt would meet again.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// later wraps an error of a server that says when to come back.
type later struct {
	error
	pause time.Duration
}

func (l later) Unwrap() error { return l.error }

// transfer is one file on its way. limit bounds its size; size is -1 if nobody said it.
type transfer struct {
	f           *Fetcher
	attempts    int // 0: as the options say
	name, url   string
	size, limit int64
	part        *os.File
	// tag is the strong ETag that the beginning in part came with, "" unknown: then nothing but the checksum at the end
	// tells whether the rest fits.
	tag    string
	header map[string]string // further request headers, of a first byte only
	// verify judges what is in part; an error makes the next attempt begin anew.
	verify func() error
	// response, if not nil, sees the header of an answer with content. Any error is permanent.
	response func(*http.Response) error
}

var errNotModified = errors.New("is as it was")

// run makes attempts until the file is verified. It is an *Error, errNotModified or ctx's.
func (t *transfer) run(ctx context.Context) error {
	f := t.f
	pause := f.o.Backoff
	attempts := cmp.Or(t.attempts, f.o.Attempts)
	for attempt := 1; ; attempt++ {
		have, err := t.have()
		if err == nil {
			f.report(Event{Kind: Started, Name: t.name, URL: redacted(t.url), Done: have, Total: t.size, Attempt: attempt})
			err = t.attempt(ctx, have, attempt)
		}
		switch {
		case err == nil || errors.Is(err, errNotModified):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		var last permanent
		if errors.As(err, &last) || attempt >= attempts {
			err = &Error{URL: redacted(t.url), Attempts: attempt, Err: plainError(err)}
			f.report(Event{Kind: Failed, Name: t.name, URL: redacted(t.url), Total: t.size, Attempt: attempt, Err: err})
			return err
		}
		wait := pause
		var l later
		if errors.As(err, &l) {
			wait = max(wait, l.pause)
		}
		wait = min(wait, f.o.MaxBackoff)
		f.report(Event{Kind: Retrying, Name: t.name, URL: redacted(t.url), Total: t.size, Attempt: attempt, Err: plainError(err), Pause: wait})
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		pause = min(2*pause, f.o.MaxBackoff)
	}
}

// plainError is an error without our marks, and without the URL that net/http puts before it.
func plainError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// have is how much of the file is there, from this or an earlier process.
func (t *transfer) have() (int64, error) {
	n, err := t.part.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, permanent{err}
	}
	if n > t.limit || t.size >= 0 && n > t.size {
		return 0, t.restart()
	}
	return n, nil
}

func (t *transfer) restart() error {
	t.tag = ""
	if err := t.part.Truncate(0); err != nil {
		return permanent{err}
	}
	_, err := t.part.Seek(0, io.SeekStart)
	if err != nil {
		return permanent{err}
	}
	return nil
}

// attempt asks for what is missing and verifies the whole.
func (t *transfer) attempt(ctx context.Context, have int64, number int) error {
	if have == 0 || have != t.size {
		if err := t.download(ctx, have, number); err != nil {
			return err
		}
	}
	if err := t.verify(); err != nil {
		return errors.Join(err, t.restart())
	}
	return nil
}

func (t *transfer) download(ctx context.Context, have int64, number int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return permanent{err}
	}
	req.Header.Set("User-Agent", "portsolve")
	req.Header.Set("Accept-Encoding", "identity")
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if t.tag != "" {
			req.Header.Set("If-Range", t.tag)
		}
	} else {
		for k, v := range t.header {
			req.Header.Set(k, v)
		}
	}
	stalled := time.AfterFunc(t.f.o.Stall, func() { cancel(fmt.Errorf("nothing came for %v", t.f.o.Stall)) })
	defer stalled.Stop()
	resp, err := t.f.o.Client.Do(req)
	if err != nil {
		return cause(ctx, err)
	}
	defer resp.Body.Close()
	have, err = t.accept(resp, have)
	if err != nil {
		return err
	}
	if t.response != nil {
		if err := t.response(resp); err != nil {
			return permanent{err}
		}
	}
	return t.copy(ctx, resp.Body, have, number, stalled)
}

// cause prefers why a request was cancelled to the fact.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil && c != context.Canceled { //nolint:errorlint // its identity is meant
		return c
	}
	return err
}

// accept judges the header of an answer; have is where its content begins.
func (t *transfer) accept(resp *http.Response, have int64) (int64, error) {
	total := resp.ContentLength
	switch resp.StatusCode {
	case http.StatusOK:
		if have > 0 { // ranges are not supported, or the file has changed
			if err := t.restart(); err != nil {
				return 0, err
			}
			have = 0
		}
	case http.StatusPartialContent:
		start, whole, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || start != have {
			return 0, errors.Join(fmt.Errorf("the server sends another part (%q) than byte %d was asked for", resp.Header.Get("Content-Range"), have), t.restart())
		}
		total = whole
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, errors.Join(errors.New("the server has less than an earlier attempt has fetched"), t.restart())
	case http.StatusNotModified:
		if len(t.header) > 0 {
			return 0, errNotModified
		}
		return 0, permanent{errors.New("the server says that nothing has changed, but nothing is here yet")}
	default:
		return 0, statusError(resp, t.f.o.Now())
	}
	if t.size >= 0 && total >= 0 && total != t.size {
		return 0, permanent{errors.Join(fmt.Errorf("the server's file has %d bytes, but the index says %d", total, t.size), t.restart())}
	}
	if total > t.limit {
		return 0, permanent{fmt.Errorf("the server's file has %d bytes, more than the %d allowed", total, t.limit)}
	}
	if tag := resp.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		t.tag = tag
	}
	return have, nil
}

// contentRange reads "bytes 5-9/10"; whole is -1 for "*".
func contentRange(s string) (start, whole int64, ok bool) {
	s, found := strings.CutPrefix(s, "bytes ")
	span, size, cut := strings.Cut(s, "/")
	first, _, dash := strings.Cut(span, "-")
	if !found || !cut || !dash {
		return 0, 0, false
	}
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 {
		return 0, 0, false
	}
	whole = -1
	if size != "*" {
		if whole, err = strconv.ParseInt(size, 10, 64); err != nil || whole < 0 {
			return 0, 0, false
		}
	}
	return start, whole, true
}

// statusError tells what is worth another attempt.
func statusError(resp *http.Response, now time.Time) error {
	err := fmt.Errorf("the server answers %s", resp.Status)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		return later{err, retryAfter(resp.Header.Get("Retry-After"), now)}
	case code >= 500 || code == http.StatusRequestTimeout:
		return err
	}
	return permanent{&StatusError{resp.StatusCode, err}}
}

// StatusError is an HTTP status that no further attempt would change.
type StatusError struct {
	Code int   // 404 and the like (RFC 9110, section 15)
	Err  error // in words
}

func (e *StatusError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// retryAfter reads seconds or a date; 0 if it is neither.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(min(n, 3600)) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// progressStep is how many bytes pass between two reports.
const progressStep = 256 << 10

// copy appends the content to part, no more than is allowed.
func (t *transfer) copy(ctx context.Context, body io.Reader, have int64, number int, stalled *time.Timer) error {
	limit := t.limit
	if t.size >= 0 {
		limit = t.size
	}
	buf := make([]byte, 64<<10)
	reported := have
	for {
		n, err := body.Read(buf)
		if n > 0 {
			stalled.Reset(t.f.o.Stall)
			if have+int64(n) > limit {
				return permanent{errors.Join(fmt.Errorf("the server sends more than the %d bytes it should", limit), t.restart())}
			}
			if _, err := t.part.Write(buf[:n]); err != nil {
				return permanent{fmt.Errorf("cannot keep what came: %w", err)}
			}
			have += int64(n)
			if have-reported >= progressStep {
				reported = have
				t.f.report(Event{Kind: Progress, Name: t.name, URL: redacted(t.url), Done: have, Total: t.size, Attempt: number})
			}
		}
		if err == io.EOF { //nolint:errorlint // io.Reader returns it bare
			break
		}
		if err != nil {
			return fmt.Errorf("the connection broke after %d bytes: %w", have, cause(ctx, err))
		}
	}
	if t.size >= 0 && have < t.size {
		return fmt.Errorf("the server sent %d of %d bytes", have, t.size)
	}
	return nil
}
