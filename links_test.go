package portsolve_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fenced = regexp.MustCompile("(?ms)^```.*?^```")
	linked = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	titled = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinks follows every link of the documents to a file of the repository, and to a heading of it.
func TestLinks(t *testing.T) {
	texts := documents(t)
	for file, text := range texts {
		for _, m := range linked.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			path, heading, _ := strings.Cut(m[1], "#")
			if path = filepath.Join(filepath.Dir(file), path); strings.HasPrefix(m[1], "#") {
				path = file
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
			}
			if heading != "" && strings.HasSuffix(path, ".md") && !hasHeading(texts[path], heading) {
				t.Errorf("%s links to %s, but %s has no such heading", file, m[1], path)
			}
		}
	}
}

// documents are all Markdown files without their examples, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = fenced.ReplaceAllString(string(text), "")
		return err
	})
	if err != nil || len(texts) < 5 {
		t.Fatalf("%d documents: %v", len(texts), err)
	}
	return texts
}

// hasHeading compares as hosts of repositories make anchors: small letters, no punctuation, dashes for blanks.
func hasHeading(text, anchor string) bool {
	for _, m := range titled.FindAllStringSubmatch(text, -1) {
		dashed := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(m[1])), " ", "-")
		if regexp.MustCompile(`[^\p{L}\p{N}_-]`).ReplaceAllString(dashed, "") == anchor {
			return true
		}
	}
	return false
}
