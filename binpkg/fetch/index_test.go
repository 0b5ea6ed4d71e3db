package fetch

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func indexText(timestamp, ttl string, cpvs ...string) string {
	text := "PACKAGES: " + string(rune('0'+len(cpvs))) + "\nTIMESTAMP: " + timestamp + "\nVERSION: 0\n"
	if ttl != "" {
		text += "TTL: " + ttl + "\n"
	}
	text += "\n"
	for _, c := range cpvs {
		text += "CPV: " + c + "\nEAPI: 8\nSIZE: 10\n\n"
	}
	return text
}

// host is a server with an index, and a fetcher whose clock can be moved.
type host struct {
	*server
	f   *Fetcher
	now time.Time
}

func newHost(t *testing.T) *host {
	h := &host{server: newServer(t), now: time.Unix(2e9, 0)}
	h.f = fetcher(t, t.TempDir(), nil)
	h.f.o.Now = func() time.Time { return h.now }
	return h
}

// get returns what the index says now, and the warnings.
func (h *host) get(t *testing.T) (text, warnings string) {
	t.Helper()
	h.change(func() { h.requests = nil })
	x, err := h.f.Index(t.Context(), h.URL+"/", false)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(x.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), strings.Join(x.Warnings, "\n")
}

func TestIndex(t *testing.T) {
	one, two := indexText("1000", "60", "a/a-1"), indexText("2000", "", "a/a-1", "a/b-1")
	h := newHost(t)
	h.change(func() { h.files["/Packages"] = []byte(one) })
	if text, w := h.get(t); text != one || w != "" || len(h.asked()) != 2 { // Packages.gz is not there
		t.Fatalf("%q %q %q", text, w, h.asked())
	}
	if text, _ := h.get(t); text != one || len(h.asked()) != 0 {
		t.Errorf("within the TTL: %q", h.asked())
	}
	h.now = h.now.Add(2 * time.Minute)
	if text, w := h.get(t); text != one || w != "" || len(h.asked()) != 1 { // 304
		t.Errorf("after the TTL: %q %q", w, h.asked())
	}
	h.now = h.now.Add(2 * time.Minute)
	h.change(func() { h.files["/Packages"] = []byte(two) })
	if text, w := h.get(t); text != two || w != "" || len(h.asked()) != 1 {
		t.Errorf("a new one: %q %q %q", text, w, h.asked())
	}
	if text, _ := h.get(t); text != two || len(h.asked()) != 1 {
		t.Errorf("without a TTL the server is asked: %q", h.asked())
	}
	h.change(func() { delete(h.files, "/Packages") })
	h.change(func() { h.files["/Packages.gz"] = zipped(two) })
	if text, w := h.get(t); text != two || w != "" || len(h.asked()) != 2 {
		t.Errorf("now compressed: %q %q %q", text, w, h.asked())
	}
}

