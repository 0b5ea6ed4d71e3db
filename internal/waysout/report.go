package main

import (
	"fmt"
	"slices"
	"time"
)

// print is the line of one package.
func (h *harness) print(r *result) {
	end := "all; with these forbidden the rest has no solution"
	switch {
	case !r.complete:
		end = "unfinished (" + r.limit + ")"
	case r.refuted < 0:
		end = "ERROR: with these forbidden there is another"
	}
	first := time.Duration(0)
	if len(r.cpu) > 0 {
		first = r.cpu[0]
	}
	fmt.Fprintf(h.w, "%-36s %3d ways out, first %4d ms, further %4d ms, end %4d ms, %3d attempts, %d rejected: %s\n",
		r.name, len(r.found), first.Milliseconds(), median(r.cpu[min(1, len(r.cpu)):]).Milliseconds(), r.end.Milliseconds(),
		r.attempts, r.rejected, end)
	if !h.list {
		return
	}
	for i, a := range r.found {
		fmt.Fprintf(h.w, "  %d. cost %v, merges %d\n", i+1, a.Cost, a.Merged)
		for j := range a.Changes.Entries {
			fmt.Fprintf(h.w, "     %-24s %s\n", a.Changes.Entries[j].File, a.Changes.Entries[j].Line())
		}
	}
}

// summary are the figures of all packages.
func (h *harness) summary() {
	var counts []int
	var first, further []time.Duration
	complete, rejected, wrong := 0, 0, 0
	for _, r := range h.cases {
		rejected += r.rejected
		if r.complete {
			complete++
			counts = append(counts, len(r.found))
		}
		if r.refuted < 0 {
			wrong++
		}
		if len(r.cpu) > 0 {
			first = append(first, r.cpu[0])
			further = append(further, r.cpu[1:]...)
		}
	}
	slices.Sort(counts)
	middle, most := 0, 0
	if n := len(counts); n > 0 {
		middle, most = counts[n/2], counts[n-1]
	}
	fmt.Fprintf(h.w, "waysout: %d packages, %d with all ways out shown (median %d, most %d), %d wrong; %d rejected by the checker\n",
		len(h.cases), complete, middle, most, wrong, rejected)
	fmt.Fprintf(h.w, "waysout: processor time, median: first %d ms (of %d), each further %d ms (of %d)\n",
		median(first).Milliseconds(), len(first), median(further).Milliseconds(), len(further))
}

func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	s := slices.Clone(d)
	slices.Sort(s)
	return s[len(s)/2]
}
