package render

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/solver/answer"
)

// totals writes emerge's summary line and, when there are any, the blockers.
func (p *page) totals() {
	var byKind [kindReinstall + 1]int
	var merges, binaries, uninstalls, blocks, unsolved, unknown int
	var download int64
	for i := range p.res.Plan {
		e := &p.res.Plan[i]
		switch e.Action {
		case answer.Uninstall:
			uninstalls++
		case answer.BlockerEntry:
			blocks++
			if !e.SolvedBlocker {
				unsolved++
			}
		default:
			merges++
			byKind[p.classify(e).kind]++
			if e.Type == "binary" {
				binaries++
			}
			if e.Download == nil {
				unknown++
			} else {
				download += *e.Download
			}
		}
	}
	var parts []string
	count := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	count(byKind[kindUpgrade], "upgrade", "upgrades")
	count(byKind[kindDowngrade], "downgrade", "downgrades")
	count(byKind[kindNew], "new", "new")
	count(byKind[kindNewSlot], "in new slot", "in new slots")
	count(byKind[kindReinstall], "reinstall", "reinstalls")
	count(binaries, "binary", "binaries")
	count(uninstalls, "uninstall", "uninstalls")
	p.printf("\nTotal: %s", plural(merges, "package"))
	if len(parts) > 0 {
		p.printf(" (%s)", strings.Join(parts, ", "))
	}
	if unknown == 0 || download > 0 {
		p.printf(", Size of downloads: %s", kibibytes(download))
	}
	if unknown > 0 && download > 0 {
		p.printf(" and %s of unknown size", plural(unknown, "package"))
	}
	p.WriteString("\n")
	p.conflictLine(blocks, unsolved)
}

func (p *page) conflictLine(blocks, unsolved int) {
	if blocks == 0 {
		return
	}
	state := "all satisfied"
	if unsolved > 0 {
		state = fmt.Sprintf("%d unsatisfied", unsolved)
	}
	p.printf("Conflict: %s (%s)\n", plural(blocks, "block"), state)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
