package portsolve_test

import (
	"testing"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/solver/universe"
)

// BenchmarkDepclean cleans the largest machine, reading included.
func BenchmarkDepclean(b *testing.B) {
	benchmark(b, "plasma-old", portsolve.Request{Options: universe.Options{Action: "depclean"}})
}
