package repo

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/eapi"
	"github.com/portsolve/portsolve/atom/metadata"
)

// Move is one line of profiles/updates (PMS 4.4.4).
type Move struct {
	Source           metadata.Source
	From, To         atom.CP    // "move"; of a "slotmove" both are the atom's name
	Slot             *atom.Atom // "slotmove": the atom, nil for move
	FromSlot, ToSlot string
}

// Updates returns the moves of the repository in order of application: files
// by year and quarter, then other names in alphabetical order. Lines that are wrong
// are left out; Set.Moves reports them.
func (r *Repo) Updates() ([]Move, error) {
	moves, _, err := r.readUpdates()
	return moves, err
}

func (r *Repo) readUpdates() (moves []Move, warnings []string, err error) {
	dir := filepath.Join(r.Location, "profiles", "updates")
	files, err := r.updateFiles(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f)
		lines, err := readLines(path)
		if err != nil {
			return nil, nil, err
		}
		for _, l := range lines {
			m, err := parseMove(l.fields)
			src := metadata.Source{File: path, Line: l.num, Text: strings.Join(l.fields, " ")}
			if err != nil {
				warnings = append(warnings, fmt.Sprintf("%s:%d: %q is ignored: %v", path, l.num, src.Text, err))
				continue
			}
			m.Source = src
			moves = append(moves, m)
		}
	}
	return moves, warnings, nil
}

// updateFiles lists the files of the updates directory in order. Names other
// than "[1-4]Q-YYYY" count where the EAPI of the profiles directory allows them.
func (r *Repo) updateFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if notThere(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e, _ := eapi.Lookup(r.ProfilesEAPI)
	// EAPI 8 lifted the rule for names (PMS 4.4.4). The feature table has no column
	// for it; IDEPEND came with the same EAPI.
	anyName := e != nil && e.IDepend
	var out []string
	for _, f := range entries {
		name := f.Name()
		if name[0] == '.' || isDirEntry(dir, f) {
			continue
		}
		if anyName || quarterKey(name) != "" {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		ka, kb := quarterKey(a), quarterKey(b)
		if (ka == "") != (kb == "") {
			return cmp.Compare(len(kb), len(ka))
		}
		return cmp.Or(cmp.Compare(ka, kb), cmp.Compare(a, b))
	})
	return out, nil
}

// quarterKey turns "3Q-2021" into "20213", which sorts by time; "" if name is
// not of that form.
func quarterKey(name string) string {
	if len(name) != 7 || name[0] < '1' || name[0] > '4' || name[1:3] != "Q-" {
		return ""
	}
	for _, c := range name[3:] {
		if c < '0' || c > '9' {
			return ""
		}
	}
	return name[3:] + name[:1]
}

func parseMove(f []string) (Move, error) {
	switch {
	case f[0] == "move" && len(f) == 3:
		from, err := atom.ParseCP(f[1])
		if err != nil {
			return Move{}, err
		}
		to, err := atom.ParseCP(f[2])
		if err != nil {
			return Move{}, err
		}
		return Move{From: from, To: to}, nil
	case f[0] == "slotmove" && len(f) == 4:
		a, err := atom.Parse(f[1], eapi.Latest())
		if err != nil {
			return Move{}, err
		}
		if a.Blocker != atom.NotBlocker || a.Slot != "" || a.SlotOp != atom.SlotOpNone || len(a.Use) > 0 || a.Repo != "" {
			return Move{}, errors.New("the atom of a slotmove has only a name and a version")
		}
		for _, slot := range f[2:] {
			if err := atom.CheckSlotName(slot); err != nil {
				return Move{}, err
			}
		}
		return Move{From: a.CP, To: a.CP, Slot: a, FromSlot: f[2], ToSlot: f[3]}, nil
	}
	return Move{}, errors.New("the line should be \"move CAT/OLD CAT/NEW\" or \"slotmove ATOM FROM TO\"")
}
