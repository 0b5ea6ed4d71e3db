package vdb

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// directory is the source of an entry on disk.
type directory struct {
	cpv  atom.CPV
	path string
}

var (
	errNoSlot = errors.New("SLOT is missing or empty")
	errNUL    = errors.New("contains a NUL byte")
)

// load reads the files and makes the package of them.
func (d directory) load(s *scratch) (*metadata.Package, []Problem) {
	bad := func(err error) (*metadata.Package, []Problem) {
		return nil, []Problem{{Path: d.path, Err: err}}
	}
	if err := s.read(d.path); err != nil {
		return bad(err)
	}
	if err := s.findNUL(); err != nil {
		return bad(err)
	}
	if len(s.value(fileSLOT)) == 0 {
		return bad(errNoSlot)
	}
	p := &metadata.Package{CPV: d.cpv, Origin: metadata.Installed, File: d.path}
	var err error
	// Sub-slots are recorded whatever the EAPI (its own default, PMS 7.2).
	if p.Slot, p.SubSlot, err = metadata.ParseSlot(s.intern(s.value(fileSLOT)), eapi.Latest()); err != nil {
		return bad(fmt.Errorf("SLOT: %w", err))
	}
	p.EAPIName = s.intern(s.value(fileEAPI))
	if p.EAPIName == "" {
		p.EAPIName = "0"
	}
	p.EAPI, _ = eapi.Lookup(p.EAPIName)
	p.Repo = s.intern(s.value(fileRepository))
	p.Keywords = s.wordList(s.value(fileKEYWORDS))
	if s.present[fileIUSE_EFFECTIVE] {
		p.IUSEEffective = s.flagSet(s.value(fileIUSE_EFFECTIVE))
	}
	problems := s.own(p)
	return p, append(problems, s.numbers(p)...)
}

// findNUL reports the first file with a NUL byte: PMS text never has one, and
// a crash on some file systems leaves files full of them.
func (s *scratch) findNUL() error {
	at := bytes.IndexByte(s.blob, 0)
	if at < 0 {
		return nil
	}
	for id, x := range s.extents {
		if x.from <= at && at < x.to {
			return &fileError{fileNames[id], errNUL}
		}
	}
	return errNUL
}

// own fills the fields whose text is particular to this package. They share
// one string, so that a package costs one allocation for all its text.
// A bad IUSE is reported; the flags before the bad one count.
func (s *scratch) own(p *metadata.Package) (problems []Problem) {
	end := 0
	for id := range firstShared {
		end = max(end, s.extents[id].to)
	}
	text := string(s.blob[:end])
	value := func(id fileID) string {
		x := s.extents[id]
		return strings.TrimSpace(text[x.from:x.to])
	}
	var err error
	if p.IUSE, err = metadata.ParseIUSE(value(fileIUSE), eapi.Latest()); err != nil {
		problems = []Problem{{Path: filepath.Join(p.File, "IUSE"), Kept: true, Err: err}}
	}
	p.Use = sortedFlags(value(fileUSE))
	p.Raw = make(map[string]string, 12)
	for _, id := range [...]fileID{fileDEPEND, fileBDEPEND, fileIDEPEND, fileRDEPEND, filePDEPEND,
		fileREQUIRED_USE, filePROVIDES, fileREQUIRES} {
		if v := value(id); v != "" {
			p.Raw[fileNames[id]] = v
		}
	}
	for _, id := range [...]fileID{fileDEFINED_PHASES, fileLICENSE, filePROPERTIES, fileRESTRICT, fileCHOST} {
		if v := s.value(id); len(v) > 0 {
			p.Raw[fileNames[id]] = s.intern(v)
		}
	}
	return problems
}

// numbers fills BUILD_TIME, COUNTER and BUILD_ID. Nothing that matters for
// correctness depends on them, so a bad one is reported and counts as unknown.
func (s *scratch) numbers(p *metadata.Package) []Problem {
	var problems []Problem
	number := func(id fileID, limit int64) int64 {
		text := s.value(id)
		if len(text) == 0 {
			return 0
		}
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil || n < 0 || n > limit {
			problems = append(problems, Problem{
				Path: filepath.Join(p.File, fileNames[id]), Kept: true,
				Err: fmt.Errorf("%.40q is not a number in range; taken as unknown", text),
			})
			return 0
		}
		return n
	}
	p.BuildTime = number(fileBUILD_TIME, math.MaxInt64)
	p.Counter = number(fileCOUNTER, math.MaxInt64)
	p.BuildID = int(number(fileBUILD_ID, math.MaxInt32))
	return problems
}

// sortedFlags splits a flag list; recorded ones are sorted nearly always.
func sortedFlags(text string) metadata.UseSet {
	words := strings.Fields(text)
	for i := 1; i < len(words); i++ {
		if words[i-1] >= words[i] {
			return metadata.NewUseSet(words)
		}
	}
	return words
}

// wordList is strings.Fields with one shared result for equal values.
func (s *scratch) wordList(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	if v, ok := s.words[string(b)]; ok {
		return v
	}
	text := string(b)
	v := strings.Fields(text)
	s.words[text] = v
	return v
}

// flagSet is sortedFlags with one shared result for equal values. It is never
// nil: IUSE_EFFECTIVE was recorded, be it empty.
func (s *scratch) flagSet(b []byte) metadata.UseSet {
	if v, ok := s.flagSets[string(b)]; ok {
		return v
	}
	text := string(b)
	v := sortedFlags(text)
	if v == nil {
		v = metadata.UseSet{}
	}
	s.flagSets[text] = v
	return v
}
