package vdb

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/internal/rootfs"
)

// counterFile has the greatest COUNTER given out, as text without a newline.
const counterFile = edbDir + "/counter"

// maxCounter bounds what is believed: a number that is damaged must not use up
// the range for all that follow.
const maxCounter = 1 << 53

// NextCounter gives the number of the next installation: one more than the
// counter file and than every COUNTER in the VDB. A file that is missing, too low or
// damaged is thereby healed, and entries that cannot be read do not matter. The
// number counts as used even if the merge fails.
//
// The file is replaced in one step, but not synced: what a power cut can do to it
// heals, since the entries are durable.
func (s *Store) NextCounter() (int64, error) {
	inFile, ok := s.readCounter(counterFile)
	if !ok || s.counter == 0 || inFile < s.counter {
		s.counter = max(s.counter, s.greatestCounter())
	}
	next := max(s.counter, inFile) + 1
	if err := s.MkdirAll(edbDir); err != nil {
		return 0, fmt.Errorf("the number of the installation cannot be recorded: %w", err)
	}
	if err := s.writeCounter(next); err != nil {
		return 0, fmt.Errorf("the number of the installation cannot be recorded: %w", err)
	}
	s.counter = next
	return next, nil
}

func (s *Store) writeCounter(n int64) error {
	temp := counterFile + rootfs.TempSuffix
	if err := rootfs.RemoveAll(s.FS, temp); err != nil {
		return err
	}
	f, err := s.FS.Create(temp, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(strconv.AppendInt(nil, n, 10))
	err = errors.Join(err, f.Close())
	if err == nil {
		s.setGroup(temp)
		err = s.FS.Rename(temp, counterFile)
	}
	if err != nil {
		_ = s.FS.Unlink(temp)
	}
	return err
}

// greatestCounter reads the COUNTER of every entry.
func (s *Store) greatestCounter() int64 {
	var greatest int64
	categories, _ := s.FS.ReadDir(pkgDir)
	for _, c := range categories {
		if strings.HasPrefix(c, ".") {
			continue
		}
		entries, _ := s.FS.ReadDir(path.Join(pkgDir, c))
		for _, e := range entries {
			if strings.HasPrefix(e, ".") {
				continue
			}
			if n, ok := s.readCounter(path.Join(pkgDir, c, e, "COUNTER")); ok {
				greatest = max(greatest, n)
			}
		}
	}
	return greatest
}

// readCounter reads a number; false if there is none that can be believed.
func (s *Store) readCounter(name string) (int64, bool) {
	text, err := readSmall(s.FS, name, 64)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil || n < 0 || n > maxCounter {
		return 0, false
	}
	return n, true
}
