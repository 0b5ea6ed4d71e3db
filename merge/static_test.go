package merge

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostCalls are the functions of package os that look at or change files of the host.
// Package files are opened by binpkg, and programs are started by os/exec.
var allowedOS = map[string]bool{"Geteuid": true}

// TestNoFileIsTouchedOutsideRootfs finds calls of package os and of system calls in
// what writes to ROOT. What goes round rootfs could leave ROOT, and no fault test
// would see it.
func TestNoFileIsTouchedOutsideRootfs(t *testing.T) {
	dirs := []string{".", "cfgmem", "preserve", "envupdate", "internal/txn", "internal/image", "internal/owners", "internal/rules"}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				checkCalls(t, f)
			}
		}
	}
	for _, f := range []string{"store.go", "state.go", "counter.go", "lock.go", "worldwrite.go", "cachefile.go"} {
		checkCalls(t, filepath.Join("..", "vdb", f))
	}
}

func checkCalls(t *testing.T, file string) {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range tree.Imports {
		switch p := strings.Trim(i.Path.Value, `"`); p {
		case "io/ioutil", "golang.org/x/sys/unix":
			t.Errorf("%s imports %s", file, p)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := s.X.(*ast.Ident)
		if ok && (x.Name == "os" && !allowedOS[s.Sel.Name] || x.Name == "syscall" && !strings.HasPrefix(s.Sel.Name, "E")) {
			t.Errorf("%s: %s.%s goes round rootfs", set.Position(s.Pos()), x.Name, s.Sel.Name)
		}
		return true
	})
}

// TestNoSolverIsLinked: whoever carries out a plan needs no SAT code.
func TestNoSolverIsLinked(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command")
	}
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Env = os.Environ()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for p := range strings.Lines(string(out)) {
		if p = strings.TrimSpace(p); strings.Contains(p, "gini") || strings.HasPrefix(p, "github.com/portsolve/portsolve/solver") {
			t.Errorf("merge links %s", p)
		}
	}
}
