package mapping

import "slices"

// name is something that expressions can call by its name.
type name struct {
	slot  int
	shape *shape
}

// scope holds names; those of the parent are seen through it.
type scope struct {
	parent *scope
	names  map[string]name
}

func (s *scope) child() *scope { return &scope{parent: s, names: map[string]name{}} }

func (s *scope) find(word string) (name, bool) {
	for ; s != nil; s = s.parent {
		if n, ok := s.names[word]; ok {
			return n, true
		}
	}
	return name{}, false
}

// words lists the names in scope, sorted.
func (s *scope) words() []string {
	var all []string
	for ; s != nil; s = s.parent {
		for word := range s.names {
			all = append(all, word)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
