package binpkg

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
)

// remote lists the packages of a binhost.
func (s *Set) remote(h *Host) []*entry {
	index, err := h.readIndex()
	if err != nil {
		s.problem(h.URI, fmt.Errorf("binhost %s: %w; it is left out", h.Name, err))
		return nil
	}
	for _, err := range index.Problems {
		s.problem(index.Path, fmt.Errorf("binhost %s: %w", h.Name, err))
	}
	return entriesOf(index, strings.TrimRight(h.URI, "/"), h)
}

func (h *Host) readIndex() (*Index, error) {
	if h.Index != "" {
		return ReadIndex(h.Index)
	}
	dir, err := h.directory()
	if err != nil {
		return nil, err
	}
	// Both files say the same; the plain one need not be unpacked.
	index, err := ReadIndex(filepath.Join(dir, IndexName))
	if errors.Is(err, fs.ErrNotExist) {
		index, err = ReadIndex(filepath.Join(dir, IndexName+".gz"))
	}
	return index, err
}

// directory is where the files of the binhost are on this machine.
func (h *Host) directory() (string, error) {
	if h.Dir != "" {
		return h.Dir, nil
	}
	return LocalPath(h.URI)
}

// LocalPath is the path that an absolute path or a file:// URI names. The error
// names the scheme of another URI.
func LocalPath(uri string) (string, error) {
	if filepath.IsAbs(uri) {
		return filepath.Clean(uri), nil
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	switch {
	case u.Scheme == "file" && (u.Host == "" || u.Host == "localhost") && filepath.IsAbs(u.Path):
		return filepath.Clean(u.Path), nil
	case u.Scheme == "file":
		return "", errors.New("a file URI must have the form file:///DIRECTORY")
	case u.Scheme == "http" || u.Scheme == "https":
		return "", errors.New("its index has to be fetched first")
	case u.Scheme == "":
		return "", errors.New("is neither an absolute path nor a URI")
	}
	return "", fmt.Errorf("%s is not supported; http, https, file and directories are", u.Scheme)
}
