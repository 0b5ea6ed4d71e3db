package vdb

import (
	"bytes"
	"strconv"
	"strings"
)

// cacheName is the file of an entry that holds its short values in one piece, as
// Portage (from 3.0.70 on) writes it after everything else. Its last line has the
// time of modification of the entry's directory in nanoseconds; if that is not the
// directory's, readers ignore the file, so that whoever changes an entry makes it
// invalid and nothing worse.
const cacheName = "metadata"

// cacheEnd begins its last line.
const cacheEnd = "#dir_mtime="

// cached are the files whose values it holds, where they exist, sorted.
var cached = [...]string{"BDEPEND", "BUILD_ID", "BUILD_TIME", "CHOST", "COUNTER", "DEFINED_PHASES", "DEPEND",
	"DESCRIPTION", "EAPI", "HOMEPAGE", "IDEPEND", "IUSE", "KEYWORDS", "LICENSE", "PDEPEND", "PROPERTIES", "PROVIDES",
	"RDEPEND", "REQUIRES", "RESTRICT", "SLOT", "USE", "repository"}

// cacheText is the content of the file for an entry with these files.
func cacheText(files map[string][]byte, dirMTime int64) []byte {
	var out bytes.Buffer
	out.WriteString("#format=1\n")
	for _, name := range cached {
		text, ok := files[name]
		if !ok {
			continue
		}
		value := strings.TrimSpace(string(text))
		if strings.ContainsAny(value, "\n\r") {
			value = strings.Join(strings.Fields(value), " ")
		}
		out.WriteString(name + "=" + value + "\n")
	}
	out.WriteString(cacheEnd + strconv.FormatInt(dirMTime, 10) + "\n")
	return out.Bytes()
}
