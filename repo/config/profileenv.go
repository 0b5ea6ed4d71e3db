package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/portsolve/portsolve/repo/profile"
)

// fromProfileEnv are the variables of a merge that installed packages set in
// /etc/env.d, which env-update gathers in ROOT's /etc/profile.env (make.conf(5), CONFIG_PROTECT).
func fromProfileEnv(name string) bool {
	switch name {
	case "CONFIG_PROTECT", "CONFIG_PROTECT_MASK", "INFODIR", "INFOPATH":
		return true
	}
	return false
}

// maxProfileEnv bounds the file, in bytes.
const maxProfileEnv = 1 << 20

var exported = regexp.MustCompile(`^export ([A-Z_]+)='(.*)'$`)

// readProfileEnv reads what packages in ROOT say; a missing file is empty.
func (s *Settings) readProfileEnv() (assigns, error) {
	path := filepath.Join(s.Root(), s.EPrefix(), "etc/profile.env")
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!st.Mode().IsRegular() || st.Size() > maxProfileEnv) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := assigns{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		m := exported.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m != nil && fromProfileEnv(m[1]) {
			out[m[1]] = &profile.Assign{Name: m[1], Value: m[2], Source: Source{File: path, Line: number, Text: m[0]}}
		}
	}
	return out, nil
}
