package spec

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/casebridge/casebridge/engine"
)

const (
	maxBytes = 1 << 20 // of one file
	maxDepth = 64      // of nested lists and groups; the parser's time grows with its square
)

var (
	jsonNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?$`)
	leadingZeros = regexp.MustCompile(`^[-+]?0[0-9]+$`)
)

// source is one spec file that has been parsed and checked for its form.
type source struct {
	file  *File
	kind  string
	root  *node
	found *findings
}

// parse makes a tree of a file's bytes. It returns nil when there is nothing
// to go on with; what is wrong has then been said.
func parse(path string, raw []byte, found *findings) (root *node) {
	text := strings.TrimPrefix(string(raw), "\ufeff")
	file := &File{Path: path, Lines: splitLines(text)}
	found.files[path] = file
	p := parsing{file: file, found: found}
	defer func() {
		if r := recover(); r != nil { // the YAML library fails on some broken files
			p.fault(1, 1, "bad-yaml", "look for a quote or bracket that is not closed", "this file cannot be read as YAML")
			root = nil
		}
	}()
	if !p.readable(raw) || p.unmerged() {
		return nil
	}
	tokens := lexer.Tokenize(strings.ReplaceAll(text, "\r\n", "\n")) // the lexer miscounts lines that end in both
	if at, deep := tooDeep(tokens); deep {
		p.fault(at.Line, at.Column, "too-deep", "spec files are never nested that deep", "lists and groups stand in each other more than %d deep", maxDepth)
		return nil
	}
	if p.unspaced(tokens) {
		return nil
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(err, tokens)
		return nil
	}
	return p.document(tree)
}

func splitLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// parsing turns the YAML library's tree of one file into ours.
type parsing struct {
	file  *File
	found *findings
}

func (p *parsing) fault(line, column int, code, help, format string, args ...any) {
	at := engine.Pos{File: p.file.Path, Line: min(max(line, 1), len(p.file.Lines)), Column: max(column, 1)}
	p.found.fault(at, 1, code, help, format, args...)
}

// otherFormat says what a file is that is no UTF-8 text as a whole, and what to do; "" for others.
func otherFormat(raw []byte) (what, help string) {
	const asText = "open it with the program that made it, and save it as UTF-8 text"
	switch {
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return "this is a ZIP file, such as a spreadsheet (.xlsx) or a Word document is, and not a text file", asText
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return "this text is UTF-16, and not UTF-8", saveAnew
	case bytes.IndexByte(raw, 0) >= 0 && (!utf8.Valid(raw) || bytes.Count(raw, []byte{0}) > len(raw)/10): // one slipped into a text has a place
		return "this is not a text file", asText
	}
	return "", ""
}

const saveAnew = "save the file anew as UTF-8 text"

func (p *parsing) readable(raw []byte) bool {
	if what, help := otherFormat(raw); what != "" {
		p.file.Lines = []string{""} // nothing that a screen should show
		p.fault(1, 1, "not-text", help, "%s", what)
		return false
	}
	for i, line := range p.file.Lines {
		if !utf8.ValidString(line) {
			p.file.Lines[i] = printable(strings.ToValidUTF8(line, "\ufffd"))
			p.fault(i+1, 1, "not-text", "save the file as UTF-8", "this line is not UTF-8 text")
			return false
		}
		if at := strings.IndexFunc(line, isControl); at >= 0 && line[at] == '\r' {
			p.file.Lines[i] = line[:at]
			p.fault(i+1, utf8.RuneCountInString(line[:at])+1, "not-text", saveAnew, "lines end here as old Macs wrote them, with CR alone")
			return false
		} else if at >= 0 {
			p.file.Lines[i] = printable(line)
			p.fault(i+1, utf8.RuneCountInString(line[:at])+1, "not-text", "remove it", "a character that cannot be seen stands here")
			return false
		}
	}
	if strings.TrimSpace(string(raw)) == "" {
		p.fault(1, 1, "empty-file", "delete the file, or begin it with kind:", "this file is empty")
		return false
	}
	return true
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// printable makes a line safe to show.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return '\ufffd'
		}
		return r
	}, line)
}

// tooDeep looks for the token at which nesting passes maxDepth.
func tooDeep(tokens token.Tokens) (*token.Position, bool) {
	flow := 0
	var block []int // columns of the open block lists and groups
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingValueType, token.MappingKeyType:
			if flow > 0 {
				continue
			}
			column := t.Position.Column
			if t.Type == token.MappingValueType && t.Prev != nil {
				column = t.Prev.Position.Column
			}
			for len(block) > 0 && block[len(block)-1] >= column {
				block = block[:len(block)-1]
			}
			block = append(block, column)
		}
		if flow+len(block) > maxDepth {
			return t.Position, true
		}
	}
	return nil, false
}

// document takes the only document of a file.
func (p *parsing) document(tree *ast.File) *node {
	var bodies []ast.Node
	for _, d := range tree.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) == 0 {
		p.fault(1, 1, "empty-file", "delete the file, or begin it with kind:", "this file holds nothing but comments")
		return nil
	}
	if d, ok := bodies[0].(*ast.DirectiveNode); ok {
		p.faultAt(d, "bad-yaml", "remove the line", "lines that begin with %% are not used in spec files")
		return nil
	}
	if len(bodies) > 1 {
		second := p.convert(bodies[1])
		p.found.fault(second.at, 1, "several-documents", "give each its own file", "a second document begins here; a file holds exactly one")
		return nil
	}
	root := p.convert(bodies[0])
	if root.shape != mapShape {
		p.found.faultOn(root, "wrong-type", "begin the file with kind:", "a spec file is a group of keys, not %s", root.what())
		return nil
	}
	return root
}

func (p *parsing) faultAt(n ast.Node, code, help, format string, args ...any) {
	at := p.tokenPos(n.GetToken())
	p.fault(at.Line, at.Column, code, help, format, args...)
}

func (p *parsing) tokenPos(t *token.Token) engine.Pos {
	if t == nil || t.Position == nil {
		return engine.Pos{File: p.file.Path, Line: 1, Column: 1}
	}
	return engine.Pos{File: p.file.Path, Line: min(max(t.Position.Line, 1), len(p.file.Lines)), Column: max(t.Position.Column, 1)}
}

// convert makes our node of the library's. Anchors, aliases, tags and merge keys are refused on the way.
func (p *parsing) convert(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return p.mapping(n, n.Values)
	case *ast.MappingValueNode:
		return p.mapping(n, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		list := p.newNode(listShape, n, "")
		for _, v := range n.Values {
			list.items = append(list.items, p.convert(v))
		}
		return list
	case *ast.StringNode:
		return p.textNode(n)
	case *ast.LiteralNode:
		return p.block(n)
	case *ast.BoolNode:
		return p.newNode(boolShape, n, fmt.Sprint(n.Value))
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return p.number(n)
	case *ast.NullNode:
		return p.newNode(nullShape, n, "")
	}
	return p.refused(n)
}

func (p *parsing) newNode(s shape, n ast.Node, text string) *node {
	return &node{shape: s, at: p.tokenPos(n.GetToken()), file: p.file, text: text}
}

// refused reports what YAML has and specs have not.
func (p *parsing) refused(n ast.Node) *node {
	bad := p.newNode(nullShape, n, "")
	bad.wrong = true
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		p.faultAt(n, "alias", "write the value out", "anchors (&) and aliases (*) are not used in spec files: every value stands where it counts")
	case *ast.TagNode:
		p.faultAt(n, "tag", "remove it; put the value in quotes if it is a text", "tags (!) are not used in spec files")
	case *ast.MergeKeyNode:
		p.faultAt(n, "alias", "write the keys out", "merge keys (<<) are not used in spec files")
	default:
		p.faultAt(n, "bad-yaml", "", "this is not used in spec files")
	}
	return bad
}

func (p *parsing) mapping(n ast.Node, values []*ast.MappingValueNode) *node {
	m := p.newNode(mapShape, n, "")
	if tok := n.GetToken(); tok != nil && tok.Type != token.MappingStartType && len(values) > 0 {
		m.at = p.tokenPos(values[0].Key.GetToken()) // a block mapping's own token is its first colon
	}
	seen := make(map[string]*node, len(values))
	for _, v := range values {
		key := p.key(v.Key)
		value := p.convert(v.Value)
		if key == nil {
			m.wrong = true
			continue
		}
		if first := seen[key.text]; first != nil {
			p.found.faultOn(key, "duplicate-key", "keep one of the two", "the key %q already stands in line %d", key.text, first.at.Line)
			continue
		}
		seen[key.text] = key
		m.keys, m.items = append(m.keys, key), append(m.items, value)
	}
	return m
}

// key makes a key, or returns nil after saying why it cannot be one.
func (p *parsing) key(k ast.MapKeyNode) *node {
	switch k := k.(type) {
	case *ast.StringNode:
		return p.textNode(k)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		text := k.GetToken().Value
		p.faultAt(k, "unquoted-code", fmt.Sprintf("write \"%s\":", text), "the key %s is not read as a text", text)
		return nil
	case *ast.MappingKeyNode:
		p.faultAt(k, "bad-yaml", "write key: value", "keys that begin with ? are not used in spec files")
		return nil
	}
	p.refused(k)
	return nil
}

// textNode makes a text. Plain numerals that begin with 0 are flagged: other
// programs read 08 as 8, and it is nearly always a code.
func (p *parsing) textNode(n *ast.StringNode) *node {
	t := p.newNode(textShape, n, n.Value)
	switch n.GetToken().Type {
	case token.SingleQuoteType:
		t.style = singleQuoted
	case token.DoubleQuoteType:
		t.style = doubleQuoted
	default:
		if leadingZeros.MatchString(n.Value) {
			p.unquoted(t)
		}
		return t
	}
	if t.text != "" {
		t.at.Column++ // behind the quote
	}
	return t
}

// number keeps a number as it is written. What JSON would write otherwise is flagged.
func (p *parsing) number(n ast.Node) *node {
	text := n.GetToken().Value
	if jsonNumber.MatchString(text) {
		return p.newNode(numberShape, n, text)
	}
	t := p.newNode(textShape, n, text)
	p.unquoted(t)
	return t
}

func (p *parsing) unquoted(n *node) {
	p.found.faultOn(n, "unquoted-code", fmt.Sprintf("write \"%s\"", n.text), "%s without quotes is read as a number by some programs; codes are text", n.text)
}

// block makes a text of a block scalar. The library's place for it is not
// reliable, so the first line is found from the lines themselves.
func (p *parsing) block(n *ast.LiteralNode) *node {
	t := p.newNode(textShape, n, n.Value.Value)
	t.style = literalBlock
	if n.Start != nil && n.Start.Type == token.FoldedType {
		t.style = foldedBlock
	}
	for line := t.at.Line + 1; line <= len(p.file.Lines) && t.text != ""; line++ {
		text := p.file.Lines[line-1]
		if bare := strings.TrimLeft(text, " "); bare != "" {
			indent := len(text) - len(bare) - leadingSpaces(t.text)
			t.at.Line, t.at.Column = t.at.Line+1, max(indent, 0)+1
			break
		}
	}
	return t
}

// leadingSpaces counts the spaces before the first character of a text's first line that has one.
func leadingSpaces(text string) int {
	text = strings.TrimLeft(text, "\n")
	return len(text) - len(strings.TrimLeft(text, " "))
}
