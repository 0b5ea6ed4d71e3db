package cfgmem

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve/internal/shareddata"
)

// state is what of a recorded ROOT matters here.
type state struct {
	Op struct {
		Op   string
		Opts []string
	}
	Exit int
	Root struct {
		Entries []struct{ Path, Type, MD5, Target, Text string }
	}
	VDB map[string]struct {
		Files    map[string]any
		Contents []struct{ Type, Path, MD5, Target string }
		Counter  string
	}
}

func load(t *testing.T, name string) *state {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	s := new(state)
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// object is what the state has at a path.
func (s *state) object(name string) *Object {
	for _, e := range s.Root.Entries {
		if e.Path == name {
			switch e.Type {
			case "file":
				return &Object{MD5: e.MD5}
			case "sym":
				return link(e.Target)
			}
			return &Object{}
		}
	}
	return nil
}

func (s *state) memory() string {
	for _, e := range s.Root.Entries {
		if e.Path == "/"+File {
			return e.Text
		}
	}
	return ""
}

func objectOf(kind, sum, target string) *Object {
	switch kind {
	case "obj":
		return &Object{MD5: sum}
	case "sym":
		return link(target)
	}
	return nil
}

// TestRecordedDecisions repeats every decision that Portage took in the recorded
// merges: for each protected path of the package that came, from the state before,
// what was done and what was remembered.
func TestRecordedDecisions(t *testing.T) {
	shared := shareddata.Path()
	scenarios, _ := filepath.Glob(filepath.Join(shared, "merges/*/scenario.json"))
	if len(scenarios) == 0 {
		t.Skipf("no recorded merges in %s (PORTSOLVE_SHARED)", shared)
	}
	decisions := 0
	for _, name := range scenarios {
		var scenario struct{ Env map[string]string }
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &scenario); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(name)
		before := load(t, filepath.Join(dir, "before.json"))
		for k := 1; ; k++ {
			after := load(t, filepath.Join(dir, "after-"+strconv.Itoa(k)+".json"))
			if after == nil {
				break
			}
			// With merge-use-vdb Portage believes a file's time of modification and
			// overwrites what the user changed; we do not.
			trusting := strings.Contains(scenario.Env["FEATURES"], "merge-use-vdb")
			if after.Op.Op == "merge" && after.Exit == 0 && !trusting {
				t.Run(filepath.Base(dir)+"/"+strconv.Itoa(k), func(t *testing.T) {
					decisions += replay(t, scenario.Env, before, after)
				})
			}
			before = after
		}
	}
	t.Logf("%d decisions", decisions)
	if decisions < 50 {
		t.Errorf("only %d decisions were found to compare", decisions)
	}
}

// replay decides about what the new package of a step brings.
func replay(t *testing.T, env map[string]string, before, after *state) (decisions int) {
	isNew := func(cpv string) bool {
		return !strings.Contains(cpv, "-MERGING-") && len(after.VDB[cpv].Files) > 0 && before.VDB[cpv].Counter != after.VDB[cpv].Counter
	}
	var come []string
	for cpv := range after.VDB {
		if isNew(cpv) {
			come = append(come, cpv)
		}
	}
	if len(come) != 1 {
		return 0
	}
	pkg := after.VDB[come[0]]
	var old []string // the instance that it replaces
	for cpv, e := range before.VDB {
		if !strings.Contains(cpv, "-MERGING-") && len(e.Files) > 0 && name(cpv) == name(come[0]) && e.Files["SLOT"] == pkg.Files["SLOT"] {
			old = append(old, cpv)
		}
	}
	if len(old) > 1 {
		return 0
	}
	recorded := make(map[string]*Object)
	m := Parse([]byte(before.memory()))
	for _, cpv := range old {
		for _, c := range before.VDB[cpv].Contents {
			recorded[c.Path] = objectOf(c.Type, c.MD5, c.Target)
		}
	}
	for _, c := range pkg.Contents {
		o := objectOf(c.Type, c.MD5, c.Target)
		if o == nil || !protected(env, before, c.Path) || strings.HasPrefix(path.Base(c.Path), ".keep") && o.MD5 == sum("") {
			continue
		}
		q := Question{New: *o, Live: before.object(c.Path), Recorded: recorded[c.Path],
			IfModified:   !strings.Contains(env["FEATURES"], "-config-protect-if-modified"),
			IgnoreMemory: slices.Contains(after.Op.Opts, "--noconfmem")}
		action := m.Decide(c.Path, q)
		decisions++
		now := after.object(c.Path)
		pending := false
		for _, e := range after.Root.Entries {
			if path.Dir(e.Path) == path.Dir(c.Path) {
				target, _, ok := parseName(path.Base(e.Path))
				pending = pending || ok && target == path.Base(c.Path) && *after.object(e.Path) == *o
			}
		}
		switch {
		case action == Merge && (now == nil || *now != *o):
			t.Errorf("%s: %+v: to be merged, Portage did not", c.Path, q)
		case action == Offer && !pending:
			t.Errorf("%s: %+v: to be offered, Portage did not", c.Path, q)
		case action != Merge && !cmp.Equal(now, q.Live):
			t.Errorf("%s: %+v: to be kept, Portage changed it", c.Path, q)
		}
	}
	for p := range recorded {
		if !slices.ContainsFunc(pkg.Contents, func(c struct{ Type, Path, MD5, Target string }) bool { return c.Path == p }) {
			m.Forget(p)
		}
	}
	want, got := lines(after.memory()), lines(string(m.Format()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("memory (-Portage +ours):\n%s", diff)
	}
	return decisions
}

func lines(text string) []string { return slices.Sorted(strings.Lines(text)) }

// name of "cat/name-version", good enough for the made-up packages.
func name(cpv string) string {
	cpv = strings.TrimSuffix(cpv, "-r1")
	return cpv[:strings.LastIndexByte(cpv, '-')]
}

// protected applies CONFIG_PROTECT of the configuration and of ROOT's profile.env.
func protected(env map[string]string, before *state, p string) bool {
	below := func(list string) bool {
		return slices.ContainsFunc(strings.Fields(list), func(d string) bool { return p == d || strings.HasPrefix(p, d+"/") })
	}
	protect := "/etc"
	if v, ok := env["CONFIG_PROTECT"]; ok {
		protect = strings.TrimPrefix(v, "-*")
	}
	for _, e := range before.Root.Entries {
		if e.Path == "/etc/profile.env" {
			_, v, _ := strings.Cut(e.Text, "export CONFIG_PROTECT='")
			v, _, _ = strings.Cut(v, "'")
			protect += " " + v
		}
	}
	return below(protect) && !below("/etc/env.d "+env["CONFIG_PROTECT_MASK"])
}
