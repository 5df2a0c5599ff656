package config

import "strings"

// nearest is the known word that was probably meant, "" when none is close.
func nearest(word string, known []string) string {
	word = strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	if len(word) > 64 {
		return ""
	}
	best, distance := "", min(2, len(word)/3)+1
	for _, k := range known {
		if d := edits(word, strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// edits is the number of letters to insert, delete or replace to get from one
// word to the other (Levenshtein).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
