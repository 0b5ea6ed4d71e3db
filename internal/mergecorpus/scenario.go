package mergecorpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// Scenario is one directory of the corpus.
type Scenario struct {
	Dir          string            `json:"-"`
	Name         string            `json:"name"` // without its number
	Title        string            `json:"title"`
	Env          map[string]string `json:"env"`
	Before       []Action          `json:"before"`
	Ops          []Op              `json:"ops"`
	Number       int               `json:"number"`
	BaseFeatures string            `json:"base_features"`
	PkgDir       string            `json:"pkgdir"`
	Mounts       []Action          `json:"mounts"`
}

// ID is the name of the scenario's directory: number and name.
func (s *Scenario) ID() string { return filepath.Base(s.Dir) }

// Op is one step. Op says which fields matter: "merge" (emerge -K) and "unmerge" (emerge -C) take Atoms, "emerge"
// and "tool" Args, "edit" Actions.
type Op struct {
	Op      string            `json:"op"`
	Atoms   []string          `json:"atoms"`
	OneShot *bool             `json:"oneshot"` // nil means true
	Opts    []string          `json:"opts"`
	Env     map[string]string `json:"env"`
	Args    []string          `json:"args"`
	Tool    string            `json:"tool"`
	Actions []Action          `json:"actions"`
	// Kill is "event|regex|n" of Portage's own calls; what is killed of ours is another question.
	Kill  string `json:"kill"`
	Trace int    `json:"trace"`
	// Raw is the step as it stands in the file.
	Raw json.RawMessage `json:"-"`
}

// Action is one change to the tree: a verb and its arguments.
type Action []any

// UnmarshalJSON keeps the text of the step beside its fields.
func (o *Op) UnmarshalJSON(data []byte) error {
	type plain Op
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode((*plain)(o)); err != nil {
		return err
	}
	o.Raw = bytes.Clone(data)
	return nil
}

// Killed reports whether a step of the scenario is one that Portage did not survive.
func (s *Scenario) Killed() bool {
	for i := range s.Ops {
		if s.Ops[i].Kill != "" {
			return true
		}
	}
	return false
}

// Read reads the scenarios of a directory whose IDs match, by number. A nil
// match takes all of them.
func Read(dir string, match *regexp.Regexp) ([]*Scenario, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "scenario.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no scenarios there (NN-name/scenario.json)", dir)
	}
	var out []*Scenario
	for _, file := range files {
		s, err := readScenario(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if match == nil || match.MatchString(s.ID()) {
			out = append(out, s)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Number < out[j].Number })
	return out, nil
}

func readScenario(file string) (*Scenario, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &Scenario{Dir: filepath.Dir(file)}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return nil, err
	}
	for i := range s.Ops {
		if err := s.Ops[i].check(); err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return s, checkActions(s.Before)
}

func (o *Op) check() error {
	switch o.Op {
	case "merge", "unmerge":
		if len(o.Atoms) == 0 {
			return fmt.Errorf("%s of nothing", o.Op)
		}
	case "edit":
		return checkActions(o.Actions)
	case "emerge":
	case "tool":
		if o.Tool != "env-update" {
			return fmt.Errorf("unknown tool %q", o.Tool)
		}
	default:
		return fmt.Errorf("unknown operation %q", o.Op)
	}
	return nil
}

// Recorded reads the state that Portage left: before its first step for 0, or
// after step k.
func (s *Scenario) Recorded(k int) (*State, error) {
	name := "before.json"
	if k > 0 {
		name = fmt.Sprintf("after-%d.json", k)
	}
	path := filepath.Join(s.Dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	st := new(State)
	if err := json.Unmarshal(text, st); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return st, nil
}

// Environment is what a step runs with. FEATURES is incremental, after the base.
func (s *Scenario) Environment(o *Op) map[string]string {
	env := map[string]string{}
	for name, value := range s.Env {
		env[name] = value
	}
	for name, value := range o.Env {
		env[name] = value
	}
	env["FEATURES"] = strings.TrimSpace(s.BaseFeatures + " " + env["FEATURES"])
	return env
}
