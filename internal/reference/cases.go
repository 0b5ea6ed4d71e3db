package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/internal/emergeopts"
)

// referenceCase is one recorded request with its answer.
type referenceCase struct {
	Name     string       `json:"case"`
	System   string       `json:"system"`
	Options  []string     `json:"options"`
	Request  []string     `json:"request"`
	Complete *bool        `json:"merge_list_complete"`
	List     []mergeEntry `json:"merge_list"`
	Graph    []string     `json:"graph_unordered"` // cpvs; the whole set where the list is partial
	Removed  []string     `json:"depclean"`        // cpvs that a removal takes away
	Note     string       `json:"note"`

	Exit          int               `json:"exit"`
	Autounmask    proposal          `json:"autounmask"`
	Circular      bool              `json:"circular"`
	SlotConflicts []json.RawMessage `json:"slot_conflicts"`
	Unsatisfied   []json.RawMessage `json:"unsatisfied"`
	Blockers      []json.RawMessage `json:"unsatisfied_blockers"`
}

// proposal are the configuration changes that the recorded answer asks for.
type proposal struct {
	Use      map[string]map[string]bool `json:"use"`
	Keywords []string                   `json:"keywords"`
	Unmask   []string                   `json:"unmask"`
	License  map[string][]string        `json:"license"`
}

type mergeEntry struct {
	Merge string `json:"merge"` // N, NS, U, UD, R, uninstall
	CPV   string `json:"cpv"`
	Use   string `json:"use"` // enabled flags among the ebuild's own IUSE
}

// counts reports whether the recorded answer is a whole set to compare with.
func (c *referenceCase) counts() bool {
	return len(c.Graph) > 0 || c.Complete == nil || *c.Complete
}

func (c *referenceCase) isRemoval() bool {
	for _, o := range c.Options {
		if o == "--depclean" {
			return true
		}
	}
	return false
}

func readCases(dir, only string) ([]*referenceCase, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: no recorded answers (*.json) there", dir)
	}
	sort.Strings(paths)
	var cases []*referenceCase
	for _, path := range paths {
		if !strings.Contains(filepath.Base(path), only) {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c := &referenceCase{}
		if err := json.Unmarshal(data, c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("no case is called %q", only)
	}
	return cases, nil
}

// resolveRequest translates the recorded command line. Its options are written
// as "-puvDN", "--name" or "--name=value".
func (c *referenceCase) resolveRequest(compat bool) (portsolve.Request, error) {
	r := portsolve.Request{Args: c.Request}
	for _, option := range c.Options {
		if long, ok := strings.CutPrefix(option, "--"); ok {
			name, value, found := strings.Cut(long, "=")
			if !found {
				value = "true"
			} else if name == "autounmask" && value == "y" {
				value = "true" // emerge's own parser takes =y for the bare option
			}
			if err := emergeopts.Set(&r.Options, "--"+name, value); err != nil {
				return r, err
			}
			continue
		}
		for _, letter := range []byte(strings.TrimPrefix(option, "-")) {
			name, err := longName(letter)
			if err == nil {
				err = emergeopts.Set(&r.Options, name, "true")
			}
			if err != nil {
				return r, err
			}
		}
	}
	r.Options.Compat = compat
	return r, nil
}

func longName(letter byte) (string, error) {
	for _, o := range emergeopts.All() {
		if o.Short == letter {
			return o.Name, nil
		}
	}
	return "", fmt.Errorf("option -%c is not known", letter)
}
