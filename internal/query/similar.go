package query

// Similarity is the measure of Ratcliff and Obershelp ("Pattern Matching: The
// Gestalt Approach", 1988): twice the number of characters that match, divided
// by the number of all characters of both words; 1 for equal words. What
// matches is the longest common part, and likewise what lies left and right of it.
func Similarity(a, b string) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	return 2 * float64(matching(a, b)) / float64(len(a)+len(b))
}

// alike reports whether the similarity reaches a limit, with two cheap bounds
// first, because most names are nothing alike.
func alike(a, b string, limit float64) bool {
	need := limit * float64(len(a)+len(b)) / 2 // characters that have to match
	if float64(min(len(a), len(b))) < need || float64(inCommon(a, b)) < need {
		return false
	}
	return Similarity(a, b) >= limit
}

// inCommon counts the characters of both words in any order.
func inCommon(a, b string) int {
	var have [256]int
	for i := range len(a) {
		have[a[i]]++
	}
	n := 0
	for i := range len(b) {
		if have[b[i]] > 0 {
			have[b[i]]--
			n++
		}
	}
	return n
}

func matching(a, b string) int {
	if a == "" || b == "" {
		return 0
	}
	i, j, n := longestCommon(a, b)
	if n == 0 {
		return 0
	}
	return n + matching(a[:i], b[:j]) + matching(a[i+n:], b[j+n:])
}

// longestCommon finds the longest common part, the first one in a, then in b.
func longestCommon(a, b string) (i, j, n int) {
	above := make([]int, len(b)+1) // lengths of common parts that end at the previous character of a
	row := make([]int, len(b)+1)
	for x := range len(a) {
		for y := range len(b) {
			row[y+1] = 0
			if a[x] == b[y] {
				row[y+1] = above[y] + 1
				if row[y+1] > n {
					n = row[y+1]
					i, j = x+1-n, y+1-n
				}
			}
		}
		above, row = row, above
	}
	return i, j, n
}
