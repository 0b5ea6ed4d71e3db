//go:build !linux

package vdb

import (
	"io"
	"os"
)

// read loads the known files of the entry at path. It leaves s.present and
// s.extents set.
func (s *scratch) read(path string) error {
	s.reset()
	members, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, m := range members {
		id, ok := lookupFile([]byte(m.Name()))
		if !ok {
			continue
		}
		s.present[id] = true
		from := len(s.blob)
		if err := s.readFile(path + "/" + m.Name()); err != nil {
			return &fileError{m.Name(), err}
		}
		s.extents[id] = extent{from, len(s.blob)}
	}
	return nil
}

// readFile appends a file's text to s.blob.
func (s *scratch) readFile(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEntryBytes+1))
	if err != nil {
		return err
	}
	s.blob = append(s.blob, text...)
	if len(s.blob) > maxEntryBytes {
		return errTooLarge
	}
	return nil
}