// What is wrong with an index is named, and the one that is there is used.
func TestIndexSurvives(t *testing.T) {
	good := indexText("2000", "", "a/a-1", "a/b-1")
	for _, tt := range []struct {
		name, now, gz string
		faults        []string
		want          string
	}{
		{name: "older", now: indexText("1000", "", "a/a-1"), want: "the server's index is stale: it was made at 1970-01-01 00:16:40"},
		{name: "fewer than it counts", now: strings.Replace(good, "PACKAGES: 2", "PACKAGES: 5", 1) + " ", want: "truncated"},
		{name: "ends in the middle", now: good[:len(good)-9], want: "truncated"},
		{name: "empty", now: "", want: "is not an index"},
		{name: "a page", now: "<html>not here</html>", want: "is not an index"},
		{name: "binary", now: "PACKAGES: 1\n\x00", want: "NUL"},
		{name: "gone", want: "404"},
		{name: "500", now: good, faults: []string{"status 500", "status 500", "status 500", "status 500"}, want: "500"},
		{name: "cut", now: good, faults: []string{"cut 30", "cut 20", "cut 10", "cut 5"}, want: "connection broke"},
		{name: "stall", now: good, faults: []string{"stall 30", "stall 20", "stall 10", "stall 5"}, want: "nothing came for"},
		{name: "hang up", now: good, faults: slices.Repeat([]string{"hangup"}, 20), want: "EOF"},
		{name: "gzip cut", gz: string(zipped(good)[:50]), want: "truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			h.change(func() { h.files["/Packages"] = []byte(good) })
			h.get(t)
			h.change(func() { delete(h.files, "/Packages") })
			if tt.name != "gone" {
				h.change(func() { h.files["/Packages"] = []byte(tt.now) })
			}
			if tt.gz != "" {
				h.change(func() { delete(h.files, "/Packages") })
				h.change(func() { h.files["/Packages.gz"] = []byte(tt.gz) })
			}
			h.change(func() { h.faults["/Packages"] = tt.faults })
			text, w := h.get(t)
			if text != good || !strings.Contains(w, tt.want) || !strings.Contains(w, "the index of 2033-05-18 03:33 UTC is used") || !strings.Contains(w, h.URL) {
				t.Errorf("%q, want %q", w, tt.want)
			}
			if len(h.asked()) > 10 {
				t.Errorf("%d requests", len(h.asked()))
			}
			h.change(func() {
				h.faults, h.files["/Packages"] = map[string][]string{}, []byte(indexText("3000", "", "a/c-1"))
			})
			h.change(func() { delete(h.files, "/Packages.gz") })
			if text, w := h.get(t); !strings.Contains(text, "a/c-1") || w != "" {
				t.Errorf("afterwards: %q %q", text, w)
			}
		})
	}
}

// Nothing is there yet: what came of a truncated index is used with a warning, but is not the cached one.
func TestIndexFirst(t *testing.T) {
	h := newHost(t)
	if _, err := h.f.Index(t.Context(), h.URL, false); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
	good := indexText("2000", "", "a/a-1", "a/b-1")
	h.change(func() { h.files["/Packages"] = []byte(good[:len(good)-9]) })
	if text, w := h.get(t); !strings.Contains(text, "a/a-1") || !strings.Contains(w, "what came of it is used") {
		t.Errorf("%q %q", text, w)
	}
	h.change(func() { h.files["/Packages"] = []byte(good) })
	if text, w := h.get(t); text != good || w != "" || len(finals(t, h.f.o.Dir)) != 2 {
		t.Errorf("%q %q %q", text, w, finals(t, h.f.o.Dir))
	}
	// A server that says 304 to whoever asks.
	other := newHost(t)
	other.change(func() { other.files["/Packages.gz"] = zipped(good) })
	other.change(func() { other.faults["/Packages.gz"] = []string{"unmodified"} })
	if _, err := other.f.Index(t.Context(), other.URL, false); err == nil || !strings.Contains(err.Error(), "nothing is here yet") {
		t.Error(err)
	}
}

// A wrong ETag hides a change until the cached index is gone; a damaged cache is noticed; frozen asks nobody.
func TestIndexCache(t *testing.T) {
	h := newHost(t)
	h.change(func() { h.etag = `"always-the-same"` })
	one, two := indexText("1000", "", "a/a-1"), indexText("2000", "", "a/b-1")
	h.change(func() { h.files["/Packages"] = []byte(one) })
	h.get(t)
	h.change(func() { h.files["/Packages"] = []byte(two) })
	if text, _ := h.get(t); text != one {
		t.Errorf("%q", text)
	}
	x, err := h.f.Index(t.Context(), h.URL, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(x.Path, []byte(one[:20]), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, w := h.get(t); text != two || w != "" {
		t.Errorf("%q %q", text, w)
	}
	h.change(func() { h.requests = nil })
	h.Close()
	if x, err = h.f.Index(t.Context(), h.URL, true); err != nil || len(x.Warnings) > 0 || len(h.asked()) > 0 {
		t.Errorf("frozen: %v, %v", x, err)
	}
	if _, w := h.get(t); !strings.Contains(w, "refused") {
		t.Errorf("nobody there: %q", w)
	}
}
