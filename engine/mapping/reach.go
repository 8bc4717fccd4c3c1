package mapping

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// reach is what the value of an expression may be made of. It rather names too
// much than too little: a field that only decides between two values counts as
// one of them. What decides whether something is written, and which record or
// row is chosen, does not count.
type reach struct {
	records []reached // records and rows that it may be, or that its list may hold
	leaves  []leaf    // fields whose values may have gone into it
}

// reached is a record of a system, or a row of one.
type reached struct {
	object *objectType
	path   string // "" for the record itself, or the field that holds the row
	fields []engine.Field
	root   int  // tells apart the steps that looked records up; 0 is the flow's source
	single bool // the record itself, not one of a list
}

// leaf is one field, and the place in a spec that brings it in.
type leaf struct {
	object *objectType
	path   string // "field" or "field.column"
	class  engine.Class
	root   int
	at     engine.Pos
	width  int
}

func (l leaf) name() string { return l.object.full + "." + l.path }

func (r reach) and(other reach) reach {
	return reach{records: slices.Concat(r.records, other.records), leaves: slices.Concat(r.leaves, other.leaves)}
}

// values drops the records: what is left was taken from fields.
func (r reach) values() reach { return reach{leaves: r.leaves} }

// view is the names that a line sees, each with what it may be made of.
type view struct {
	parent *view
	names  map[string]*seen
}

// seen is one name. tree is the formula of an expr step, written where from sees it.
type seen struct {
	reach
	tree ast.Node
	from *view
}

func (v *view) child() *view { return &view{parent: v, names: map[string]*seen{}} }

func (v *view) find(word string) *seen {
	for ; v != nil; v = v.parent {
		if s, ok := v.names[word]; ok {
			return s
		}
	}
	return nil
}

// reader finds out what an expression may be made of.
type reader struct {
	*exprCompiler
	view  *view
	loops []reach
}

// reader parses src; the tree is nil when it is no expression, which has been reported.
func (c *compiler) reader(src spec.Scalar, in *view) (*reader, ast.Node) {
	r := &reader{exprCompiler: &exprCompiler{c: c, src: src}, view: in}
	tree, ok := r.parse()
	if !ok {
		return r, nil
	}
	return r, tree
}

func (c *compiler) reachOf(src spec.Scalar, in *view) reach {
	if src.Text == "" {
		return reach{}
	}
	r, tree := c.reader(src, in)
	return r.of(tree)
}

func (r *reader) of(n ast.Node) reach {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return r.name(n)
	case *ast.PointerNode:
		if len(r.loops) > 0 {
			return r.loops[len(r.loops)-1]
		}
	case *ast.ChainNode:
		return r.of(n.Node)
	case *ast.MemberNode:
		return r.memberOf(n)
	case *ast.SliceNode:
		return r.of(n.Node).values()
	case *ast.UnaryNode:
		return r.of(n.Node).values()
	case *ast.BinaryNode:
		both := r.of(n.Left).and(r.of(n.Right))
		if n.Operator != "??" {
			return both.values()
		}
		return both
	case *ast.ConditionalNode:
		return r.of(n.Cond).values().and(r.of(n.Exp1)).and(r.of(n.Exp2))
	case *ast.VariableDeclaratorNode:
		return r.letOf(n)
	case *ast.ArrayNode:
		var all reach
		for _, item := range n.Nodes {
			all = all.and(r.of(item))
		}
		return all
	case *ast.CallNode, *ast.BuiltinNode:
		word, args := called(n)
		return r.callOf(word, args)
	}
	return reach{}
}

// called takes a call apart; a call of anything but a name has no word.
func called(n ast.Node) (word string, args []ast.Node) {
	switch n := n.(type) {
	case *ast.BuiltinNode:
		return n.Name, n.Arguments
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			return callee.Value, n.Arguments
		}
		return "", n.Arguments
	}
	return "", nil
}

// name gives what the name is made of, as if it stood written out at this place.
func (r *reader) name(n *ast.IdentifierNode) reach {
	found := r.view.find(n.Value)
	if found == nil {
		return reach{}
	}
	here := reach{records: found.records, leaves: slices.Clone(found.leaves)}
	for i := range here.leaves {
		here.leaves[i].at, here.leaves[i].width = r.place(n), width(n)
	}
	return here
}

func (r *reader) memberOf(n *ast.MemberNode) reach {
	of := r.of(n.Node)
	word, named := n.Property.(*ast.StringNode)
	if !named {
		return of // one entry of a list
	}
	var got reach
	for _, rec := range of.records {
		field := engine.FieldNamed(rec.fields, word.Value)
		switch {
		case field == nil:
		case field.Type == engine.Rows:
			got.records = append(got.records, reached{object: rec.object, path: within(rec.path, field.Name), fields: field.Fields, root: rec.root})
		default:
			got.leaves = append(got.leaves, leaf{rec.object, within(rec.path, field.Name), fieldClass(field), rec.root, r.wordPlace(word), width(n)})
		}
	}
	if len(of.records) == 0 {
		return of // a part of something whose fields are not known
	}
	return got
}

func within(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

func (r *reader) letOf(n *ast.VariableDeclaratorNode) reach {
	what := r.of(n.Value)
	outer := r.view
	r.view = outer.child()
	r.view.names[n.Name] = &seen{reach: what}
	then := r.of(n.Expr)
	r.view = outer
	return then
}

// callOf: some functions hand on entries of a list, or one of their arguments; others compute.
func (r *reader) callOf(word string, args []ast.Node) reach {
	if word == "has" && len(args) == 2 { // whether a field is there tells of it too
		return r.memberOf(&ast.MemberNode{Node: args[0], Property: args[1]}).values()
	}
	var all reach
	for i, arg := range args {
		if body, ok := arg.(*ast.PredicateNode); ok && i > 0 {
			tested := r.inLoop(r.of(args[0]), body)
			if word == "map" {
				return tested
			}
			all = all.and(tested.values())
			continue
		}
		all = all.and(r.of(arg))
	}
	switch word {
	case "filter", "find", "first", "last", "min", "max", "or_else":
		return all
	default:
		return all.values()
	}
}

func (r *reader) inLoop(over reach, body *ast.PredicateNode) reach {
	r.loops = append(r.loops, over)
	got := r.of(body.Node)
	r.loops = r.loops[:len(r.loops)-1]
	return got
}

// spread gives the columns of rows that are copied whole.
func (r reach) spread(at engine.Pos, width int) []leaf {
	leaves := slices.Clone(r.leaves)
	for _, rec := range r.records {
		for i := range rec.fields {
			f := &rec.fields[i]
			leaves = append(leaves, leaf{rec.object, within(rec.path, f.Name), fieldClass(f), rec.root, at, width})
		}
	}
	return leaves
}
