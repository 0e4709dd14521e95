package extract

import (
	"cmp"
	"regexp"
	"slices"
)

const (
	enough = 50  // the least score of a match
	exact  = 95  // from here on two fields may share a label
	full   = 100 // the label is the name
)

// names is what a field is called, in words.
type names struct {
	own         [][]string // the name, the alternatives, what the description puts in quotes
	within      []string   // the names of the objects around it
	description []string
}

var quoted = regexp.MustCompile(`["“']([^"”']{2,40})["”']`)

func namesOf(name string, n *node, within []string) names {
	q := names{own: [][]string{words(name)}, within: within, description: words(n.description)}
	for _, other := range n.names {
		q.own = append(q.own, words(other))
	}
	for _, m := range quoted.FindAllStringSubmatch(n.description, -1) {
		q.own = append(q.own, words(m[1]))
	}
	return q
}

// vocabulary is every word that a label of the field can have.
func (q names) vocabulary() []string {
	all := slices.Concat(q.description, q.within)
	for _, own := range q.own {
		all = append(all, own...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// score compares a label under its headings with the field: 0 to 108.
func (q names) score(label, context []string) int {
	best := q.byDescription(label)
	for _, own := range q.own {
		best = max(best, q.byName(own, label, context))
	}
	if best > 0 && len(q.within) > 0 {
		best += 8 * count(q.within, context) / len(q.within)
	}
	return best
}

// byName compares a label with one name: the same words, more of them in the
// label, or less of them.
func (q names) byName(own, label, context []string) int {
	if len(own) == 1 && own[0] == "name" && len(q.within) > 0 && slices.Equal(label, q.within) {
		return full - 10 // "Patient: Ada Quill" is patient.name
	}
	shared := count(own, label)
	extra, lacking := rest(label, own), rest(own, label)
	extra = rest(rest(extra, q.within), q.description)
	switch {
	case shared == 0:
		return 0
	case len(lacking) == 0 && len(rest(label, own)) == 0:
		return full
	case len(lacking) == 0 && len(rest(rest(label, own), q.within)) == 0:
		return full - 2
	case len(lacking) == 0:
		return max(80-10*len(extra), 0)
	case len(extra) == 0 && len(rest(lacking, context)) == 0:
		return 85
	case len(extra) == 0:
		return max(75-15*len(lacking), 0)
	}
	return 100 * shared / (len(own) + len(extra)) * 3 / 4
}

// byDescription takes a label of several words that the description has all.
func (q names) byDescription(label []string) int {
	if len(label) < 2 || len(rest(label, q.description)) > 0 {
		return 0
	}
	return 60
}

// rest is what of some words is not among others.
func rest(some, among []string) []string {
	var left []string
	for _, w := range some {
		if !slices.Contains(among, w) {
			left = append(left, w)
		}
	}
	return left
}

// field is a leaf that looks for its value.
type field struct {
	node  *node
	names names
}

// find is what a field found: a text and where it stood.
type find struct{ text, ref string }

// fields lists the leaves of an object and of the objects in it; arrays are
// filled on their own.
func fields(n *node, within []string) []field {
	var found []field
	for _, name := range n.order() {
		member := n.properties[name]
		switch {
		case member.kind == "object":
			found = append(found, fields(member, slices.Concat(within, words(name)))...)
		case member.isLeaf():
			found = append(found, field{member, namesOf(name, member, within)})
		}
	}
	return found
}

// claim is one field's claim on one pair.
type claim struct {
	field, pair  int
	base, weight int
}

// assign gives pairs to fields, the surest first. A pair that is not named
// exactly as the field goes to one field only.
func assign(wanted []field, pairs []pair) map[*node]find {
	claims := claimsOn(wanted, pairs)
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(b.base+b.weight, a.base+a.weight) })
	found, taken := map[*node]find{}, map[int]bool{}
	for _, c := range claims {
		n := wanted[c.field].node
		if _, has := found[n]; has || taken[c.pair] && c.base < exact {
			continue
		}
		found[n] = find{pairs[c.pair].value, pairs[c.pair].ref}
		taken[c.pair] = true
	}
	return found
}

func claimsOn(wanted []field, pairs []pair) []claim {
	index := map[string][]int{}
	for i, p := range pairs {
		for _, w := range p.words {
			index[w] = append(index[w], i)
		}
	}
	var claims []claim
	for at, f := range wanted {
		for _, i := range candidates(index, f.names.vocabulary()) {
			if base := f.judge(pairs[i]); base >= enough {
				claims = append(claims, claim{at, i, base, pairs[i].weight})
			}
		}
	}
	return claims
}

func candidates(index map[string][]int, vocabulary []string) []int {
	var found []int
	for _, w := range vocabulary {
		found = append(found, index[w]...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// judge is the score of a pair for a field; less where the value cannot be one
// of the field's.
func (f field) judge(p pair) int {
	score := f.names.score(p.words, p.context)
	if score >= enough && !fits(f.node, p.value) {
		score -= 25
	}
	return score
}
