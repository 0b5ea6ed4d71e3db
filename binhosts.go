package portsolve

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/fetch"
	"github.com/portsolve/portsolve/repo"
	"github.com/portsolve/portsolve/repo/config"
)

// binhost is a section of binrepos.conf.
type binhost struct {
	binpkg.Host
	priority         int
	include, exclude []namedAtom // getbinpkg-include, -exclude
	signed           *hostSigned // verify-signature, nil if not set
	frozen           bool        // the index that is cached is not compared with the server's
}

// readBinhosts reads binrepos.conf and PORTAGE_BINHOST: descending by priority,
// then by name; hosts of PORTAGE_BINHOST, which binrepos.conf supersedes, follow in
// their order (portage(5), make.conf(5)).
func (s *System) readBinhosts(settings *config.Settings, b *binaries) error {
	sections, err := repo.ReadSections([]string{
		s.onDisk(s.options.EPrefix, "usr/share/portage/config/binrepos.conf"),
		filepath.Join(settings.ConfigDir(), "binrepos.conf"),
	}, s.env)
	if err != nil {
		return err
	}
	for i := range sections {
		h, err := s.binhost(&sections[i], b)
		if err != nil {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: binhost %s: %v; it is left out", sections[i].Source, sections[i].Name, err))
			continue
		}
		b.hosts = append(b.hosts, h)
	}
	slices.SortStableFunc(b.hosts, func(x, y binhost) int {
		return cmp.Or(cmp.Compare(y.priority, x.priority), cmp.Compare(y.Name, x.Name))
	})
	list, _ := settings.Var("PORTAGE_BINHOST")
	for uri := range strings.FieldsSeq(list) {
		if !slices.ContainsFunc(b.hosts, func(h binhost) bool { return h.URI == strings.TrimRight(uri, "/") }) {
			h := s.host(uri, uri)
			if h.Dir != "" && !fetch.IsRemote(h.URI) {
				s.binary.located.Store(h.URI, h.Dir)
			}
			b.hosts = append(b.hosts, binhost{Host: h})
		}
	}
	return nil
}

func (s *System) binhost(section *repo.Section, b *binaries) (binhost, error) {
	uri, _, _ := section.Value("sync-uri")
	if uri == "" {
		return binhost{}, fmt.Errorf("has no sync-uri")
	}
	h := binhost{Host: s.host(section.Name, uri)}
	if text, src, ok := section.Value("priority"); ok {
		n, err := strconv.Atoi(text)
		if err != nil {
			return binhost{}, fmt.Errorf("%s: priority = %q is not a whole number", src, text)
		}
		h.priority = n
	}
	if text, src, ok := section.Value("verify-signature"); ok {
		on, err := yesNo(text)
		if err != nil {
			return h, fmt.Errorf("%s: verify-signature = %w", src, err)
		}
		h.signed = &hostSigned{on, src}
	}
	if text, src, ok := section.Value("frozen"); ok {
		on, err := yesNo(text)
		if err != nil {
			return h, fmt.Errorf("%s: frozen = %w", src, err)
		}
		h.frozen = on
	}
	if !fetch.IsRemote(h.URI) {
		if h.Dir != "" { // below --system
			s.binary.located.Store(h.URI, h.Dir)
		}
	} else if text, _, ok := section.Value("location"); ok && text != "" {
		s.binary.located.Store(h.URI, s.onDisk(text))
	} else if s.options.CacheDir == "" && os.Geteuid() == 0 && filepath.IsLocal(h.Name) {
		// The default since Portage 3.0.77 (news item of 2026-05-03): both find what the other has fetched.
		s.binary.located.Store(h.URI, s.onDisk(s.options.EPrefix, "var/cache/binhost", h.Name))
	}
	for _, key := range [...]string{"fetchcommand", "resumecommand"} {
		if _, src, ok := section.Value(key); ok {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: %s of binhost %s is ignored: no other program is run for downloads", src, key, h.Name))
		}
	}
	for _, list := range [...]struct {
		key  string
		into *[]namedAtom
	}{{"getbinpkg-include", &h.include}, {"getbinpkg-exclude", &h.exclude}} {
		text, src, _ := section.Value(list.key)
		atoms, err := namedAtoms(strings.Fields(text), src)
		if err != nil {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: %s: %v; the line is ignored", src, list.key, err))
		}
		*list.into = atoms
	}
	return h, nil
}

// host finds the directory of a path below --system DIR.
func (s *System) host(name, uri string) binpkg.Host {
	h := binpkg.Host{Name: name, URI: strings.TrimRight(uri, "/")}
	if dir, err := binpkg.LocalPath(uri); err == nil && s.options.System != "" {
		if below := s.onDisk(dir); exists(below) {
			h.Dir = below
		}
	}
	return h
}

// yesNo reads a value of binrepos.conf.
func yesNo(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

// fetchIndexes gets the indexes of the binhosts that are not directories, all at the same time. A host without one is
// left out with a warning. The error is ctx's.
func (s *System) fetchIndexes(ctx context.Context, b *binaries) error {
	var wait sync.WaitGroup
	warnings := make([][]string, len(b.hosts))
	for i := range b.hosts {
		h := &b.hosts[i]
		if !fetch.IsRemote(h.URI) {
			continue
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			warnings[i] = s.fetchIndex(ctx, h)
		}()
	}
	wait.Wait()
	kept := b.hosts[:0]
	for i, h := range b.hosts {
		for _, w := range warnings[i] {
			b.warnings = append(b.warnings, fmt.Sprintf("binhost %s: %s", h.Name, w))
		}
		if !fetch.IsRemote(h.URI) || h.Index != "" {
			kept = append(kept, h)
		}
	}
	b.hosts = kept
	return ctx.Err()
}

func (s *System) fetchIndex(ctx context.Context, h *binhost) []string {
	f, err := s.fetcher(nil)
	if err != nil {
		return []string{err.Error() + "; it is left out"}
	}
	index, err := f.Index(ctx, h.URI, h.frozen)
	if err != nil {
		return []string{err.Error() + "; it is left out"}
	}
	h.Index = index.Path
	return index.Warnings
}
