package answer_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/solver/answer"
)

// Of the empty documents only what is documented as "or null" is null.
func TestEncodeEmpty(t *testing.T) {
	for _, v := range []any{
		&answer.Result{}, answer.Result{}, &answer.Result{Plan: []answer.Entry{{}}, Removal: &answer.Removal{}},
		&answer.Result{Cycles: []answer.Cycle{{}}, SlotConflicts: []answer.SlotConflict{{}}, Unsatisfied: []answer.Unsatisfied{{}}},
		&answer.Result{Alternatives: []answer.Alternative{{}}, HeldBack: []answer.HeldBack{{}}, Rebuilds: map[string][]string{"a/b-1": nil}},
		&answer.Search{}, &answer.Info{}, &answer.Reasons{Packages: []answer.Explained{{}}}, &answer.WhyNot{Versions: []answer.Version{{}}},
		&answer.Graph{}, &answer.SetList{},
	} {
		var b bytes.Buffer
		if err := answer.Encode(&b, v); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if strings.Contains(line, "null") && !strings.Contains(line, `"conflict": null`) {
				t.Errorf("%T: %s", v, line)
			}
		}
	}
}

func TestEncodeKeepsValues(t *testing.T) {
	size := int64(7)
	p := &metadata.Package{}
	res := &answer.Result{
		Status:  answer.Solved,
		Plan:    []answer.Entry{{CPV: "a/b-1", Use: map[string]bool{"x": true}, Download: &size, Package: p}},
		Changes: answer.Changes{Use: map[string]map[string]bool{"a/b-1": nil}, License: map[string][]string{"a/b-1": {"<EULA>"}}},
	}
	before := *res
	var b bytes.Buffer
	if err := answer.Encode(&b, res); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"cpv": "a/b-1"`, `"x": true`, `"download": 7`, `"<EULA>"`, `"a/b-1": {}`, `"status": "solved"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in\n%s", want, b.String())
		}
	}
	if !reflect.DeepEqual(before, *res) || res.Conflict != nil || res.Alternatives != nil {
		t.Error("encoding changed the value")
	}
}

func TestEncodeNothing(t *testing.T) {
	var b bytes.Buffer
	if err := answer.Encode(&b, nil); err != nil || b.String() != "null\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
