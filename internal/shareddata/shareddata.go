// Package shareddata finds the recorded data that tests and harnesses use and that is no part of the repository.
package shareddata

import (
	"os"
	"path/filepath"
)

// Path names a file of the data, or the directory itself: below what PORTSOLVE_SHARED names, by default below ../shared
// beside the checkout of the working directory. That something is there is not said.
func Path(elements ...string) string {
	dir := os.Getenv("PORTSOLVE_SHARED")
	if dir == "" {
		dir = filepath.Join(top(), "..", "shared")
	}
	return filepath.Join(append([]string{dir}, elements...)...)
}

// top is the way up to the module: the working directory of a test is that of its package. Outside of a module it is ".".
func top() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for up := "."; ; up = filepath.Join("..", up) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return up
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "."
		}
		dir = parent
	}
}
