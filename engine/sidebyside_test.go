package engine_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestNothingUnguardedIsKeptSideBySide: the server of a test answers each connection in a goroutine of its own, and a
// timer goes off in one. What they count or note outside of themselves needs a lock that they take, an atomic or a
// channel: without one, only the race detector fails, and only now and then.
func TestNothingUnguardedIsKeptSideBySide(t *testing.T) {
	seen := map[string]int{}
	look := func(t *testing.T, file, what string, lit *ast.FuncLit) {
		seen[what]++
		for _, name := range unguarded(lit) {
			t.Errorf("%s: %s changes %s, which stands outside of it, without a lock", file, what, name)
		}
	}
	eachFile(t, 0, func(t *testing.T, _, file string, f *ast.File) {
		if !strings.HasSuffix(file, "_test.go") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				if answersRequests(n) {
					look(t, file, "a handler", n)
				}
			case *ast.GoStmt:
				if lit, ok := n.Call.Fun.(*ast.FuncLit); ok {
					look(t, file, "a goroutine", lit)
				}
			case *ast.CallExpr:
				if lit := calledBy(n, "AfterFunc"); lit != nil {
					look(t, file, "a timer", lit)
				}
				if lit := calledBy(n, "Go"); lit != nil {
					look(t, file, "a goroutine", lit)
				}
			}
			return true
		})
	})
	if seen["a handler"] < 20 || seen["a goroutine"] < 5 || seen["a timer"] < 1 {
		t.Errorf("only these were looked at: %v; the search is broken", seen)
	}
}

// calledBy is the function that a call of this name, such as time.AfterFunc, shall call itself; nil when it is no such call.
func calledBy(call *ast.CallExpr, name string) *ast.FuncLit {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name || len(call.Args) == 0 {
		return nil
	}
	lit, _ := call.Args[len(call.Args)-1].(*ast.FuncLit)
	return lit
}

// answersRequests says whether a function is a handler, or what stands in for one.
func answersRequests(lit *ast.FuncLit) bool {
	for _, p := range lit.Type.Params.List {
		if sel, ok := p.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "ResponseWriter" {
			return true
		}
	}
	return false
}

// unguarded are the variables that a function changes though they are not its own, unless it takes a lock.
func unguarded(lit *ast.FuncLit) []string {
	var names []string
	locks := false
	note := func(target ast.Expr) {
		if _, place := target.(*ast.IndexExpr); place && !answersRequests(lit) {
			return // of a slice that has a place for each goroutine
		}
		if root := rootOf(target); root != nil && root.Obj != nil && (root.Obj.Pos() < lit.Pos() || root.Obj.Pos() > lit.End()) {
			names = append(names, root.Name)
		}
	}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IncDecStmt:
			note(n.X)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				return true
			}
			for _, target := range n.Lhs {
				note(target)
			}
		case *ast.SelectorExpr:
			locks = locks || n.Sel.Name == "Lock"
		}
		return true
	})
	if locks {
		return nil
	}
	return names
}

// rootOf is the variable in which a place lies: n of n, of n.count, of n["a"] and of *n.
func rootOf(target ast.Expr) *ast.Ident {
	for {
		switch at := target.(type) {
		case *ast.Ident:
			return at
		case *ast.SelectorExpr:
			target = at.X
		case *ast.IndexExpr:
			target = at.X
		case *ast.StarExpr:
			target = at.X
		case *ast.ParenExpr:
			target = at.X
		default:
			return nil
		}
	}
}
