package inspect

import (
	"bufio"
	"embed"
	"io/fs"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

//go:embed codes/*.md
var codeFiles embed.FS

// Page says more about one code of a finding than the finding does.
type Page struct {
	Code     string
	Title    string // one line
	Text     string // what it means and how to mend it; paragraphs
	Examples []Example
}

// Example is what causes the finding, and how it should be.
type Example struct {
	File  string // of a project
	Wrong string // lines
	Right string // lines; "" when the wrong ones have no place at all
}

// Pages lists the page of every code that a finding can have, by code.
func Pages() ([]Page, error) {
	var pages []Page
	err := fs.WalkDir(codeFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(codeFiles, name)
		pages = append(pages, readPages(string(text))...)
		return err
	})
	slices.SortFunc(pages, func(a, b Page) int { return strings.Compare(a.Code, b.Code) })
	return pages, err
}

// PageOf finds the page of a code; near is what was probably meant when there is none.
func PageOf(pages []Page, code string) (page Page, near string, ok bool) {
	var codes []string
	for _, p := range pages {
		if p.Code == code {
			return p, "", true
		}
		codes = append(codes, p.Code)
	}
	return Page{}, engine.Nearest(code, codes), false
}

// reader reads pages: "## code — title", paragraphs, and examples in fences, each after a
// line that begins with "Wrong" or "Right" and names its file in backquotes.
type reader struct {
	pages []Page
	fence bool
	wrong bool
	file  string
}

func readPages(text string) []Page {
	r := reader{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		r.line(lines.Text())
	}
	for i := range r.pages {
		r.pages[i].Text = strings.TrimSpace(r.pages[i].Text)
	}
	return r.pages
}

func (r *reader) line(line string) {
	if head, ok := strings.CutPrefix(line, "## "); ok && !r.fence {
		code, title, _ := strings.Cut(head, " — ")
		r.pages = append(r.pages, Page{Code: code, Title: title})
		return
	}
	if len(r.pages) == 0 {
		return
	}
	page := &r.pages[len(r.pages)-1]
	switch {
	case strings.HasPrefix(line, "```"):
		r.fence = !r.fence
	case r.fence:
		e := &page.Examples[len(page.Examples)-1]
		if r.wrong {
			e.Wrong += line + "\n"
		} else {
			e.Right += line + "\n"
		}
	case strings.HasPrefix(line, "Wrong, in `"):
		r.wrong = true
		_, r.file, _ = strings.Cut(strings.TrimSuffix(line, "`:"), "`")
		page.Examples = append(page.Examples, Example{File: r.file})
	case line == "Right:":
		r.wrong = false
	default:
		page.Text += line + "\n"
	}
}
