// Package check is the independent judge of an answer: written from PMS, it
// shares no code with the encoder, the search or the ordering.
package check

import (
	"github.com/portsolve/portsolve/solver/answer"
	"github.com/portsolve/portsolve/solver/universe"
)

// Violation is one broken rule.
type Violation struct {
	Rule    string // "request", "dependency", "any-of", "slot", "blocker", "use-dependency", "required-use", "slot-operator", "visibility", "order", "keep", "use", "plan"
	Package string
	Detail  string
}

// Check applies PMS rules to the request, the resulting installed set and the order of res.Plan.
// Entry.Package must be set. roots are the state before. nil means accepted.
func Check(req *universe.Request, roots []universe.Root, res *answer.Result) []Violation {
	panic("stub")
}
