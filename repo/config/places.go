package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/portsolve/portsolve/repo"
)

// places are the directories of the configuration.
type places struct {
	system     string // --system DIR, cleaned; "" none
	configRoot string // directory above etc, cleaned
	configDir  string // etc/portage
	eprefix    string
}

// findPlaces applies the defaults: an explicit configuration root counts as it
// is (below System); otherwise it is System or "/", and the prefix below that.
func findPlaces(o Options) places {
	p := places{eprefix: strings.TrimRight(firstOf(o.EPrefix, o.Env["PORTAGE_OVERRIDE_EPREFIX"], o.Env["EPREFIX"]), "/")}
	if o.System != "" {
		p.system = filepath.Clean(o.System)
	}
	if root := firstOf(o.ConfigRoot, o.Env["PORTAGE_CONFIGROOT"]); root != "" {
		p.configRoot = p.inSystem(root)
	} else {
		p.configRoot = p.inSystem(p.eprefix + "/")
	}
	p.configDir = filepath.Join(p.configRoot, "etc", "portage")
	return p
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// user is a file or directory below etc/portage.
func (p *places) user(name string) string { return filepath.Join(p.configDir, name) }

// inSystem moves an absolute path below --system DIR, once.
func (p *places) inSystem(path string) string {
	if p.system == "" || path == p.system || strings.HasPrefix(path, p.system+"/") {
		return filepath.Clean(path)
	}
	return filepath.Join(p.system, path)
}

// below is inSystem with "/" at the end.
func (p *places) below(path string) string {
	path = p.inSystem(path)
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path
}

// rootValue is ROOT or SYSROOT: option, environment, make.conf, "/".
func (s *Settings) rootValue(name, option string) string {
	if option != "" {
		return option
	}
	if v, _ := s.vars.plain(name); v != "" {
		return v
	}
	return "/"
}

// findProfile returns the directory of the profile, "" if there is none but
// /etc/portage/profile to go by.
func (s *Settings) findProfile() (string, error) {
	if s.opt.Profile != "" {
		return s.namedProfile(s.opt.Profile)
	}
	for _, link := range []string{s.places.user("make.profile"), filepath.Join(s.places.configRoot, "etc", "make.profile")} {
		if _, err := os.Lstat(link); err != nil {
			continue
		}
		return s.resolveProfile(link)
	}
	return "", &repo.FileError{File: s.places.user("make.profile"), Err: errors.New("no profile is selected: this should be a link to a profile directory of a repository; \"eselect profile set\" makes it")}
}

// namedProfile resolves Options.Profile.
func (s *Settings) namedProfile(name string) (string, error) {
	dir := name
	if !filepath.IsAbs(name) {
		var r *repo.Repo
		if s.opt.Repos != nil {
			r = s.opt.Repos.Main
		}
		rn, path, ok := strings.Cut(name, ":")
		if ok && s.opt.Repos != nil {
			r = s.opt.Repos.ByName(rn)
		} else {
			path = name
		}
		if r == nil {
			return "", fmt.Errorf("profile %q: there is no such repository", name)
		}
		dir = filepath.Join(r.Location, "profiles", path)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return "", fmt.Errorf("profile %q: %s is not a directory", name, dir)
	}
	return dir, nil
}

// resolveProfile follows make.profile. Targets below a repository's configured
// location are looked for in the location in use, so that a link made on another
// machine, or without --repo, still works.
func (s *Settings) resolveProfile(link string) (string, error) {
	path := link
	for range 40 {
		st, err := os.Lstat(path)
		if err != nil {
			return "", &repo.FileError{File: link, Err: fmt.Errorf("points to %s, which does not exist; select a profile of a configured repository", path)}
		}
		if st.Mode()&os.ModeSymlink == 0 {
			if !st.IsDir() {
				return "", &repo.FileError{File: link, Err: fmt.Errorf("%s is not a directory; a profile is one", path)}
			}
			if dir, err := filepath.EvalSymlinks(path); err == nil {
				path = dir
			}
			return path, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", &repo.FileError{File: path, Err: err}
		}
		if filepath.IsAbs(target) {
			path = s.places.inSystem(target)
		} else {
			path = filepath.Join(filepath.Dir(path), target)
		}
		path = s.inUse(path)
	}
	return "", &repo.FileError{File: link, Err: errors.New("is a loop of symbolic links")}
}

// inUse replaces a repository's configured location at the front of path by the
// location that is in use.
func (s *Settings) inUse(path string) string {
	if s.opt.Repos == nil {
		return path
	}
	for _, r := range s.opt.Repos.Repos {
		if r.Configured == "" || r.Configured == "/" {
			continue
		}
		for _, conf := range []string{r.Configured, filepath.Join(s.places.configRoot, r.Configured), s.places.inSystem(r.Configured)} {
			rest, ok := strings.CutPrefix(path, filepath.Clean(conf)+"/")
			if !ok {
				continue
			}
			if moved := filepath.Join(r.Location, rest); exists(moved) {
				return moved
			}
		}
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
