package vdb

import (
	"errors"
	"fmt"
	"sync"
)

// fileID names a file of an entry that the resolver reads. The values index
// scratch.values. Those before firstShared are mostly different in every
// package; the others repeat a lot and are interned.
type fileID int

const (
	fileDEPEND fileID = iota
	fileBDEPEND
	fileIDEPEND
	fileRDEPEND
	filePDEPEND
	fileIUSE
	fileUSE
	fileREQUIRED_USE
	filePROVIDES
	fileREQUIRES
	fileBUILD_TIME
	fileCOUNTER
	fileBUILD_ID
	fileSLOT
	fileEAPI
	fileRepository
	fileKEYWORDS
	fileIUSE_EFFECTIVE
	fileDEFINED_PHASES
	fileLICENSE
	filePROPERTIES
	fileRESTRICT
	fileCHOST
	numFiles

	firstShared = fileSLOT
)

// fileNames gives the name on disk. It is never written to.
var fileNames = [numFiles]string{
	fileDEPEND: "DEPEND", fileBDEPEND: "BDEPEND", fileIDEPEND: "IDEPEND",
	fileRDEPEND: "RDEPEND", filePDEPEND: "PDEPEND",
	fileIUSE: "IUSE", fileUSE: "USE", fileREQUIRED_USE: "REQUIRED_USE",
	filePROVIDES: "PROVIDES", fileREQUIRES: "REQUIRES",
	fileBUILD_TIME: "BUILD_TIME", fileCOUNTER: "COUNTER", fileBUILD_ID: "BUILD_ID",
	fileSLOT: "SLOT", fileEAPI: "EAPI", fileRepository: "repository",
	fileKEYWORDS: "KEYWORDS", fileIUSE_EFFECTIVE: "IUSE_EFFECTIVE",
	fileDEFINED_PHASES: "DEFINED_PHASES", fileLICENSE: "LICENSE",
	filePROPERTIES: "PROPERTIES", fileRESTRICT: "RESTRICT", fileCHOST: "CHOST",
}

// lookupFile finds the fileID of a directory member. The compiler makes the
// conversions in a switch free of allocation.
func lookupFile(name []byte) (fileID, bool) {
	switch string(name) {
	case "DEPEND":
		return fileDEPEND, true
	case "BDEPEND":
		return fileBDEPEND, true
	case "IDEPEND":
		return fileIDEPEND, true
	case "RDEPEND":
		return fileRDEPEND, true
	case "PDEPEND":
		return filePDEPEND, true
	case "IUSE":
		return fileIUSE, true
	case "USE":
		return fileUSE, true
	case "REQUIRED_USE":
		return fileREQUIRED_USE, true
	case "PROVIDES":
		return filePROVIDES, true
	case "REQUIRES":
		return fileREQUIRES, true
	case "BUILD_TIME":
		return fileBUILD_TIME, true
	case "COUNTER":
		return fileCOUNTER, true
	case "BUILD_ID":
		return fileBUILD_ID, true
	case "SLOT":
		return fileSLOT, true
	case "EAPI":
		return fileEAPI, true
	case "repository":
		return fileRepository, true
	case "KEYWORDS":
		return fileKEYWORDS, true
	case "IUSE_EFFECTIVE":
		return fileIUSE_EFFECTIVE, true
	case "DEFINED_PHASES":
		return fileDEFINED_PHASES, true
	case "LICENSE":
		return fileLICENSE, true
	case "PROPERTIES":
		return filePROPERTIES, true
	case "RESTRICT":
		return fileRESTRICT, true
	case "CHOST":
		return fileCHOST, true
	}
	return 0, false
}

// maxEntryBytes bounds what is read of one entry; real ones are below 200 kB.
const maxEntryBytes = 16 << 20

var (
	errTooLarge   = fmt.Errorf("larger than %d MB", maxEntryBytes>>20)
	errNotRegular = errors.New("not a regular file")
)

// fileError says which file of an entry could not be read.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string { return e.name + ": " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// extent is where a file's text is in scratch.blob.
type extent struct{ from, to int }

// scratch is the memory one worker reuses from entry to entry.
type scratch struct {
	blob    []byte // texts of the files of the current entry
	extents [numFiles]extent
	present [numFiles]bool
	dirents []byte // buffer for directory listings

	strings  map[string]string   // interned values
	words    map[string][]string // interned word lists
	flagSets map[string][]string // interned sorted word lists (IUSE_EFFECTIVE)
}

func newScratch() *scratch {
	return &scratch{
		blob:     make([]byte, 0, 32<<10),
		dirents:  make([]byte, 16<<10),
		strings:  make(map[string]string, 256),
		words:    make(map[string][]string, 256),
		flagSets: make(map[string][]string, 256),
	}
}

// reset forgets the current entry, and gives back memory a huge one took.
func (s *scratch) reset() {
	if cap(s.blob) > 1<<20 {
		s.blob = make([]byte, 0, 32<<10)
	}
	s.blob = s.blob[:0]
	s.extents = [numFiles]extent{}
	s.present = [numFiles]bool{}
}

// value is the text of a file without surrounding white space, "" if absent.
func (s *scratch) value(id fileID) []byte {
	x := s.extents[id]
	return trimSpace(s.blob[x.from:x.to])
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// intern returns one string for all equal values. Long ones are not kept.
func (s *scratch) intern(b []byte) string {
	if v, ok := s.strings[string(b)]; ok {
		return v
	}
	v := string(b)
	if len(b) <= 512 {
		s.strings[v] = v
	}
	return v
}

// scratchPool hands out scratches; unlike sync.Pool it does not lose the
// interned strings at the next garbage collection.
type scratchPool struct {
	mu   sync.Mutex
	free []*scratch
}

func (p *scratchPool) get() *scratch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		return s
	}
	return newScratch()
}

func (p *scratchPool) put(s *scratch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
}
