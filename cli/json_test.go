package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/portsolve/portsolve/cli/demo"
)

// TestJSONHasNoNull walks what every story and query prints: lists and objects are
// never null. The two keys are documented as "or null".
func TestJSONHasNoNull(t *testing.T) {
	commands := [][]string{
		{"resolve", "--demo", "update", "app-editors/nosuch"},
		{"resolve", "--demo", "update", "-p", "--noreplace", "app-editors/nano"},
		{"search", "--demo", "update", "nano"},
		{"info", "--demo", "update", "app-editors/nano"},
		{"list-sets", "--demo", "update"},
		{"why", "--demo", "update", "dev-libs/icu"},
		{"why-not", "--demo", "masked", "dev-libs/icu"},
		{"depgraph", "--demo", "update", "app-editors/nano"},
		{"depclean", "--demo", "update", "-p"},
	}
	for _, s := range demo.Stories() {
		commands = append(commands, []string{"resolve", "--demo", s.Name})
	}
	for _, args := range commands {
		var out, errs bytes.Buffer
		args = append([]string{"portsolve"}, append(args, "--format", "json")...)
		if code := Main(context.Background(), args, nil, nil, &out, &errs); code > ExitUnsolved {
			t.Errorf("%v: exit %d: %s", args, code, errs.String())
			continue
		}
		found := 0
		for dec := json.NewDecoder(&out); dec.More(); found++ {
			var v any
			if err := dec.Decode(&v); err != nil {
				t.Fatalf("%v: %v", args, err)
			}
			noNull(t, args, "", v)
		}
		if found == 0 {
			t.Errorf("%v prints no document", args)
		}
	}
}

func noNull(t *testing.T, args []string, path string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Errorf("%v: %s is null", args, path)
	case []any:
		for _, e := range v {
			noNull(t, args, path+"[]", e)
		}
	case map[string]any:
		for key, e := range v {
			if e == nil && (key == "conflict" || key == "size") {
				continue
			}
			noNull(t, args, path+"."+key, e)
		}
	}
}
