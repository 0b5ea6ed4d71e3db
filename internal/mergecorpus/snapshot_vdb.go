package mergecorpus

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// vdb lists what is below var/db/pkg, by category and name.
func (w *World) vdb() (map[string]*VDBEntry, error) {
	out := map[string]*VDBEntry{}
	dir := filepath.Join(w.Root, vdbDir)
	categories, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	for _, c := range categories {
		if !c.IsDir() {
			if out[c.Name()], err = w.plainFile(filepath.Join(dir, c.Name())); err != nil {
				return nil, err
			}
			continue
		}
		if err := w.category(out, dir, c.Name()); err != nil {
			return nil, err
		}
	}
	return out, err
}

func (w *World) category(out map[string]*VDBEntry, dir, category string) error {
	entries, err := os.ReadDir(filepath.Join(dir, category))
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		out[category] = &VDBEntry{EmptyCategory: true}
	}
	for _, e := range entries {
		name, path := category+"/"+e.Name(), filepath.Join(dir, category, e.Name())
		if e.IsDir() {
			out[name], err = w.vdbEntry(path)
		} else {
			out[name], err = w.plainFile(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *World) plainFile(path string) (*VDBEntry, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	size := st.Size()
	return &VDBEntry{PlainFile: &size}, nil
}

func (w *World) vdbEntry(dir string) (*VDBEntry, error) {
	var st syscall.Stat_t
	if err := syscall.Lstat(dir, &st); err != nil {
		return nil, err
	}
	uid, gid := int(st.Uid), int(st.Gid)
	e := &VDBEntry{Mode: fmt.Sprintf("%04o", st.Mode&0o7777), UID: &uid, GID: &gid, Files: map[string]any{}}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := w.vdbFile(e, dir, f.Name()); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (w *World) vdbFile(e *VDBEntry, dir, name string) error {
	path := filepath.Join(dir, name)
	st, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		e.Files[name] = "not a regular file: " + st.Mode().String()
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mode := fmt.Sprintf("%04o", st.Mode().Perm())
	switch {
	case name == "CONTENTS":
		lines, n := w.contents(string(text))
		e.Contents = &lines
		e.Files[name] = map[string]any{"lines": float64(n), "note": "order of lines follows directory order; see contents"}
	case name == "environment.bz2":
		e.Files[name] = map[string]any{"present": true, "mode": mode}
	case strings.HasSuffix(name, ".ebuild"):
		sum := md5.Sum(text)
		e.Files[name] = map[string]any{"md5": hex.EncodeToString(sum[:]), "size": float64(len(text)), "mode": mode}
	case mode != "0644":
		e.Files[w.normalise(name)] = map[string]any{"text": string(text), "mode": mode}
	default:
		e.Files[name] = e.normalised(name, string(text))
	}
	return nil
}

// normalised puts words in place of values that no two runs share.
func (e *VDBEntry) normalised(name, text string) string {
	switch name {
	case "BUILD_TIME":
		return "<BUILD_TIME>\n"
	case "COUNTER":
		counter := text
		e.Counter = &counter
		return "<COUNTER>"
	case "metadata":
		return volatileMetadata.ReplaceAllString(text, "$1=<normalised>")
	}
	return text
}

var volatileMetadata = regexp.MustCompile(`(?m)^(BUILD_TIME|COUNTER|#dir_mtime)=.*$`)

// contents parses CONTENTS; broken lines stay what they are.
func (w *World) contents(text string) (list []ContentsLine, lines int) {
	list = []ContentsLine{}
	for line := range strings.Lines(text) {
		lines++
		list = append(list, w.contentsLine(strings.TrimSuffix(line, "\n")))
	}
	slices.SortFunc(list, compareLines)
	return list, lines
}

func compareLines(a, b ContentsLine) int {
	if c := strings.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	return strings.Compare(string(marshal(a)), string(marshal(b)))
}

// contentsLine parses one line: paths may hold spaces, so "obj" is read from
// the right.
func (w *World) contentsLine(line string) ContentsLine {
	kind, rest, _ := strings.Cut(line, " ")
	broken := ContentsLine{Type: "broken", Path: line}
	switch kind {
	case "obj":
		rest, mtime, ok := cutLast(rest, " ")
		path, sum, ok2 := cutLast(rest, " ")
		if !ok || !ok2 {
			return broken
		}
		return ContentsLine{Type: kind, Path: path, MD5: sum, MTime: w.lineTime(mtime)}
	case "sym":
		path, rest, ok := strings.Cut(rest, " -> ")
		target, mtime, ok2 := cutLast(rest, " ")
		if !ok || !ok2 {
			return broken
		}
		return ContentsLine{Type: kind, Path: path, Target: &target, MTime: w.lineTime(mtime)}
	case "dir", "fif", "dev":
		return ContentsLine{Type: kind, Path: rest}
	}
	return broken
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (w *World) lineTime(s string) any {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return s
	}
	if n >= w.started.Unix() {
		return now
	}
	return float64(n)
}
