package eapi

import (
	"reflect"
	"testing"
)

// shellSince lists for each feature of Shell the EAPIs that have it, as first
// and last, as the tables of PMS 11 and 12 give them.
var shellSince = map[string][2]int{
	"VarsExported":     {0, 8},
	"TrailingSlash":    {0, 6},
	"EmptyDirectory":   {8, 9},
	"SaneLocale":       {6, 9},
	"Prefix":           {3, 9},
	"Sysroot":          {7, 9},
	"BrootInPkg":       {8, 9},
	"MergeType":        {4, 9},
	"Replacing":        {4, 9},
	"PhaseFunc":        {5, 9},
	"AAKV":             {0, 3},
	"PortDir":          {0, 6},
	"EnvUnset":         {7, 9},
	"Pretend":          {4, 9},
	"FailureDies":      {4, 9},
	"Nonfatal":         {4, 9},
	"NonfatalExternal": {7, 9},
	"DieN":             {6, 9},
	"SubshellDie":      {7, 9},
	"StrictUse":        {4, 9},
	"QueryHostRoot":    {5, 6},
	"QueryByDep":       {7, 9},
	"StdoutOutput":     {0, 6},
	"UsevArgument":     {8, 9},
	"UseWithEmpty":     {4, 9},
	"DosymRelative":    {8, 9},
}

// commandSpan lists the commands that not every EAPI has, as first and last.
var commandSpan = map[string][2]int{
	"default": {2, 9}, "nonfatal": {4, 9}, "usex": {5, 9}, "in_iuse": {6, 9}, "get_libdir": {6, 9},
	"eapply": {6, 9}, "eapply_user": {6, 9}, "einstalldocs": {6, 9}, "eqawarn": {7, 9}, "ver_cut": {7, 9},
	"ver_rs": {7, 9}, "ver_test": {7, 9}, "dostrip": {7, 9}, "docompress": {4, 9}, "doheader": {5, 9},
	"newheader": {5, 9}, "ver_replacing": {9, 9}, "pipestatus": {9, 9}, "edo": {9, 9},
	"dohard": {0, 3}, "dosed": {0, 3}, "einstall": {0, 5}, "dohtml": {0, 6}, "dolib": {0, 6}, "libopts": {0, 6},
	"useq": {0, 7}, "hasv": {0, 7}, "hasq": {0, 7}, "assert": {0, 8}, "domo": {0, 8},
	"die": {0, 9}, "use": {0, 9}, "has_version": {0, 9},
}

func TestShellTable(t *testing.T) {
	for i := range 10 {
		e, _ := Lookup(string(rune('0' + i)))
		s := e.Shell()
		v := reflect.ValueOf(*s)
		features := 0
		for f := range v.NumField() {
			if v.Type().Field(f).Type.Kind() == reflect.Bool {
				features++
			}
		}
		if features != len(shellSince) {
			t.Fatalf("the table has %d features, the test %d", features, len(shellSince))
		}
		for feature, span := range shellSince {
			want := span[0] <= i && i <= span[1]
			if got := v.FieldByName(feature).Bool(); got != want {
				t.Errorf("EAPI %d, %s: %v", i, feature, got)
			}
		}
		for command, span := range commandSpan {
			want := span[0] <= i && i <= span[1]
			if got := s.Has(command); got != want {
				t.Errorf("EAPI %d, %s: %v", i, command, got)
			}
			if banned := span[0] == 0 && i > span[1]; s.Bans(command) != banned {
				t.Errorf("EAPI %d, %s: banned %v", i, command, s.Bans(command))
			}
		}
		wantBash := [10]string{"3.2", "3.2", "3.2", "3.2", "3.2", "3.2", "4.2", "4.2", "5.0", "5.3"}[i]
		if s.Bash != wantBash {
			t.Errorf("EAPI %d: bash %s, want %s", i, s.Bash, wantBash)
		}
	}
}
