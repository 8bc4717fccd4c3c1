package spec

import (
	"path"
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// maxBases is how many projects may stand on each other.
const maxBases = 8

// extend adds the files of the project that this one extends, except what stands here too:
//
//	Project                            each key that is not given here is that one's
//	Flow, Steps, Mapping, Map, ...     replaced by kind and name
//	Sharing                            replaced by its direction
//	Catalogue                          a code list is replaced by its name; objects add up
//	Test                               left behind: it speaks of that project's codes
//
// So a variant for one country holds what differs there, and nothing else.
func (b *builder) extend(place Place, own []source) []source {
	sources, dirs := own, []string{}
	for range maxBases {
		project := projectOf(own)
		from := project.get("extends")
		if from == nil || from.shape != textShape || from.text == "" {
			return sources
		}
		dir := from.text
		if len(dirs) > 0 {
			dir = path.Join(dirs[len(dirs)-1], dir)
		}
		if slices.Contains(append(dirs, "."), path.Clean(dir)) {
			b.faultOn(from, "extends-itself", "let one of them extend nothing", "this project extends itself")
			return sources
		}
		next, ok := b.open(place, from)
		if !ok {
			return sources
		}
		base := b.readAll(next.Files, dir)
		if projectOf(base) == nil {
			b.faultOn(from, "unknown-project", "name a directory with a file project.yaml", "%q holds no project", from.text)
			b.whole = false
			return sources
		}
		below := slices.Clone(base)
		sources = append(sources, remaining(sources, base)...)
		place, own, dirs = next, below, append(dirs, path.Clean(dir))
	}
	b.fault(engine.Pos{File: b.project.Files[0].Path, Line: 1, Column: 1}, 1, "extends-itself", "extend fewer", "more than %d projects extend each other", maxBases)
	return sources
}

func (b *builder) open(place Place, from *node) (Place, bool) {
	if place.Outside == nil {
		b.faultOn(from, "unknown-project", "give a directory with --project", "a project can extend another one only where both are directories")
		b.whole = false
		return Place{}, false
	}
	next, err := place.Outside(from.text)
	if err != nil {
		b.faultOn(from, "unknown-project", "name it relative to this project's directory, such as ../base", "there is no directory %q", from.text)
		b.whole = false
		return Place{}, false
	}
	return next, true
}

func projectOf(sources []source) *node {
	for _, s := range sources {
		if s.kind == "Project" {
			return s.root
		}
	}
	return nil
}

// remaining are the files of base that nothing above replaces. Keys of the project and code lists
// are taken over one by one.
func remaining(above, base []source) []source {
	taken := map[string]bool{}
	for _, s := range above {
		for _, name := range names(s) {
			taken[name] = true
		}
	}
	var left []source
	for _, s := range base {
		switch {
		case s.kind == "Test":
		case s.kind == "Project":
			projectOf(above).adopt(s.root)
		case s.kind == "Catalogue":
			left = append(left, withoutLists(s, taken))
		case !slices.ContainsFunc(names(s), func(name string) bool { return taken[name] }):
			left = append(left, s)
		}
	}
	return left
}

// names is what a file describes, as an extending project would replace it.
func names(s source) []string {
	switch s.kind {
	case "Sharing":
		return []string{s.kind + " " + s.root.get("from").string() + " " + s.root.get("to").string()}
	case "Catalogue":
		var lists []string
		s.root.get("code_lists").each(func(name, _ *node) {
			lists = append(lists, listName(s, name))
		})
		return lists
	}
	return []string{s.kind + " " + s.root.get("name").string()}
}

func listName(s source, name *node) string {
	return "code list " + s.root.get("connection").string() + "." + name.text
}

// adopt takes over the keys that n does not have.
func (n *node) adopt(base *node) {
	for i, k := range base.keys {
		if !slices.Contains(n.names(), k.text) && k.text != "extends" {
			n.keys, n.items = append(n.keys, k), append(n.items, base.items[i])
		}
	}
}

// withoutLists is a catalogue without the code lists that are taken.
func withoutLists(s source, taken map[string]bool) source {
	root := *s.root
	root.keys, root.items = slices.Clone(root.keys), slices.Clone(root.items)
	for i, k := range root.keys {
		if k.text != "code_lists" || root.items[i].shape != mapShape {
			continue
		}
		lists := *root.items[i]
		lists.keys, lists.items = nil, nil
		root.items[i].each(func(name, codes *node) {
			if !taken[listName(s, name)] {
				lists.keys, lists.items = append(lists.keys, name), append(lists.items, codes)
			}
		})
		root.items[i] = &lists
	}
	s.root = &root
	return s
}
