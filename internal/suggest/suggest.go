// Package suggest finds the words a person probably meant: misspelt options,
// packages and sets are answered with "did you mean …".
package suggest

import "sort"

// Nearest returns at most n elements of among that look like word, best first;
// equally good ones keep alphabetical order. It returns nil when nothing is
// near enough: more than a third of the letters would have to change.
func Nearest(word string, among []string, n int) []string {
	type hit struct {
		text string
		dist int
	}
	limit := max(len(word)/3, 1)
	var hits []hit
	for _, cand := range among {
		if d := Distance(word, cand, limit); d <= limit {
			hits = append(hits, hit{cand, d})
		}
	}
	sort.Slice(hits, func(i, j int) bool {
		if hits[i].dist != hits[j].dist {
			return hits[i].dist < hits[j].dist
		}
		return hits[i].text < hits[j].text
	})
	var out []string
	for i := 0; i < len(hits) && len(out) < n; i++ {
		if len(out) == 0 || out[len(out)-1] != hits[i].text {
			out = append(out, hits[i].text)
		}
	}
	return out
}

// Distance is the number of single-byte insertions, deletions, replacements
// and swaps of neighbours that turn a into b (optimal string alignment).
// It gives up early and returns limit+1 once the distance exceeds limit.
func Distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		best := cur[0]
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
			best = min(best, cur[j])
		}
		if best > limit {
			return limit + 1
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return min(prev[len(b)], limit+1)
}
