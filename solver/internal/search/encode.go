package search

import (
	"time"

	"github.com/portsolve/portsolve/solver/internal/cnf"
)

// encode is cnf.Encode with its time measured; what it makes the universe read counts as reading.
func (s *Search) encode(in cnf.Input) *cnf.Formula {
	start, reading := time.Now(), s.u.Reading()
	f := cnf.Encode(in)
	s.encoding += time.Since(start) - (s.u.Reading() - reading)
	return f
}

// Encoding is the time spent on writing formulas.
func (s *Search) Encoding() time.Duration { return s.encoding }
