package spec

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// loneStar is a * where a value begins, and that is no alias.
var loneStar = regexp.MustCompile(`[:\[,-]\s*\*(\s|,|\]|\}|$)`)

// colonInText is a key, and a text without quotes that holds a colon and a space.
var colonInText = regexp.MustCompile(`^\s*(- )?[A-Za-z_][A-Za-z0-9_]*:\s+[^\s'"\[{|>&*!#][^#]*:\s`)

// syntax words an error of the YAML library and puts it where an author has to look.
func (p *parsing) syntax(err error, tokens token.Tokens) {
	line, column, message := 1, 1, "reading stops here: this is not as YAML wants it"
	var located yaml.Error
	if errors.As(err, &located) {
		if t := located.GetToken(); t != nil && t.Position != nil {
			line, column = t.Position.Line, t.Position.Column
			if t.Type == token.MappingStartType || t.Type == token.SequenceStartType {
				message = "the " + t.Value + " is not closed"
			}
		}
	}
	line = min(max(line, 1), len(p.file.Lines))
	if below := line + 1; below <= len(p.file.Lines) && p.runsOn(line, column) {
		line, column = below, p.indent(below)+1 // a value that goes on below: the line that was meant to be a key
	}
	help := "look here and in the lines above: indent lines that belong together alike, with spaces; close every {, [ and quote; put texts that hold : # , or brackets in single quotes, and write ' in them as ''"
	start, above := p.indent(line), p.indentAbove(line)
	switch open := leftOpen(tokens, line); {
	case strings.HasPrefix(p.file.Lines[line-1][start:], "\t"):
		message, help = "a tab stands in front of this line", "indent with spaces"
	case p.bareStar(line) > 0 || p.bareStar(line-1) > 0:
		if p.bareStar(line) == 0 {
			line--
		}
		column, message, help = p.bareStar(line), "* means something else in YAML", `put it in quotes: "*"`
	case open != nil:
		help = fmt.Sprintf("reading went on to line %d: look from here for a bracket or quote that is missing, and for a # in a text without quotes", line)
		line, column, message = open.Position.Line, open.Position.Column, "the "+open.Value+" is not closed"
	case colonInText.MatchString(p.file.Lines[line-1]):
		message, help = "a text without quotes stands here, and a colon in it", "put the text in single quotes, and write ' in it as ''"
	case column == start+1 && above >= 0 && above != start:
		message = fmt.Sprintf("this line does not fit here: it begins in column %d, and the line above it in column %d", start+1, above+1)
	}
	p.fault(line, column, "bad-yaml", help, "%s", message)
}

// bareStar is the column of a * that stands for itself without quotes; 0: there is none.
func (p *parsing) bareStar(line int) int {
	if line < 1 {
		return 0
	}
	at := loneStar.FindStringIndex(p.file.Lines[line-1])
	if at == nil {
		return 0
	}
	return utf8.RuneCountInString(p.file.Lines[line-1][:at[0]+strings.IndexByte(p.file.Lines[line-1][at[0]:], '*')]) + 1
}

// unmerged finds what a merge leaves behind when two people changed the same lines.
func (p *parsing) unmerged() bool {
	for i, line := range p.file.Lines {
		if strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> ") {
			p.fault(i+1, 1, "bad-yaml", "two people changed these lines: keep what is right between <<<<<<< and >>>>>>>, and delete the lines with these signs and with =======",
				"a merge of two versions of this file was not finished")
			return true
		}
	}
	return false
}

// unspaced finds a key whose colon no space follows. The library reads "a:b" in braces as a key and its value; other
// programs, and editors, do not.
func (p *parsing) unspaced(tokens token.Tokens) bool {
	for _, t := range tokens {
		if t.Type != token.MappingValueType || t.Prev == nil || t.Prev.Type != token.StringType {
			continue
		}
		line := []rune(p.file.Lines[min(max(t.Position.Line, 1), len(p.file.Lines))-1])
		if at := t.Position.Column; at > 0 && at < len(line) && line[at-1] == ':' && !strings.ContainsRune(" \t,]}", line[at]) {
			p.fault(t.Position.Line, at, "bad-yaml", "write key: value", "a space is missing after this colon")
			return true
		}
	}
	return false
}

// indent counts the spaces in front of a line.
func (p *parsing) indent(line int) int {
	text := p.file.Lines[line-1]
	return len(text) - len(strings.TrimLeft(text, " "))
}

// runsOn says whether the value that begins in a column goes on in a line below that is indented more.
func (p *parsing) runsOn(line, column int) bool {
	runes := []rune(p.file.Lines[line-1])
	value := string(runes[min(column-1, len(runes)):])
	return column > p.indent(line)+1 && !strings.Contains(value, ":") && p.indent(line+1) > p.indent(line)
}

// indentAbove counts the spaces in front of the last line above that holds more than a comment; -1: there is none.
func (p *parsing) indentAbove(line int) int {
	for i := line - 2; i >= 0; i-- {
		if bare := strings.TrimLeft(p.file.Lines[i], " "); bare != "" && bare[0] != '#' {
			return len(p.file.Lines[i]) - len(bare)
		}
	}
	return -1
}

// leftOpen returns the last bracket of an earlier line that is open where line begins, or nil.
func leftOpen(tokens token.Tokens, line int) *token.Token {
	var open []*token.Token
	for _, t := range tokens {
		if t.Position.Line >= line {
			break
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open = append(open, t)
		case token.MappingEndType, token.SequenceEndType:
			open = open[:max(0, len(open)-1)]
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[len(open)-1]
}
