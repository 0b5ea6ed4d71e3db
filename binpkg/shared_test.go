package binpkg

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// shared is a directory of the shared test data, or the test is skipped.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	root := os.Getenv("PORTSOLVE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	dir := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the shared data is not at %s (set PORTSOLVE_SHARED)", dir)
	}
	return dir
}

// golden is what expected.json says of one package.
type golden struct {
	Size    int64
	Format  string
	Members []struct {
		Name string
		Size int64
	}
	Metadata map[string]json.RawMessage
	Image    [][]any `json:"image_tar"`
}

func readGolden(t *testing.T, dir string) map[string]golden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]golden
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestGoldenPackages(t *testing.T) {
	dir := shared(t, "binpkgs")
	for name, want := range readGolden(t, dir) {
		f, err := OpenFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Format.String() != want.Format || f.Size != want.Size {
			t.Errorf("%s: %v of %d bytes, want %s of %d", name, f.Format, f.Size, want.Format, want.Size)
		}
		for i, m := range want.Members {
			if i >= len(f.Members) || f.Members[i].Name != m.Name || f.Members[i].Size != m.Size {
				t.Errorf("%s: members %v, want %v", name, f.Members, want.Members)
				break
			}
		}
		compareMetadata(t, name, f, want.Metadata)
		f.Close()
	}
}

// compareMetadata: expected.json has the text of values, or the size and MD5 of long ones.
func compareMetadata(t *testing.T, name string, f *File, want map[string]json.RawMessage) {
	values, err := f.Metadata()
	if err != nil {
		t.Error(err)
		return
	}
	if len(values) != len(want) {
		t.Errorf("%s: %d values, want %d", name, len(values), len(want))
	}
	for _, v := range values {
		var text string
		var sum struct{ Size int }
		if json.Unmarshal(want[v.Name], &text) == nil {
			if text != string(v.Data) {
				t.Errorf("%s: %s is %q, want %q", name, v.Name, v.Data, text)
			}
		} else if err := json.Unmarshal(want[v.Name], &sum); err != nil || sum.Size != len(v.Data) {
			t.Errorf("%s: %s has %d bytes, want %s", name, v.Name, len(v.Data), want[v.Name])
		}
	}
}
