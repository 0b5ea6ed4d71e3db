package phase

import "testing"

// BenchmarkPhase is one phase that does nothing: what bash and its files cost.
func BenchmarkPhase(b *testing.B) {
	f := newFixture(b, "8", "setup", "pkg_setup () \n{ \n:\n}\n")
	for b.Loop() {
		f.mustRun(b)
	}
}
