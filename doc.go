// Package portsolve resolves dependencies of Gentoo-style ebuild repositories,
// as the Package Manager Specification (PMS) describes them, with a SAT solver.
//
// [Open] reads where a system is: its repositories, its configuration and what
// is installed. [System.Resolve] answers a [Request], written as on emerge's
// command line, with a [Result]: the ordered plan, or why there is none.
// [System.Verify] has an independent checker judge it. Nothing is ever written.
//
// Seven values flow through a resolution, each made by one function from the
// ones before it:
//
//   - request: the arguments with names and sets looked up ([github.com/portsolve/portsolve/solver/universe.Request])
//   - universe: the candidates that the request can reach, with the reasons that exclude some
//   - formula: the rules between candidates, as clauses
//   - model: an assignment that satisfies them and is best by documented criteria
//   - selection: the model in terms of packages ([github.com/portsolve/portsolve/solver/universe.Selection])
//   - plan: the selection in an order that can be executed
//   - answer: all of it as plain data ([Result])
//
// ARCHITECTURE.md maps the packages; docs/ states the rules.
package portsolve
