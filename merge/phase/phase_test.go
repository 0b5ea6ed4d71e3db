package phase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portsolve/portsolve/atom"
	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/merge"
)

// needBash skips a test that runs phases where there is no bash.
func needBash(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash in PATH: phases cannot be run")
	}
}

// fixture is a call and what comes of it.
type fixture struct {
	call   merge.PhaseCall
	runner *Runner
	out    *bytes.Buffer
	elog   []string
	query  query
}

// query is a list of installed packages.
type query []*metadata.Package

func (q query) Installed(cp atom.CP) []*metadata.Package {
	var list []*metadata.Package
	for _, p := range q {
		if p.CPV.CP == cp {
			list = append(list, p)
		}
	}
	return list
}

func installedPackage(t testing.TB, cpv string, vars map[string]string) *metadata.Package {
	t.Helper()
	c, err := atom.ParseCPV(cpv)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"EAPI": "8", "SLOT": "0"}
	for k, v := range vars {
		all[k] = v
	}
	p := metadata.FromVars(c, metadata.Installed, all)
	p.Repo = all["repository"]
	return p
}

// newFixture is a call of a phase of app-misc/foo-1.2-r3 whose environment is the
// text.
func newFixture(t testing.TB, eapi, phase, environment string) *fixture {
	t.Helper()
	needBash(t)
	f := &fixture{out: new(bytes.Buffer)}
	root := t.TempDir()
	f.runner = New(Options{})
	f.call = merge.PhaseCall{
		Phase: phase,
		Package: installedPackage(t, "app-misc/foo-1.2-r3", map[string]string{
			"EAPI": eapi, "SLOT": "2/2.1", "USE": "a b c", "IUSE": "+a -b c d", "repository": "test",
			"DEFINED_PHASES": phase,
		}),
		Root:      root + "/",
		Temp:      filepath.Join(t.TempDir(), "build"),
		MergeType: "binary",
		Config:    map[string]string{},
		Out:       f.out,
		Elog:      func(level, text string) { f.elog = append(f.elog, level+" "+text) },
		Query:     &f.query,
	}
	if err := os.Mkdir(f.call.Temp, 0o755); err != nil {
		t.Fatal(err)
	}
	f.environment(t, environment)
	return f
}

// environment gives the package another saved environment.
func (f *fixture) environment(t testing.TB, text string) {
	t.Helper()
	data := bzip(t, text)
	f.call.Env = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

// bzip compresses with the program of that name.
func bzip(t testing.TB, text string) []byte {
	t.Helper()
	if _, err := exec.LookPath("bzip2"); err != nil {
		t.Skip("no bzip2 in PATH: environment.bz2 cannot be made")
	}
	cmd := exec.Command("bzip2", "-c")
	cmd.Stdin = strings.NewReader(text)
	data, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// run runs the phase.
func (f *fixture) run(t testing.TB) error {
	t.Helper()
	f.out.Reset()
	f.elog = nil
	return f.runner.Run(context.Background(), f.call)
}

// mustRun runs the phase, which must succeed, and gives its output.
func (f *fixture) mustRun(t testing.TB) string {
	t.Helper()
	if err := f.run(t); err != nil {
		t.Fatalf("%v\n%s", err, f.out)
	}
	return f.out.String()
}

// runs a function body as pkg_setup.
func runBody(t testing.TB, eapi, body string) (*fixture, error) {
	t.Helper()
	f := newFixture(t, eapi, "setup", fmt.Sprintf("pkg_setup () \n{ \n%s\n}\n", body))
	return f, f.run(t)
}

func TestFailures(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"die":                 {`die "no luck"`, "no luck"},
		"die without text":    {`die`, "(no error message)"},
		"in a subshell":       {`( die "inside" ); touch "${ROOT}/after"`, "inside"},
		"in a substitution":   {`x=$(die "inside"); touch "${ROOT}/after"`, "inside"},
		"in a pipe":           {`echo x | die "piped"; touch "${ROOT}/after"`, "piped"},
		"of a program":        {`echo x | xargs die; touch "${ROOT}/after"`, "x"},
		"exit":                {`exit 0`, "bash ended in the middle of it: exit status 0"},
		"kill":                {`kill -9 $$`, "bash ended in the middle of it: signal: killed"},
		"banned":              {`hasq a b`, "hasq is banned in EAPI 8"},
		"banned program":      {`dolib x`, "dolib is banned in EAPI 8"},
		"src command":         {`doins x; touch "${ROOT}/after"`, "doins is for src_* functions; a binary package has only its pkg_* functions"},
		"default":             {`default`, "default: there is no default_pkg_setup"},
		"image without image": {`fperms 0644 /x`, "fperms works on the image, which pkg_setup has none of"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := runBody(t, "8", test.body)
			var failure *Error
			if !errors.As(err, &failure) {
				t.Fatalf("got %v\n%s", err, f.out)
			}
			if failure.Reason != test.want {
				t.Errorf("got  %s\nwant %s\n%s", failure.Reason, test.want, f.out)
			}
			if _, err := os.Stat(f.call.Root + "after"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("the function went on")
			}
		})
	}
}
