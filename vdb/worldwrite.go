package vdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/internal/rootfs"
)

// The files of what the user asked for.
const (
	worldFile     = privateDir + "/world"
	worldSetsFile = privateDir + "/world_sets"
)

// maxWorldBytes bounds a world file that is rewritten.
const maxWorldBytes = 8 << 20

// WorldEdit is a change of the world file (atoms) and of world_sets ("@name").
type WorldEdit struct {
	// Add are packages and sets that were asked for. A package is recorded as
	// "category/name" or "category/name:slot"; WorldName makes that of an atom.
	Add []string
	// Remove are lines to take out, as they stand there (WorldAtom.Text).
	Remove []string
}

// WorldName is what the world file records of an atom that was asked for: its name,
// its slot and its repository if it had them; versions, sub-slots and USE are
// dropped. "" for a blocker or an atom with wildcards, which cannot be recorded.
func WorldName(a *atom.Atom) string {
	if a.Wild || a.Blocker != 0 || a.Category == "" {
		return ""
	}
	name := a.CP.String()
	if a.Slot != "" {
		name += ":" + a.Slot
	}
	if a.Repo != "" {
		name += "::" + a.Repo
	}
	return name
}

// Unneeded lists the lines of the world file that are about name and match no
// installed package any more: those that go when the last of them was uninstalled.
// installed says whether an installed package matches.
func (w *World) Unneeded(name atom.CP, installed func(*atom.Atom) bool) []string {
	var out []string
	for _, a := range w.Atoms {
		if a.Atom.CP == name && !installed(a.Atom) {
			out = append(out, a.Text)
		}
	}
	return out
}

// EditWorld changes the world files, each in one step, under Portage's lock of
// them. The lines come out sorted, as from Portage; other than Portage it keeps
// comments (with the line below them) and lines it does not understand. The world
// file is made if it is missing, world_sets when something is added.
func (s State) EditWorld(ctx context.Context, e WorldEdit, waiting func(holder string)) (err error) {
	for _, line := range e.Add {
		if err := checkWorldLine(line); err != nil {
			return fmt.Errorf("%q cannot be added to the world file: %w", line, err)
		}
	}
	unlock, err := s.lock(ctx, worldLockFile, waiting)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	isSet := func(line string) bool { return strings.HasPrefix(line, "@") }
	isAtom := func(line string) bool { return !isSet(line) }
	if err := s.editLines(worldFile, filter(e.Add, isAtom), e.Remove); err != nil {
		return err
	}
	there, err := rootfs.Exists(s.FS, worldSetsFile)
	if err != nil {
		return err
	}
	if !there && len(e.Add) == 0 {
		return nil
	}
	return s.editLines(worldSetsFile, filter(e.Add, isSet), filter(e.Remove, isSet))
}

func filter(list []string, keep func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !keep(s) })
}

func checkWorldLine(line string) error {
	w := new(World)
	if line == "" || len(line) >= maxWorldLine || strings.ContainsAny(line, " \t\r\n#") {
		return errors.New("not a package or set name")
	}
	return w.addAtom(line, metadata.Source{Text: line})
}

// worldLine is a line with the comments above it.
type worldLine struct {
	above []string
	text  string // without a comment behind it: what it is sorted by
	line  string
}

func (s State) editLines(name string, add, remove []string) error {
	old, err := readSmall(s.FS, name, maxWorldBytes)
	if err != nil && !rootfs.IsAbsent(err) {
		return fmt.Errorf("the world file cannot be changed: %w", err)
	}
	lines, rest := splitWorld(string(old))
	lines = slices.DeleteFunc(lines, func(l worldLine) bool { return slices.Contains(remove, l.text) })
	for _, a := range add {
		if !slices.ContainsFunc(lines, func(l worldLine) bool { return l.text == a }) {
			lines = append(lines, worldLine{text: a, line: a})
		}
	}
	slices.SortStableFunc(lines, func(a, b worldLine) int { return strings.Compare(a.text, b.text) })
	var out strings.Builder
	for _, l := range lines {
		for _, c := range l.above {
			out.WriteString(c + "\n")
		}
		out.WriteString(l.line + "\n")
	}
	for _, c := range rest {
		out.WriteString(c + "\n")
	}
	if err := s.Write(name, []byte(out.String()), 0o644); err != nil {
		return fmt.Errorf("the world file cannot be changed: %w", err)
	}
	return nil
}

// splitWorld takes a world file apart; rest are the comments below the last line.
func splitWorld(text string) (lines []worldLine, rest []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		bare, _, _ := strings.Cut(line, "#")
		bare = strings.TrimSpace(bare)
		switch {
		case strings.TrimSpace(line) == "":
		case bare == "":
			rest = append(rest, line)
		default:
			l := worldLine{above: rest, text: bare, line: strings.TrimSpace(line)}
			rest = nil
			if i := slices.IndexFunc(lines, func(o worldLine) bool { return o.text == bare }); i >= 0 {
				lines[i].above = append(lines[i].above, l.above...)
				continue
			}
			lines = append(lines, l)
		}
	}
	return lines, rest
}
