package main

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

// document is one file of the corpus: one test function of another resolver.
type document struct {
	Name            string     `json:"-"` // file name without ".json"
	ExpectedFailure bool       `json:"expected_failure"`
	Scenarios       []scenario `json:"scenarios"`
}

// scenario is one on-disk fixture and the requests made on it.
type scenario struct {
	Fixture      fixture      `json:"fixture"`
	Cases        []testCase   `json:"cases"`
	BinpkgFormat string       `json:"binpkg_format"` // gpkg or xpak
	SameAs       *int         `json:"same_but_for_binpkg_format_as"`
	Preexisting  []fileChange `json:"preexisting_files"`
	Packages     []packageRow `json:"packages"`
}

type fixture struct {
	Ebuilds     []fixturePackage               `json:"ebuilds"`
	Installed   []fixturePackage               `json:"installed"`
	Binpkgs     []fixturePackage               `json:"binpkgs"`
	Binrepos    []fixtureBinrepo               `json:"binrepos"`
	Profile     map[string][]string            `json:"profile"`
	RepoConfigs map[string]map[string][]string `json:"repo_configs"`
	UserConfig  map[string][]string            `json:"user_config"`
	Sets        map[string][]string            `json:"sets"`
	World       []string                       `json:"world"`
	WorldSets   []string                       `json:"world_sets"`
	Eclasses    map[string][]string            `json:"eclasses"`
	TargetRoot  bool                           `json:"targetroot"`
}

// fixtureBinrepo is a binary host.
type fixtureBinrepo struct {
	Name    string           `json:"name"`
	Binpkgs []fixturePackage `json:"binpkgs"`
}

type fixturePackage struct {
	CPV          string  `json:"cpv"` // may end in "::repo"
	EffectiveCPV string  `json:"effective_cpv"`
	Metadata     ordered `json:"metadata"`
}

// split gives category, package-version and repository.
func (p fixturePackage) split() (category, pf, repo string, err error) {
	cpv, repo, found := strings.Cut(p.CPV, "::")
	if !found {
		repo = mainRepo
	}
	if p.EffectiveCPV != "" {
		cpv, _, _ = strings.Cut(p.EffectiveCPV, "::")
	}
	category, pf, found = strings.Cut(cpv, "/")
	if !found || category == "" || pf == "" || strings.Contains(pf, "/") {
		return "", "", "", fmt.Errorf("fixture package %q is not category/package-version", p.CPV)
	}
	return category, pf, repo, nil
}

// fileChange is a file that the test itself wrote.
type fileChange struct {
	Path    string          `json:"path"`
	Change  string          `json:"change"` // added, changed, removed; "" in preexisting_files
	Content json.RawMessage `json:"content"`
}

// testCase is one request with its expectation.
type testCase struct {
	Request     []string                   `json:"request"`
	Options     map[string]json.RawMessage `json:"options"`
	Action      *string                    `json:"action"`
	Effective   *string                    `json:"effective_action"`
	Direct      bool                       `json:"direct"`
	Flags       map[string]bool            `json:"flags"`
	Before      [][2]string                `json:"merge_order_assertions"`
	Expected    map[string]any             `json:"expected"`
	Actual      recorded                   `json:"actual"`
	Orders      []permutation              `json:"permutations"`
	Mutations   []fileChange               `json:"fixture_mutations"`
	PassesThere *bool                      `json:"passes_in_portage"`
}

// recorded is what the other resolver answered.
type recorded struct {
	Checks map[string]any `json:"checks"`
}

type permutation struct {
	Request []string `json:"request"`
	Actual  recorded `json:"actual"`
}

// counted reports whether the case states an expectation. 616 cases of the 183
// shared files do: 629 are left without the 32 scenarios that repeat another
// one in a second binary-package format (same_but_for_binpkg_format_as); 9 of
// them are direct and 4 expect an exception.
func (c *testCase) counted() bool { return !c.Direct && c.Expected != nil }

// requests gives every order of the arguments that must pass.
func (c *testCase) requests() [][]string {
	if len(c.Orders) == 0 {
		return [][]string{c.Request}
	}
	var all [][]string
	for _, o := range c.Orders {
		all = append(all, o.Request)
	}
	return all
}

// packageRow is what the configuration must say of one package of the fixture.
type packageRow struct {
	CPV     string         `json:"cpv"`
	Repo    string         `json:"repo"`
	Slot    string         `json:"slot"`
	SubSlot string         `json:"sub_slot"`
	Type    string         `json:"type"` // ebuild, binary, installed
	Root    string         `json:"root"` // host, target
	EAPI    string         `json:"eapi"`
	Use     []string       `json:"use"`  // enabled, within IUSE
	IUSE    []string       `json:"iuse"` // explicit
	Visible bool           `json:"visible"`
	Masks   map[string]any `json:"masks"`
}

// ordered is a JSON object of strings whose order matters.
type ordered []struct{ Key, Value string }

// UnmarshalJSON keeps the members in the order of the text.
func (o *ordered) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value string
		if err := dec.Decode(&value); err != nil {
			return fmt.Errorf("member %v: %w", key, err)
		}
		*o = append(*o, struct{ Key, Value string }{key.(string), value})
	}
	return nil
}

// get returns the value of key and whether it is there.
func (o ordered) get(key string) (string, bool) {
	for _, m := range o {
		if m.Key == key {
			return m.Value, true
		}
	}
	return "", false
}

// readDocuments reads every scenario file of dir whose name matches, sorted.
func readDocuments(dir string, match *regexp.Regexp) ([]*document, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: no scenario files (*.json) there", dir)
	}
	sort.Strings(paths)
	var docs []*document
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if match != nil && !match.MatchString(name) {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		doc := &document{Name: name}
		if err := json.Unmarshal(data, doc); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// optionWords turns an option's JSON value into the words it stands for on a
// command line; a bare option is the one word "true".
func optionWords(raw json.RawMessage) ([]string, error) {
	var value any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case bool:
		return []string{fmt.Sprint(v)}, nil
	case string:
		return []string{v}, nil
	case json.Number:
		return []string{v.String()}, nil
	case []any:
		var words []string
		for _, w := range v {
			words = append(words, fmt.Sprint(w))
		}
		return words, nil
	}
	return nil, fmt.Errorf("value %s is neither a word, a number nor a list", raw)
}
