package portsolve_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/universe"
)

// exampleSystem writes the little system of the tests below a directory.
func exampleSystem() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "portsolve-example-")
	if err != nil {
		log.Fatal(err)
	}
	f := base().install("cat/app-1", "RDEPEND=cat/lib:0/1=").install("cat/lib-1", "SLOT=0/1").
		with("var/lib/portage/world", "cat/app\n")
	for path, content := range f {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	return dir, func() { os.RemoveAll(dir) }
}

func openExample() (*portsolve.System, func()) {
	dir, remove := exampleSystem()
	sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Env: map[string]string{}})
	if err != nil {
		log.Fatal(err)
	}
	return sys, remove
}

// Resolve is emerge -uD @world: a library has a new sub-slot, so its user is
// rebuilt.
func ExampleSystem_Resolve() {
	sys, remove := openExample()
	defer remove()
	result, err := sys.Resolve(context.Background(), portsolve.Request{
		Args:    []string{"@world"},
		Options: universe.Options{Update: true, Deep: universe.Unlimited},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Status)
	for _, entry := range result.Plan {
		fmt.Println(entry.CPV, "replaces", entry.Replaces)
	}
	// Output:
	// solved
	// cat/lib-2 replaces [cat/lib-1]
	// cat/app-1 replaces [cat/app-1]
}

// Verify has the answer judged by code that shares nothing with the solver.
func ExampleSystem_Verify() {
	sys, remove := openExample()
	defer remove()
	request := portsolve.Request{Args: []string{"cat/lib"}}
	result, err := sys.Resolve(context.Background(), request)
	if err != nil {
		log.Fatal(err)
	}
	violations, err := sys.Verify(context.Background(), request, result)
	fmt.Println(len(violations), err)
	// Output: 0 <nil>
}

// Candidates tells why a version is not chosen.
func ExampleSystem_Candidates() {
	sys, remove := openExample()
	defer remove()
	candidates, err := sys.Candidates(context.Background(), "=cat/app-2")
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range candidates {
		fmt.Println(c.Pkg.CPV, "visible:", c.Visible())
		for _, e := range c.Excluded {
			fmt.Println(e.Kind, e.Tokens)
		}
	}
	// Output:
	// cat/app-2 visible: false
	// KEYWORDS [~amd64]
}
