package sets

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestList(t *testing.T) {
	f := newFixture(t)
	f.write("etc/portage/sets/office", "app-office/x\n")
	c := f.open()
	list, err := List(c)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range list {
		names = append(names, l.Name)
		if l.Name == "world" && (l.Class != "DummyPackageSet" || l.File != "") {
			t.Errorf("world: %+v", l)
		}
		if l.Name == "office" && (l.Class != "StaticFileSet" || filepath.Base(l.File) != "office") {
			t.Errorf("office: %+v", l)
		}
	}
	if !slices.IsSorted(names) || !slices.Contains(names, "world") || !slices.Contains(names, "office") {
		t.Errorf("names: %v", names)
	}
}
