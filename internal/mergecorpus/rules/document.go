package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Document is docs/merge-deviations.md: the differences that are meant.
type Document struct {
	lines []string
	// Lists are the differences of a scenario, by its ID: the lines of the block below
	// "### NN-name".
	Lists map[string][]string
	// Counts are the numbers of differences by rule of a scenario that needs no list, by its ID: the
	// last column of the table, "rule 1: 8, rule 4: 2".
	Counts map[string]map[int]int
}

var (
	countedRow = regexp.MustCompile(`^\| ([0-9]+-[a-z0-9-]+) \|.*\| (rule [0-9]+: [0-9]+(?:, rule [0-9]+: [0-9]+)*) \|$`)
	oneCount   = regexp.MustCompile(`rule ([0-9]+): ([0-9]+)`)
)

// ReadDocument reads the document. A missing one is empty.
func ReadDocument(path string) (*Document, error) {
	d := &Document{Lists: map[string][]string{}, Counts: map[string]map[int]int{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	d.lines = strings.Split(string(text), "\n")
	name, inside := "", false
	for _, line := range d.lines {
		switch {
		case strings.HasPrefix(line, "### "):
			name = strings.TrimSpace(line[4:])
			d.Lists[name] = nil
		case strings.HasPrefix(line, "## "):
			name = ""
		case strings.HasPrefix(line, "```"):
			inside = !inside
		case inside && name != "":
			d.Lists[name] = append(d.Lists[name], line)
		}
		if m := countedRow.FindStringSubmatch(line); m != nil && !inside {
			d.Counts[m[1]] = map[int]int{}
			for _, c := range oneCount.FindAllStringSubmatch(m[2], -1) {
				rule, _ := strconv.Atoi(c[1])
				d.Counts[m[1]][rule], _ = strconv.Atoi(c[2])
			}
		}
	}
	return d, nil
}

// IDs are the scenarios that the document is about, sorted.
func (d *Document) IDs() []string {
	ids := slices.Collect(maps.Keys(d.Lists))
	for id := range d.Counts {
		if _, ok := d.Lists[id]; !ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Has reports that the document is about a scenario.
func (d *Document) Has(id string) bool {
	_, list := d.Lists[id]
	return list || d.Counts[id] != nil
}

// Update puts the differences as they are now into the document's lists and counts.
func (d *Document) Update(path string, now map[string][]Verdict) error {
	var out []string
	name, inside := "", false
	for _, line := range d.lines {
		list, ok := now[name]
		switch m := countedRow.FindStringSubmatch(line); {
		case m != nil && !inside && now[m[1]] != nil:
			line = strings.TrimSuffix(line, m[2]+" |") + countsText(Counts(now[m[1]])) + " |"
		case strings.HasPrefix(line, "### "):
			name = strings.TrimSpace(line[4:])
		case strings.HasPrefix(line, "## "):
			name = ""
		case strings.HasPrefix(line, "```"):
			if inside = !inside; inside && ok {
				out = append(append(out, line), texts(list)...)
				continue
			}
		case inside && ok:
			continue
		}
		out = append(out, line)
	}
	return os.WriteFile(path, []byte(strings.Join(out, "\n")), 0o644)
}

func texts(list []Verdict) []string {
	var out []string
	for i := range list {
		out = append(out, list[i].Line())
	}
	return out
}

// Counts are the numbers of differences by rule.
func Counts(list []Verdict) map[int]int {
	out := map[int]int{}
	for i := range list {
		out[list[i].Rule]++
	}
	return out
}

// CountsText is "rule 1: 8, rule 4: 2".
func CountsText(list []Verdict) string { return countsText(Counts(list)) }

func countsText(counts map[int]int) string {
	var rules []int
	for r := range counts {
		rules = append(rules, r)
	}
	slices.Sort(rules)
	var parts []string
	for _, r := range rules {
		parts = append(parts, fmt.Sprintf("rule %d: %d", r, counts[r]))
	}
	return strings.Join(parts, ", ")
}

// Judge says what is wrong with the differences of a scenario. With a list in the document they have
// to be just that list; with counts each has to be excused by a rule, and as many by each as counted;
// without either each has to be excused by a rule.
func (d *Document) Judge(id string, list []Verdict) []string {
	if expected, ok := d.Lists[id]; ok {
		return compareLists(expected, texts(list))
	}
	var wrong []string
	for i := range list {
		if list[i].Rule == 0 {
			wrong = append(wrong, list[i].Line())
		}
	}
	if counts, ok := d.Counts[id]; ok {
		if now := countsText(Counts(list)); now != countsText(counts) {
			wrong = append(wrong, fmt.Sprintf("documented are %s, found are %s", countsText(counts), now))
		}
	}
	return wrong
}

func compareLists(expected, found []string) []string {
	var wrong []string
	for _, x := range found {
		if !slices.Contains(expected, x) {
			wrong = append(wrong, x)
		}
	}
	for _, x := range expected {
		if !slices.Contains(found, x) {
			wrong = append(wrong, fmt.Sprintf("documented, but not found: %s", x))
		}
	}
	return wrong
}
