package merge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/portsolve/portsolve/atom"
)

// Action is what a step does.
type Action string

// Actions.
const (
	Install   Action = "install"   // a binary package; it replaces what is installed in its slot
	Uninstall Action = "uninstall" // an installed package
)

// Plan is what Run does, in this order.
type Plan struct {
	Steps []Step `json:"steps"`
}

// Step is one package of a plan.
type Step struct {
	Action Action `json:"action"`
	// CPV of the package: "cat/pkg-1.2-r3".
	CPV string `json:"cpv"`
	// Slot of the package without sub-slot. For Install it may be empty (the package
	// knows); if it is set, a package of another slot is refused.
	Slot string `json:"slot,omitempty"`
	// File is the package file of an Install on this machine, absolute or relative to
	// Target.PkgDir.
	File string `json:"file,omitempty"`
	// BuildID of the package file if the plan was made for one build; 0 any.
	BuildID int `json:"build_id,omitempty"`
	// MD5 and SHA1 of the package file in hexadecimal and its Size in bytes, if they
	// were known when the plan was made. They are all that protects an XPAK file.
	MD5  string `json:"md5,omitempty"`
	SHA1 string `json:"sha1,omitempty"`
	Size int64  `json:"size,omitempty"`
	// Select are atoms for the world file, and "@set" for world_sets, recorded when the
	// package has been merged.
	Select []string `json:"select,omitempty"`
	// Deselect are atoms that leave the world file when the package is uninstalled.
	Deselect []string `json:"deselect,omitempty"`
	// Blocks are installed packages that this Install may take files over from,
	// because a later Uninstall of the plan removes them (soft blockers), as CPVs.
	Blocks []string `json:"blocks,omitempty"`
	// After are indices of earlier steps without which this one is not done
	// (Options.KeepGoing).
	After []int `json:"after,omitempty"`
	// Unmet is a package for another root that this step needs and that was not done: then this one is not done either.
	Unmet string `json:"-"`
	// Reason is shown to people: "blocked by cat/other-2".
	Reason string `json:"reason,omitempty"`
}

// ReadPlan reads a plan as JSON. Unknown fields, missing names and unknown actions
// are errors that name the step.
func ReadPlan(r io.Reader) (*Plan, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	p := new(Plan)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("the plan cannot be read: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("the plan cannot be read: something follows it")
	}
	return p, p.Check()
}

// WriteJSON writes a plan as ReadPlan reads it.
func (p *Plan) WriteJSON(w io.Writer) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Check finds steps that cannot be meant. All of them are told.
func (p *Plan) Check() error {
	var all []error
	for i := range p.Steps {
		if err := p.Steps[i].check(i); err != nil {
			all = append(all, fmt.Errorf("step %d of the plan: %w", i+1, err))
		}
	}
	return errors.Join(all...)
}

func (s *Step) check(at int) error {
	for _, i := range s.After {
		if i < 0 || i >= at {
			return fmt.Errorf("%s: it comes after step %d, which is not before it", s.CPV, i+1)
		}
	}
	if _, err := atom.ParseCPV(s.CPV); err != nil {
		return err
	}
	switch s.Action {
	case Install:
		if s.File == "" {
			return fmt.Errorf("%s: no package file is named", s.CPV)
		}
	case Uninstall:
		if s.File != "" || len(s.Select) > 0 || len(s.Blocks) > 0 {
			return fmt.Errorf("%s: an uninstall has no file, no select and no blocks", s.CPV)
		}
	default:
		return fmt.Errorf("%s: the action is %q; known are %q and %q", s.CPV, s.Action, Install, Uninstall)
	}
	return nil
}
