package sheet

import (
	_ "embed"
	"html"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// HTML writes the sheet as one page that needs nothing but itself: no network,
// no script, no font.
func (s *Sheet) HTML(w io.Writer) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"words": marked, "name": func(text string) template.HTML { return marked(code(text)) }, "where": whereMarked, "svg": func(text string) template.HTML { return template.HTML(text) }, //nolint:gosec // svg.go escapes every text
		"style":   func() template.CSS { return template.CSS(pageStyle) }, //nolint:gosec // ours
		"classes": classes, "outcomes": outcomeFacts, "shared": (*Sheet).Unused, "capital": capital, "several": several,
		"count": count, "note": noteWords, "next": func(i int) int { return i + 1 },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, s)
}

// marked escapes a text and sets what stands between backticks in code letters.
func marked(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			b.WriteString("<code>" + breakable(html.EscapeString(part)) + "</code>")
		} else {
			b.WriteString(html.EscapeString(part))
		}
	}
	return template.HTML(b.String()) //nolint:gosec // escaped above
}

// breakable lets long names go on in the next line where a reader would break them.
func breakable(escaped string) string {
	return strings.NewReplacer(".", ".<wbr>", "_", "_<wbr>", "(", "(<wbr>").Replace(escaped)
}

// whereMarked lets a place go on in the next line behind a stroke.
func whereMarked(text string) template.HTML {
	return template.HTML(strings.NewReplacer("/", "/<wbr>", "-", "-<wbr>", ".yaml", "<wbr>.yaml").Replace(html.EscapeString(text))) //nolint:gosec // escaped
}

// noteWords sets a note behind what it is about.
func noteWords(text string) string { return capital(strings.TrimSuffix(text, ".")) + "." }

// several says whether the rows of a target come from more than one route.
func several(rows []Row) bool {
	for _, r := range rows {
		if r.Route != rows[0].Route {
			return true
		}
	}
	return false
}

// outcomeFacts explains the words for what can happen.
func outcomeFacts() []Fact {
	var facts []Fact
	for _, o := range outcomes() {
		word, means := outcome(o)
		facts = append(facts, Fact{word, means})
	}
	return facts
}
