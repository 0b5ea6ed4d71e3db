package eapi

import (
	"reflect"
	"testing"
)

// since lists for each feature the EAPIs that have it, as first and last, as
// the tables of PMS give them.
var since = map[string][2]int{
	"SlotDeps":             {1, 9},
	"IUSEDefaults":         {1, 9},
	"UseDeps":              {2, 9},
	"StrongBlockers":       {2, 9},
	"SrcURIArrows":         {2, 9},
	"UseDepDefaults":       {4, 9},
	"RequiredUse":          {4, 9},
	"AtMostOneOf":          {5, 9},
	"SlotOperators":        {5, 9},
	"SubSlots":             {5, 9},
	"IUSEEffective":        {5, 9},
	"StableUse":            {5, 9},
	"BDepend":              {7, 9},
	"EmptyGroupsMatch":     {0, 6},
	"RDependFromDepend":    {0, 3},
	"IDepend":              {8, 9},
	"SelectiveURIRestrict": {8, 9},
	"ProfileDirs":          {7, 9},
	"StableUseFiles":       {9, 9},
	"DependOnSysroot":      {7, 9},
	"PackageProvided":      {0, 6},
	"ProfileInheritsEAPI":  {9, 9},
}

func TestTable(t *testing.T) {
	for i := range 10 {
		name := string(rune('0' + i))
		e, ok := Lookup(name)
		if !ok || e.Name != name || e.String() != name {
			t.Fatalf("EAPI %s: %v %v", name, e, ok)
		}
		v := reflect.ValueOf(*e)
		if want := v.NumField() - 1; len(since) != want {
			t.Fatalf("the table has %d features, the test %d", want, len(since))
		}
		for feature, span := range since {
			want := span[0] <= i && i <= span[1]
			if got := v.FieldByName(feature).Bool(); got != want {
				t.Errorf("EAPI %s, %s: %v", name, feature, got)
			}
		}
	}
	if Latest().Name != "9" {
		t.Errorf("latest is %s", Latest().Name)
	}
}

func TestUnknown(t *testing.T) {
	for _, s := range []string{"", "10", "00", "-1", "5-progress", "a", "٣", " 5"} {
		if e, ok := Lookup(s); ok || e != nil {
			t.Errorf("%q must be unknown", s)
		}
	}
}
